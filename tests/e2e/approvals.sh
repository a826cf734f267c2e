#!/usr/bin/env bash
# An action waits for people: asked for by an agent that may act only with approval, shown in plain
# words, signed with ordinary SSH keys (Ed25519, ECDSA), used once, and found again in the ledger by
# ssh-keygen and by `holdfast verify approvals`. Every attack is refused by its own name.
. "$(dirname "$0")/lib.sh"

tidy_up() { [ -z "${SSH_AGENT_PID-}" ] || kill "$SSH_AGENT_PID"; }
SSH_AGENT_PID=""

# An agent that can say anything: curl, with a byte of its own so that plain curl is another program.
cp "$(command -v curl)" "$AGENTS/payer"
printf 'payer' >>"$AGENTS/payer"
request() {
  "$AGENTS/payer" -s --max-time 90 --unix-socket "$HOLDFAST_SOCKET" -H "Content-Type: application/json" \
    --data-binary "$2" "http://holdfast$1"
}
# pay AMOUNT [ID]: the reply
pay() {
  request /v1/actions "$(jq -cn --arg audience "$AUDIENCE" --argjson amount "$1" --arg id "${2-}" \
    '{action: "refund.create", audience: $audience, params: {amount_minor: $amount}}
     + if $id == "" then {} else {approval: $id} end')"
}
expect() { # expect JQ-CONDITION JSON
  jq -e "$1" <<<"$2" >/dev/null || fail "not $1: $2"
}
ask() { local reply; reply=$(pay "$1"); expect '.state == "pending"' "$reply"; jq -r .approval <<<"$reply"; }
# The approval as it stands for the agent: state ID [SECONDS]
state() { request "/v1/approvals/$1/wait" "{\"wait_s\":${2:-0}}" | jq -r '.state // .code'; }
approve() { holdfast approvals approve "$1" --key "$DIR/$2" --yes 2>"$DIR/words"; }
# refused REASON COMMAND…: by the daemon, for exactly that reason.
refused() {
  local reason=$1 got
  shift
  if "$@" --json >"$DIR/out" 2>"$DIR/err"; then fail "was done: $*"; fi
  got=$(sed -n '/^{/p' "$DIR/err" | jq -r .code)
  [ "$got" = "$reason" ] || fail "$got instead of $reason: $*: $(cat "$DIR/err")"
  echo "refused: $reason"
}

say "People, their keys, and an agent that two of them may stop"
key() { ssh-keygen -q -t "$2" -N '' -C '' -f "$DIR/$1"; }
key oncall ed25519
key duty ecdsa
key finance ed25519
key mallory ed25519
person() {
  printf '[[operator]]\nname = "%s"\nkeys = ["%s"]\n%s\n' "$1" "$(cat "$DIR/$2.pub")" "${3-}"
}
{
  person oncall@example.org oncall
  person duty@example.org duty
  person finance@example.org finance
} >"$DIR/operators.toml"
start_tpm
declare_agent payer refund.create
sed -i 's/can_stop = .*/can_stop = ["oncall@example.org", "duty@example.org", "payer"]/' "$DIR/agents.d/payer.toml"
start_daemon
holdfast apply >/dev/null
expect .jws "$(pay 1)"
[ "$(holdfast approvals list)" = "no approvals" ] || fail "there is one already"

say "Without an approval it only gets to ask"
holdfast approval-only payer >/dev/null
id=$(ask 50)
holdfast approvals list | tee "$DIR/list"
grep -q "$id .*pending" "$DIR/list" || fail "it is not listed"
holdfast approvals show "$id" | tee "$DIR/shown"
grep -q 'amount_minor: 50$' "$DIR/shown" || fail "the amount is not shown"
grep -q "agent .*agent/payer" "$DIR/shown" || fail "the agent is not shown"
expect '.code == "approval_pending"' "$(pay 50 "$id")"

say "Not without somebody who says yes"
expect_exit 1 holdfast approvals approve "$id" --key "$DIR/oncall" </dev/null
[ "$(state "$id")" = pending ] || fail "it was approved"

say "Attacks on it"
sign_raw() { holdfast approvals show --raw "$1" | ssh-keygen -q -Y sign -f "$DIR/$2" -n "${3:-holdfast-approval}" >"$DIR/sig" 2>/dev/null; }
send() { holdfast approvals approve "$1" --signature "$DIR/sig" --yes "${@:2}"; }
sign_raw "$id" oncall holdfast-policy
refused wrong_namespace send "$id"
sign_raw "$id" mallory
refused unknown_signer send "$id"
sign_raw "$id" finance
refused not_an_approver send "$id"
other=$(ask 50)
sign_raw "$other" oncall
refused bad_signature send "$id"
echo nothing >"$DIR/sig"
refused malformed_signature send "$id"
refused unknown_approval holdfast approvals deny "ap-$(printf '0%.0s' {1..32})"
cp "$DIR/operators.toml" "$DIR/honest.toml"
person payer mallory >>"$DIR/operators.toml"
holdfast apply >/dev/null
sign_raw "$id" mallory
refused self_approval send "$id"
cp "$DIR/honest.toml" "$DIR/operators.toml"
holdfast apply >/dev/null
[ "$(state "$id")" = pending ] || fail "an attack went through"

