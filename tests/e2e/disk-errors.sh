#!/usr/bin/env bash
# The disk reports I/O errors for the ledger (injected by strace) while clients sign: signing stops and
# says so, nothing is signed unrecorded, an agent can still be stopped, and it goes on when an operator
# says so, not before.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/load.sh"

command -v strace >/dev/null || skip "needs strace to inject errors"
strace -o /dev/null -e inject=fdatasync:error=EIO true 2>/dev/null || skip "may not trace here"
STRACE_PID=""
trap 'result=$?; set +e; stop_load; repair; (exit $result); clean_up' EXIT

# break_disk CALL: from now on CALL fails in the front for files of the ledger.
break_disk() {
  local front
  front=$(process_of holdfast-front)
  strace -f -q -p "$front" -P "$DIR/state/ledger/tile/entries/000" -e "trace=$1" \
    -e "inject=$1:error=EIO" -o "$DIR/injected.$1" 2>"$DIR/strace.err" &
  STRACE_PID=$!
  wait_until 10 "strace to attach" traced "$front"
}
traced() { ! grep -q '^TracerPid:[[:space:]]*0$' "/proc/$1/status"; }
repair() {
  [ -n "$STRACE_PID" ] || return 0
  kill "$STRACE_PID" 2>/dev/null || true
  wait "$STRACE_PID" 2>/dev/null || true
  STRACE_PID=""
}
settled() { holdfast status --json | jq -e '.unsettled == []' >/dev/null; }
failed() { holdfast status --json | jq -e '.ledger.failed' >/dev/null; }

start_tpm
start_daemon
declare_load
front=$(process_of holdfast-front)

for call in fdatasync pwrite64; do
  victim=${call}-agent
  cp "$HOLDFAST_BIN/refund-agent" "$AGENTS/$victim"
  printf '%s' "$victim" >>"$AGENTS/$victim"
  declare_agent "$victim" refund.create
  holdfast apply >/dev/null
  sign "$victim" "$DIR/$victim.jws"

  say "$call fails with EIO under load"
  begin_load 8
  broken=$(now_ms)
  break_disk "$call"
  wait_until 20 "signing to stop" answered_since "$broken" '.reply.code == "ledger_failed"'
  stopped=$(now_ms)
  wait_until 10 "more refusals" answered_since $((stopped + 1000)) '.reply.code == "ledger_failed"'
  # Recorded before the failure and still in the chip then: such a one may be served yet.
  if answered_since "$stopped" ".status == 200 and .at - .ms > $stopped"; then fail "somebody was still served"; fi
  end_load
  grep -q INJECTED "$DIR/injected.$call" || fail "nothing was injected"
  answers_are_clear
  report_load
  failed || fail "status does not say so"
  expect_refusal ledger_failed "$victim"

  say "The chip still ends a key; its record follows when the disk is back"
  expect_exit 0 holdfast agent revoke "$victim"
  cat "$DIR/out"
  expect_refusal agent_revoked "$victim"
  expect_exit 7 holdfast ledger resume
  cat "$DIR/err"

  say "The disk is repaired"
  repair
  failed || fail "it went on by itself"
  expect_exit 0 holdfast ledger resume
  wait_until 10 "the stop to be recorded" settled
  records_kept
  begin_load 8
  end_load
  answers_are_clear
  report_load
  records_kept
done

[ "$(process_of holdfast-front)" = "$front" ] || fail "the front was replaced"
stop_daemon
start_daemon
echo "nothing was signed unrecorded, and the ledger opens clean: $("$ROOT/tests/judges/ledger_root.py" "$DIR/state/ledger")"
