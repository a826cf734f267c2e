#!/usr/bin/env bash
# A policy's way into force and out of question: checked and tried on cases before anybody signs it,
# signed with an ordinary SSH key, applied; what it decided is explained by the ledger, and its next
# version is held against everything that was signed before it comes into force.
. "$(dirname "$0")/lib.sh"

# An agent that can say anything: curl, with a byte of its own so that plain curl is another program.
cp "$(command -v curl)" "$AGENTS/payer"
printf 'payer' >>"$AGENTS/payer"
# pay AMOUNT: the reply
pay() {
  "$AGENTS/payer" -s --max-time 60 --unix-socket "$HOLDFAST_SOCKET" -H "Content-Type: application/json" \
    --data-binary "$(jq -cn --arg audience "$AUDIENCE" --argjson amount "$1" \
      '{action: "refund.create", audience: $audience, params: {amount_minor: $amount}}')" \
    http://holdfast/v1/actions
}
expect() { jq -e "$1" <<<"$2" >/dev/null || fail "not $1: $2"; }  # expect JQ-CONDITION JSON
shows() { grep -qF -- "$1" "$DIR/out" || fail "not shown: $1: $(cat "$DIR/out" "$DIR/err")"; }

# version NUMBER LIMIT: the set as its author writes it
version() {
  cat >"$DIR/policies.d/refunds.cedar" <<CEDAR
//! version = $1
@id("small") @reason("refunds up to $2") @owner("payments team")
permit(principal == Agent::"payer", action == Action::"refund.create", resource == Audience::"$AUDIENCE")
when { context has params && context.params has amount_minor && context.params.amount_minor <= $2 };
CEDAR
}
sign_set() {
  rm -f "$DIR/policies.d/refunds.cedar.sig"
  ssh-keygen -q -Y sign -f "$DIR/author" -n holdfast-policy "$DIR/policies.d/refunds.cedar"
}

say "An agent, and the author of its policies"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$DIR/author"
printf '[[operator]]\nname = "author@example.org"\npolicies = true\nkeys = ["%s"]\n' \
  "$(cat "$DIR/author.pub")" >"$DIR/operators.toml"
declare_agent payer refund.create
rm "$DIR/policies.d/payer.cedar"

say "check: a slip is found where it stands, without a daemon"
version 1 50
sed 's/context.params.amount_minor <=/context.parms.amount_minor <=/' "$DIR/policies.d/refunds.cedar" \
  >"$DIR/refunds.cedar"
expect_exit 1 holdfast policy check "$DIR/refunds.cedar"
shows "$DIR/refunds.cedar:4:"
expect_exit 0 holdfast policy check "$DIR/policies.d"
shows "refunds version 1, enforce, 1 policy, unsigned"
cat "$DIR/out"

say "check: whose signature stands beside it"
expect_exit 1 holdfast policy check "$DIR/policies.d" --operators "$DIR/operators.toml"
shows "has no signature"
sign_set
expect_exit 0 holdfast policy check "$DIR/policies.d" --operators "$DIR/operators.toml"
shows "by author@example.org"
cat "$DIR/out"

say "test: a table of requests"
cat >"$DIR/cases.toml" <<TOML
[[agent]]
name = "payer"
policy_author = "author@example.org"

[[case]]
name = "small"
agent = "payer"
action = "refund.create"
audience = "$AUDIENCE"
params = { amount_minor = 50 }
expect = "permit"
rules = ["refunds:small"]

[[case]]
name = "large"
agent = "payer"
action = "refund.create"
audience = "$AUDIENCE"
params = { amount_minor = 51 }
expect = "deny"
rules = []
TOML
holdfast policy test "$DIR/cases.toml" --policies "$DIR/policies.d" --operators "$DIR/operators.toml"
sed 's/= 51 }/= 49 }/' "$DIR/cases.toml" >"$DIR/wrong.toml"
expect_exit 1 holdfast policy test "$DIR/wrong.toml" --policies "$DIR/policies.d"
shows "expected deny, is permitted by refunds:small"

say "In force"
start_tpm
start_daemon
holdfast apply | tee "$DIR/out"
grep -qE '^refunds +created +1 +enforce +author@example.org' "$DIR/out" || fail "apply tells nothing of it"
holdfast policy list | tee "$DIR/out"
grep -qE '^refunds +1 +enforce +1 +true +author@example.org +SHA256:' "$DIR/out" || fail "it is not listed"
holdfast agent show payer >"$DIR/out"
shows "policies: refunds version 1 by author@example.org"
first=$(pay 20) second=$(pay 40)
expect .jws "$first"
expect .jws "$second"
expect '.code == "action_not_allowed"' "$(pay 500)"

say "explain: who, what, by which rule, whose, and who can stop it"
ledger=$DIR/state/ledger
holdfast policy explain "$(jq .sequence <<<"$second")" --ledger "$ledger" --policies "$DIR/policies.d" | tee "$DIR/out"
for part in 'amount_minor: 40' 'refunds:small' 'refunds up to 50' 'payments team' \
  'refunds version 1, by author@example.org' 'oncall@example.org'; do shows "$part"; done
holdfast policy explain --json "$(jq .sequence <<<"$second")" --ledger "$ledger" | jq -c .record >"$DIR/record.json"
expect_exit 0 holdfast policy explain "$DIR/record.json" --ledger "$ledger"
shows "amount_minor: 40"

say "simulate: what the next version would have made of it"
holdfast policy simulate --against "$ledger" --policies "$DIR/policies.d" --operators "$DIR/operators.toml" | tee "$DIR/out"
shows "2 actions decided again: 2 the same, 0 signed by other rules, 0 would change"
version 2 30
expect_exit 0 holdfast policy simulate --against "$ledger" --policies "$DIR/policies.d"
cat "$DIR/out"
grep -qE "^$(jq .sequence <<<"$second") .* refunds:small +denied by default\$" "$DIR/out" || fail "the change is not told"
shows "2 actions decided again: 1 the same, 0 signed by other rules, 1 would change"
shows "1 refusals, of which the ledger has no parameters"
# Only what is signed: the file was changed after.
expect_exit 1 holdfast policy simulate --against "$ledger" --policies "$DIR/policies.d" --operators "$DIR/operators.toml"

say "The words of another version are not those that decided"
expect_exit 0 holdfast policy explain "$(jq .sequence <<<"$second")" --ledger "$ledger" --policies "$DIR/policies.d"
shows "the file given is version 2"
sign_set
holdfast apply | tee "$DIR/out"
grep -qE '^refunds +changed +2 ' "$DIR/out" || fail "apply tells nothing of version 2"
expect '.code == "action_not_allowed"' "$(pay 40)"
expect .jws "$(pay 20)"
echo "policy: done"
