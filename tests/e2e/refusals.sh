#!/usr/bin/env bash
# What is refused, with which reason, and that every refusal is in the ledger.
. "$(dirname "$0")/lib.sh"

start_tpm
start_daemon
declare_agent refund-agent refund.create
declare_agent spare-agent refund.create
# Two agents may not be recognised by the same program and user: this one is another program.
printf '\0' >>"$AGENTS/spare-agent"
declare_agent spare-agent refund.create
holdfast apply
sign refund-agent "$DIR/first.jws"

say "An action that is not on its list"
before=$(ledger_size)
expect_refusal action_not_allowed refund-agent --action payout.create
[ "$(ledger_size)" -gt "$before" ] || fail "the refusal is in no record"

say "An audience that is not on its list"
if agent refund-agent --only-sign --audience https://elsewhere.example >"$DIR/out"; then fail "was signed"; fi
jq -e '.reply.code == "audience_not_allowed"' "$DIR/out"

say "Another program of the same user"
code=$(curl -s --unix-socket "$HOLDFAST_SOCKET" http://holdfast/v1/whoami | jq -r .code)
echo "refused: $code"
[ "$code" = unrecognised_caller ] || fail "curl is not an agent"

say "The agent's program, changed by one byte"
cp "$AGENTS/refund-agent" "$DIR/original"
cp "$AGENTS/refund-agent" "$DIR/changed"
printf '\0' >>"$DIR/changed"
mv "$DIR/changed" "$AGENTS/refund-agent"
if agent refund-agent --only-sign >"$DIR/out"; then fail "changed code was signed for"; fi
jq -e '.reply.status == 403' "$DIR/out"
mv "$DIR/original" "$AGENTS/refund-agent"
sign refund-agent "$DIR/unchanged.jws"

say "The right program, told to load other libraries"
if LD_LIBRARY_PATH=$DIR agent refund-agent --only-sign >"$DIR/out"; then fail "it was signed for"; fi
jq -e '.reply.code == "loader_environment"' "$DIR/out"

say "A suspended agent; reinstated it works again"
holdfast agent suspend refund-agent
expect_refusal agent_suspended refund-agent
# One principal alone may not undo its own suspension, unless configured so.
expect_exit 3 holdfast agent reinstate refund-agent

say "A revoked agent: for ever, also after a restart"
holdfast agent revoke spare-agent
expect_refusal agent_revoked spare-agent
expect_exit 1 holdfast agent reinstate spare-agent
stop_daemon
start_daemon
expect_refusal agent_revoked spare-agent
expect_refusal agent_suspended refund-agent

say "Malformed requests of an agent that may sign"
holdfast agent list
declare_agent third-agent refund.create
printf '\0\0' >>"$AGENTS/third-agent"
declare_agent third-agent refund.create
holdfast apply
sign third-agent "$DIR/third.jws"
for params in '{' '[]' '{"amount":1.5}' '{"a":1,"a":2}' '{"n":9007199254740992}'; do
  expect_refusal malformed_request third-agent --params "$params"
done
expect_exit 4 holdfast agent show nobody-here
expect_exit 2 holdfast agent show 'Not A Name'
expect_exit 5 holdfast status --socket "$DIR/no.sock"
echo "every refusal held"
