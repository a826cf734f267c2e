#!/usr/bin/env bash
# A token fails in every way we know of while four clients sign, on a host without a TPM: every request
# is answered, no wrong signature leaves, and signing is back within 10 s of the fault's end, without a
# restart of the daemon. A wrong PIN costs one try, whatever is restarted, until its file is another.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/load.sh"
. "$(dirname "$0")/token.sh"

BACK_WITHIN_MS=10000
VERIFIED=60  # of each fault's signatures so many, the last before it and the first after it among them

make_token
use_token chaos "${NO_TPM[@]}"
start_daemon
cp "$HOLDFAST_BIN/sign-load" "$AGENTS/load"
declare_in_token load ES256
declare_in_token load-once ES256
holdfast apply
daemon=$DAEMON_PID

# asked_and_signed FROM TO: how many signatures were asked for and given between the two.
asked_and_signed() { jq -s "map(select(.status == 200 and .at - .ms > $1 and .at < $2)) | length" "$DIR/answers"; }

# The relying party's view of what left the daemon around the fault.
all_verified() {
  local jws count=0
  while read -r jws; do
    printf %s "$jws" >"$DIR/released.jws"
    holdfast verify action "$DIR/released.jws" --roots "$DIR/ca.pem" --audience "$AUDIENCE" >"$DIR/out" 2>&1 ||
      fail "a signature that does not verify left the daemon: $(cat "$DIR/out")"
    count=$((count + 1))
  done < <(jq -r "select(.status == 200 and .at > $1 - 500) | .reply.jws" "$DIR/answers" | head -n "$VERIFIED")
  [ "$count" -gt 0 ] || fail "nothing to verify"
  echo "  $count released signatures verify"
}

# fails WHAT FAULT…: under load; signing must fail, then come back by itself.
fails() {
  local what=$1 begun ended took
  shift
  say "$what"
  begin_load 4
  begun=$(now_ms)
  fault "$@"
  wait_until 20 "the fault to be noticed" refused_since "$begun"
  # Whoever asks once it is noticed gets no signature while it lasts.
  local noticed
  noticed=$(now_ms)
  wait_until 20 "more refusals" refused_since "$noticed"
  end_fault
  ended=$(now_ms)
  [ "$(asked_and_signed "$noticed" "$ended")" -eq 0 ] || fail "signed in spite of it"
  took=$(first_asked_after "$ended" "$ended")
  echo "  signing is back $took ms after the fault's end"
  [ "$took" -le "$BACK_WITHIN_MS" ] || fail "later than $BACK_WITHIN_MS ms"
  end_load
  answers_are_clear
  report_load
  records_kept
  all_verified "$begun"
  [ "$DAEMON_PID" = "$daemon" ] && kill -0 "$daemon" || fail "the daemon was restarted"
}

# bears WHAT FAULT…: under load; signing goes on.
bears() {
  local what=$1 begun
  shift
  say "$what"
  begin_load 4
  begun=$(now_ms)
  fault "$@"
  wait_until 20 "signatures in spite of it" signed_since "$((begun + 1000))"
  end_load
  end_fault
  answers_are_clear
  report_load
  records_kept
  all_verified "$begun"
}

begin_load 1
end_load
jq -rs 'map(select(.status == 200))[0].reply.jws' "$DIR/answers" >"$DIR/first.jws"
jws_header "$DIR/first.jws" | jq -r '.x5c[1]' | base64 -d | openssl x509 -inform DER -out "$DIR/ca.pem"

fails "The token is removed" removed
fails "Its sessions are invalid" session-invalid
fails "It reports a device error" device-error
fails "It signs wrongly: every signature is checked before it leaves" wrong-signature
fails "The module crashes while it signs" crash
fails "The module hangs while it signs" hang
bears "A token with 16 sessions is enough" max-sessions 16
bears "A slow token: 100 ms for each signature" slow-sign 100

# ── the PIN ─────────────────────────────────────────────────────────────────────────────────────

another_worker() { local pid; pid=$(process_of holdfast-keys-pkcs11) && [ "$pid" != "$1" ]; }

say "A wrong PIN is tried once, over three more workers and two more daemons"
stop_daemon
fault pin-tries 3
set_pin 9999
rm -f "$CHAOS.logins"
start_daemon_without_keys() {
  "$HOLDFAST_BIN/holdfastd" --dev "$DIR" >>"$DIR/daemon.log" 2>&1 &
  DAEMON_PID=$!
  wait_until 30 "a keys worker" process_of holdfast-keys-pkcs11 >/dev/null
}
start_daemon_without_keys
wait_until 20 "the PIN to be tried" test -s "$CHAOS.logins"
for _ in 1 2 3; do
  victim=$(process_of holdfast-keys-pkcs11)
  kill -9 "$victim"
  wait_until 20 "another worker" another_worker "$victim"
done
said_so() { grep -q 'not tried again' "$DIR/daemon.log"; }
wait_until 20 "it to be said" said_so
for _ in 1 2; do
  stop_daemon
  start_daemon_without_keys
  victim=$(process_of holdfast-keys-pkcs11)
  # Its end, by itself: it has found the refused PIN, and told callers so for a while.
  wait_until 30 "another worker" another_worker "$victim"
done
[ "$(logins)" -eq 1 ] || fail "$(logins) logins: $(cat "$CHAOS.logins")"
grep -m 1 'not tried again' "$DIR/daemon.log"

say "Another wrong PIN is one try more; the right one is tried too, and works without a restart"
set_pin 8888
two_logins() { [ "$(logins)" -eq 2 ]; }
wait_until 20 "the new file to be tried" two_logins
daemon=$DAEMON_PID
set_pin "$TOKEN_PIN"
# The token says now that one try is left, and that one is the operator's.
last_try_kept() { grep -q 'one try left' "$DIR/daemon.log"; }
wait_until 20 "the last try to be kept" last_try_kept
[ "$(logins)" -eq 2 ] || fail "the last try was spent"
chaos_tool --login --pin "$TOKEN_PIN" --list-objects >/dev/null 2>&1 || fail "the operator's own login"
signs_again() { sign load-once "$DIR/after.jws" 2>/dev/null; }
wait_until 20 "signing with the right PIN" signs_again
[ "$(logins)" -eq 4 ] || fail "$(logins) logins: $(cat "$CHAOS.logins")"
[ "$DAEMON_PID" = "$daemon" ] || fail "restarted"
echo "no request was lost, no wrong signature left, no try was wasted"
