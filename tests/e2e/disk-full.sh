#!/usr/bin/env bash
# The disk with the daemon's whole state is full while clients sign: signing stops and says so, nothing
# is signed unrecorded, agents can still be stopped, and it goes on when an operator says so. Needs
# root for a small file system of its own.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/load.sh"

[ "$(id -u)" -eq 0 ] || skip "needs root to mount a small tmpfs"
mkdir -p "$DIR/state"
mount -t tmpfs -o size=4m,mode=0700 tmpfs "$DIR/state" 2>/dev/null || skip "cannot mount a tmpfs here"
unmount() { umount -l "$DIR/state" || true; }
trap 'result=$?; set +e; stop_load; stop_daemon || true; unmount; (exit $result); clean_up' EXIT

fill_disk() { dd if=/dev/zero of="$DIR/state/$1" bs=4k 2>/dev/null || true; }
# What the ledger on disk has, by a reader that is not ours.
records() { "$ROOT/tests/judges/ledger_root.py" "$DIR/state/ledger" | cut -d' ' -f1; }
settled() { holdfast status --json | jq -e '.unsettled == []' >/dev/null; }

start_tpm
start_daemon
for name in first-agent second-agent third-agent; do
  cp "$HOLDFAST_BIN/refund-agent" "$AGENTS/$name"
  printf '%s' "$name" >>"$AGENTS/$name"  # each another program by its digest
  declare_agent "$name" refund.create
done
declare_load
for name in first-agent second-agent third-agent; do sign "$name" "$DIR/$name.jws"; done

say "The disk fills up under load"
begin_load 8
full=$(now_ms)
fill_disk filler
wait_until 60 "signing to stop" answered_since "$full" '.reply.code == "ledger_failed"'
stopped=$(now_ms)
wait_until 10 "more refusals" answered_since $((stopped + 1000)) '.reply.code == "ledger_failed"'
# Recorded before the failure and still in the chip then: such a one may be served yet.
if answered_since "$stopped" ".status == 200 and .at - .ms > $stopped"; then fail "somebody was still served"; fi
end_load
answers_are_clear
report_load
records_kept
holdfast status --json | jq -e '.ledger.failed' >/dev/null || fail "status does not say so"
before=$(records)
expect_refusal ledger_failed first-agent
[ "$(records)" -eq "$before" ] || fail "the ledger took something"

say "Agents can still be stopped, and it is recorded: a reserve was kept for that"
expect_exit 0 holdfast agent suspend first-agent
expect_exit 0 holdfast agent revoke second-agent
cat "$DIR/out"
wait_until 10 "both to be durable" settled
[ "$(records)" -eq $((before + 2)) ] || fail "stopping was not recorded: $before, then $(records) records"
expect_refusal agent_suspended first-agent
expect_refusal agent_revoked second-agent

say "Even with the reserve used up, the chip ends a key"
fill_disk filler-2
expect_exit 0 holdfast agent revoke third-agent
cat "$DIR/out"
expect_refusal agent_revoked third-agent

say "Without room nothing is resumed, with room alone neither: an operator looks first"
expect_exit 7 holdfast ledger resume
cat "$DIR/err"
rm "$DIR/state/filler" "$DIR/state/filler-2"
"$AGENTS/load" "$HOLDFAST_SOCKET" 1 "$DIR/stop-2" "$AUDIENCE" >"$DIR/refused" &
once=$!
wait_until 10 "a refusal" [ -s "$DIR/refused" ]
: >"$DIR/stop-2"
wait "$once"
jq -e '.reply.code == "ledger_failed"' "$DIR/refused" >/dev/null || fail "it went on by itself"
expect_exit 0 holdfast ledger resume
wait_until 10 "the third agent's end to be recorded" settled
begin_load 8
end_load
answers_are_clear
report_load
records_kept
stop_daemon
start_daemon
holdfast agent list
[ "$(holdfast agent list --json | jq -r '[.agents[].state] | sort | join(" ")')" = "active revoked revoked suspended" ] ||
  fail "a restart forgot who was stopped"
echo "nothing was signed unrecorded"
