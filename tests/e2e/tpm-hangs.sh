#!/usr/bin/env bash
# The chip stops answering, dies, comes back reset, all under load: every request gets a signature or
# a clear error, nobody hangs, and signing is back without anyone restarting anything.
. "$(dirname "$0")/lib.sh"

start_tpm
start_daemon
declare_agent refund-agent refund.create
holdfast apply
sign refund-agent "$DIR/first.jws"

# Eight clients sign without pause; each answer is a line. `timeout` is the promise under test: the
# deadline for a signature is 3 s, so no answer within 30 s means that somebody hangs.
client() {
  while [ ! -e "$DIR/stop" ]; do
    timeout 30 "$AGENTS/refund-agent" --audience "$AUDIENCE" --only-sign || true
    [ "${PIPESTATUS[0]}" -ne 124 ] || echo '{"step":"HUNG"}'
  done >>"$DIR/answers.$1"
}
clients=()
begin_load() {
  rm -f "$DIR/stop" "$DIR"/answers.*
  clients=()
  for n in 1 2 3 4 5 6 7 8; do
    client "$n" &
    clients+=("$!")
  done
}
end_load() {
  : >"$DIR/stop"
  wait "${clients[@]}"
  cat "$DIR"/answers.* >"$DIR/answers"
  ! grep -q HUNG "$DIR/answers" || fail "a client got no answer at all"
  # 200; or 429/503 with words. Nothing else, and no broken line.
  jq -e -s 'all(.[]; .reply.status == null and (.reply.jws != null) or
                     ((.status == 429 or .status == 503) and (.reply.detail | length > 0)))' \
    "$DIR/answers" >/dev/null || { jq -c 'select((.status != 200) and (.status != 503) and (.status != 429))' "$DIR/answers" | head -n 5; fail "an unclear answer"; }
  jq -r .status "$DIR/answers" | sort | uniq -c
}
signs() { agent refund-agent --only-sign >/dev/null 2>&1; }
refuses() { ! signs; }

say "The chip stops answering (SIGSTOP), then goes on"
begin_load
kill -STOP "$(tpm_pid)"
wait_until 30 "a clear refusal" refuses
kill -CONT "$(tpm_pid)"
wait_until 10 "signing to be back" signs
end_load

say "The chip dies and comes back"
begin_load
kill -9 "$(tpm_pid)"
wait_until 30 "a clear refusal" refuses
start_tpm
wait_until 10 "signing to be back" signs
end_load

say "The chip is reset under load (as by a power cut)"
begin_load
stop_tpm
start_tpm
wait_until 10 "signing to be back" signs
end_load
sign refund-agent "$DIR/last.jws"
echo "no restart by hand was needed"