say "Approved while the agent waits, with an Ed25519 key"
state "$id" 60 >"$DIR/waited" &
waiter=$!
approve "$id" oncall
wait "$waiter"
[ "$(cat "$DIR/waited")" = approved ] || fail "the wait ended with $(cat "$DIR/waited")"
cat "$DIR/words"
sign_raw "$id" oncall
refused duplicate_approver send "$id"
expect '.code == "approval_mismatch"' "$(pay 5000 "$id")"
signed=$(pay 50 "$id")
expect .jws "$signed"
expect '.code == "approval_used"' "$(pay 50 "$id")"
[ "$(state "$id")" = used ] || fail "it is not used"

say "The ledger keeps who approved what, and ssh-keygen agrees"
"$ROOT/tests/judges/ledger_root.py" "$DIR/state/ledger" >/dev/null
python3 -B - "$DIR" "$ROOT" "$(jq .sequence <<<"$signed")" <<'EOF'
import base64, json, pathlib, sys
folder, root, index = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sys.path.append(root + "/tests/judges")
from ledger_root import entries
leaf = list(entries(str(folder / "state/ledger")))[index]
leaf = leaf if isinstance(leaf, bytes) else leaf.encode()
(folder / "record.json").write_bytes(leaf)
approvals = json.loads(leaf)["approvals"]
document = json.dumps(approvals["document"], separators=(",", ":"), sort_keys=True, ensure_ascii=False)
(folder / "document").write_text(document)
blob = base64.b64encode(base64.b64decode(approvals["signatures"][0]["sshsig"], validate=True)).decode()
lines = [blob[i:i + 70] for i in range(0, len(blob), 70)]
(folder / "record.sig").write_text("\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""]))
EOF
printf 'oncall@example.org %s\n' "$(cat "$DIR/oncall.pub")" >"$DIR/signers"
ssh-keygen -Y verify -f "$DIR/signers" -I oncall@example.org -n holdfast-approval -s "$DIR/record.sig" <"$DIR/document"
if ssh-keygen -Y verify -f "$DIR/signers" -I oncall@example.org -n other -s "$DIR/record.sig" <"$DIR/document"; then
  fail "ssh-keygen accepts it for another use"
fi
holdfast verify approvals "$DIR/record.json" --operators "$DIR/operators.toml"
sed 's/"amount_minor":50/"amount_minor":5000/g' "$DIR/record.json" >"$DIR/altered.json"
expect_exit 6 holdfast verify approvals "$DIR/altered.json" --operators "$DIR/operators.toml"
person finance@example.org finance >"$DIR/others.toml"
expect_exit 6 holdfast verify approvals "$DIR/record.json" --operators "$DIR/others.toml"
expect_exit 2 holdfast verify approvals "$DIR/record.json"

say "With an ECDSA key, too, also one in ssh-agent"
eval "$(ssh-agent -a "$DIR/agent-of-ssh")" >/dev/null
ssh-add -q "$DIR/duty"
mv "$DIR/duty" "$DIR/duty.away"
id=$(ask 51)
holdfast approvals approve "$id" --key "$DIR/duty.pub" --yes 2>/dev/null
ssh-agent -k >/dev/null
SSH_AGENT_PID=""
expect .jws "$(pay 51 "$id")"

say "Denied, it is over, and the agent hears why"
id=$(ask 52)
approve "$id" oncall
holdfast approvals deny "$id" --reason "not today"
expect '.code == "approval_denied"' "$(pay 52 "$id")"
expect '.reason == "not today"' "$(request "/v1/approvals/$id/wait" '{"wait_s":0}')"

say "A stop makes it void, also when it is undone"
id=$(ask 53)
approve "$id" oncall
holdfast suspend payer >/dev/null
expect '.code == "agent_suspended"' "$(pay 53 "$id")"
printf '\n[containment]\nreinstate_by = anyone\n' >"$DIR/holdfastd.conf"
stop_daemon
start_daemon
holdfast reinstate payer >/dev/null
expect '.code == "unknown_approval"' "$(pay 53 "$id")"

say "Every step is on record"
for what in asked approved denied refused; do
  grep -aq "\"what\":\"$what\"" "$DIR"/state/ledger/tile/entries/000* || fail "no record of what was $what"
done
