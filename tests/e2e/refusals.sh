#!/usr/bin/env bash
# What is refused, with which reason, and that every refusal is in the ledger.
. "$(dirname "$0")/lib.sh"

start_tpm
start_daemon
declare_agent refund-agent refund.create
declare_agent spare-agent refund.create
holdfast apply
sign refund-agent "$DIR/first.jws"
sign spare-agent "$DIR/spare.jws"

say "An action that is not on its list"
before=$(ledger_size)
expect_refusal action_not_allowed refund-agent --action payout.create
[ "$(ledger_size)" -gt "$before" ] || fail "the refusal is in no record"

say "An audience that is not on its list"
expect_refusal action_not_allowed refund-agent --audience https://elsewhere.example

say "Another program of the same user"
code=$(curl -s --unix-socket "$HOLDFAST_SOCKET" http://holdfast/v1/whoami | jq -r .code)
[ "$code" = measurement_mismatch ] || fail "curl is not an agent, and was told $code"
echo "refused: $code"

say "The agent's program, changed by one byte"
cp "$AGENTS/refund-agent" "$DIR/changed"
mv "$AGENTS/refund-agent" "$DIR/original"
printf '\0' >>"$DIR/changed"
mv "$DIR/changed" "$AGENTS/refund-agent"
expect_refusal measurement_mismatch refund-agent
mv "$DIR/original" "$AGENTS/refund-agent"
sign refund-agent "$DIR/unchanged.jws"

say "The right program, told to load other libraries"
export LD_LIBRARY_PATH=$DIR
expect_refusal loader_environment refund-agent
unset LD_LIBRARY_PATH

say "The right program, but deleted: nobody can look at it any more by its path"
# Started through a descriptor that outlives the file; the code and so the digest are the same.
cp "$AGENTS/refund-agent" "$AGENTS/short-lived"
exec {program}<"$AGENTS/short-lived"
rm "$AGENTS/short-lived"
if "/proc/self/fd/$program" --only-sign >"$DIR/out"; then fail "a deleted program was signed for"; fi
exec {program}<&-
jq -e '.reply.code == "deleted_executable"' "$DIR/out" >/dev/null || fail "refused otherwise: $(cat "$DIR/out")"
echo "refused: deleted_executable"

say "A suspended agent; who suspended it may not undo that alone"
holdfast agent suspend refund-agent
expect_refusal agent_suspended refund-agent
# Unless containment.reinstate_by = anyone.
expect_exit 3 holdfast agent reinstate refund-agent
grep -o same_principal "$DIR/err"

say "A revoked agent: for ever, also after a restart"
holdfast agent revoke spare-agent
expect_refusal agent_revoked spare-agent
expect_exit 1 holdfast agent reinstate spare-agent
stop_daemon
start_daemon
expect_refusal agent_revoked spare-agent
expect_refusal agent_suspended refund-agent

say "Malformed requests of an agent that may sign"
declare_agent third-agent refund.create
holdfast apply
sign third-agent "$DIR/third.jws"
for params in '{' '[]' '{"amount":1.5}' '{"a":1,"a":2}' '{"n":9007199254740992}'; do
  expect_refusal malformed_request third-agent --params "$params"
done
expect_refusal params_unreadable third-agent --params '{"a":[true,null]}'  # policies have no null
for params in '{"seconds":1,"b":{"c":[true,"\u00e4"]}}' '{}'; do
  agent third-agent --only-sign --params "$params" >"$DIR/out" || fail "not signed: $(cat "$DIR/out")"
done

say "Operators are told what they did wrong, by the exit code too"
expect_exit 4 holdfast agent show nobody-here
expect_exit 2 holdfast agent show 'Not A Name'
expect_exit 5 holdfast status --socket "$DIR/no.sock"

say "Each refusal is a record (what is no request at all is no decision)"
for reason in action_not_allowed params_unreadable measurement_mismatch loader_environment \
  deleted_executable agent_suspended agent_revoked; do
  grep -qa "\"reason\":\"$reason\"" <(find "$DIR/state/ledger" -type f -exec cat {} +) || fail "no record of $reason"
  echo "in the ledger: $reason"
done
echo "every refusal held"
