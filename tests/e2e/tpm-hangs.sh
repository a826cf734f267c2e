#!/usr/bin/env bash
# The chip stops answering, dies, comes back, is reset, all while eight clients sign: every request
# gets a signature or a clear error in time, and signing is back within 10 s of the chip, without
# anyone restarting anything.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/load.sh"

BACK_WITHIN_MS=10000

start_tpm
start_daemon
declare_load
front_before=$(process_of holdfast-front)

signing_is_back_after() {
  local took
  took=$(back_after "$1")
  echo "  signing is back $took ms after the chip"
  [ "$took" -le "$BACK_WITHIN_MS" ] || fail "later than $BACK_WITHIN_MS ms"
}
story_ends() {
  end_load
  answers_are_clear
  report_load
  records_kept
}

say "The chip stops answering (SIGSTOP) for longer than a signature may take, then goes on"
begin_load 8
stopped=$(now_ms)
kill -STOP "$(tpm_pid)"
wait_until 10 "a refusal" refused_since "$stopped"
sleep 8  # the worker is replaced meanwhile, and its successor meets the same silence
refused_since $(($(now_ms) - 4000)) || fail "nobody was answered while the chip was silent"
back=$(now_ms)
kill -CONT "$(tpm_pid)"
signing_is_back_after "$back"
story_ends

say "The chip dies (SIGKILL) and is started again"
begin_load 8
died=$(now_ms)
kill -9 "$(tpm_pid)"
wait_until 10 "a refusal" refused_since "$died"
sleep 5  # long enough for the longest pause between two starts of the worker
start_tpm
signing_is_back_after "$(now_ms)"
story_ends

say "The chip is restarted in order (it keeps its state)"
begin_load 8
stop_tpm
start_tpm
signing_is_back_after "$(now_ms)"
story_ends

say "The chip is reset, as by a power cut: keys, sessions and startup are gone"
begin_load 8
swtpm_ioctl --unix "$DIR/tpm/sock.ctrl" -i
signing_is_back_after "$(now_ms)"
story_ends

[ "$(process_of holdfast-front)" = "$front_before" ] || fail "the front was replaced as well"
echo "no restart by hand was needed"
