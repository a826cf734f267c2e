#!/usr/bin/env bash
# kill -9 of each process in turn, under load: no signature without its record, no record lost that a
# reply promised, a clean start afterwards, and no orphan when the supervisor dies.
. "$(dirname "$0")/lib.sh"

start_tpm
start_daemon
declare_agent refund-agent refund.create
holdfast apply
sign refund-agent "$DIR/first.jws"

client() {
  while [ ! -e "$DIR/stop" ]; do
    timeout 30 "$AGENTS/refund-agent" --audience "$AUDIENCE" --only-sign || true
  done >>"$DIR/answers.$1"
}
signs() { agent refund-agent --only-sign >/dev/null 2>&1; }

# Every signature that got out says its place in the ledger: the ledger must be at least that long,
# and no place may be given twice.
records_kept() {
  cat "$DIR"/answers.* | jq -c 'select(.status == 200)' >"$DIR/signed" 2>/dev/null
  local highest
  highest=$(jq -s 'map(.reply.sequence) | max // 0' "$DIR/signed")
  [ "$(ledger_size)" -gt "$highest" ] || fail "record $highest was promised, the ledger has $(ledger_size)"
  [ "$(jq .reply.sequence "$DIR/signed" | sort | uniq -d | wc -l)" -eq 0 ] || fail "one record, two signatures"
  echo "$(wc -l <"$DIR/signed") signatures, the last at record $highest of $(ledger_size)"
}

for program in holdfast-keys-tpm holdfast-measurer holdfast-front; do
  say "kill -9 of $program"
  rm -f "$DIR/stop"
  clients=()
  for n in 1 2 3 4; do client "$n" & clients+=("$!"); done
  victim=$(process_of "$program")
  kill -9 "$victim"
  wait_until 10 "$program to be replaced" process_of "$program"
  wait_until 20 "signing to be back" signs
  : >"$DIR/stop"
  wait "${clients[@]}"
  records_kept
done

say "kill -9 of the supervisor takes all down"
children=$(descendants "$DAEMON_PID")
kill -9 "$DAEMON_PID"
wait "$DAEMON_PID" 2>/dev/null || true
DAEMON_PID=""
for child in $children; do wait_until 10 "orphan $child to end" gone "$child"; done
start_daemon
records_kept
wait_until 20 "signing to be back" signs
echo "every record kept, nothing left behind"
