#!/usr/bin/env bash
# Each of the daemon's processes is killed, and the keys worker also hangs, while eight clients sign:
# no signature without its record, no record lost that a reply promised, a worker replaced within 2 s,
# a clean start afterwards, and no orphan when the supervisor dies.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/load.sh"

REPLACED_WITHIN_MS=2000
SIGN_DEADLINE_MS=3000

start_tpm
start_daemon
declare_load

# other_process PROGRAM PID: that program runs again, as another process.
other_process() { local pid; pid=$(process_of "$1") && [ "$pid" != "$2" ]; }

# replaced PROGRAM PID SINCE WITHIN: waits for the successor and judges how long it took.
replaced() {
  local took
  wait_until 10 "$1 to be replaced" other_process "$1" "$2"
  took=$(($(now_ms) - $3))
  echo "  $1 is replaced after $took ms"
  [ "$took" -le "$4" ] || fail "later than $4 ms"
}
story_ends() {
  end_load
  answers_are_clear "$@"
  report_load
  records_kept
}

for program in holdfast-keys-tpm holdfast-measurer; do
  say "kill -9 of $program"
  begin_load 8
  front=$(process_of holdfast-front) victim=$(process_of "$program") killed=$(now_ms)
  kill -9 "$victim"
  replaced "$program" "$victim" "$killed" "$REPLACED_WITHIN_MS"
  echo "  signing is back after $(back_after_break "$killed") ms"
  [ "$(process_of holdfast-front)" = "$front" ] || fail "the front did not survive it"
  story_ends
done

say "The keys worker hangs (SIGSTOP)"
begin_load 8
victim=$(process_of holdfast-keys-tpm) stopped=$(now_ms)
kill -STOP "$victim"
replaced holdfast-keys-tpm "$victim" "$stopped" $((SIGN_DEADLINE_MS + REPLACED_WITHIN_MS))
gone "$victim" || fail "the hung worker is still there"
refused_since "$stopped" || fail "nobody was told meanwhile"
echo "  signing is back after $(back_after_break "$stopped") ms"
story_ends

say "kill -9 of holdfast-front: its clients are cut off, its workers follow it"
begin_load 8
victim=$(process_of holdfast-front) workers="$(process_of holdfast-keys-tpm) $(process_of holdfast-measurer)"
killed=$(now_ms)
kill -9 "$victim"
replaced holdfast-front "$victim" "$killed" "$REPLACED_WITHIN_MS"
echo "  signing is back after $(back_after_break "$killed") ms"
for worker in $workers; do wait_until 10 "worker $worker to end" gone "$worker"; done
story_ends hangups

say "kill -9 of the supervisor takes all down"
begin_load 8
children=$(descendants "$DAEMON_PID")
killed=$(now_ms)
kill -9 "$DAEMON_PID"
wait "$DAEMON_PID" 2>/dev/null || true
DAEMON_PID=""
for child in $children; do wait_until 10 "orphan $child to end" gone "$child"; done
echo "  $(wc -w <<<"$children") children gone after $(($(now_ms) - killed)) ms"
start_daemon
echo "  signing is back after $(back_after_break "$killed") ms"
story_ends hangups
holdfast status --json | jq -e '.ledger.failed == false' >/dev/null || fail "the ledger did not start clean"
read -r size root < <("$ROOT/tests/judges/ledger_root.py" "$DIR/state/ledger")
echo "every record kept, nothing left behind: $size records, root $root"
