#!/usr/bin/env bash
# Every trigger of an agent file, set off on the real daemon: it stops its agent and no other, says
# why, is on record before the stop, and any operator reinstates it.
. "$(dirname "$0")/lib.sh"

# speaker NAME TABLE…: an agent that can ask for anything (curl, a program of its own), with these
# lines at the end of its file.
speaker() {
  local name=$1
  shift
  if [ ! -e "$AGENTS/$name" ]; then
    cp "$(command -v curl)" "$AGENTS/$name"
    printf '%s' "$name" >>"$AGENTS/$name"
  fi
  declare_agent "$name" refund.create
  permit any "$name" refund.create
  printf '%s\n' "$@" >>"$DIR/agents.d/$name.toml"
}
# asks NAME ACTION [AUDIENCE]: "signed", or the code it is refused with
asks() {
  "$AGENTS/$1" -s --max-time 60 --unix-socket "$HOLDFAST_SOCKET" http://holdfast/v1/actions \
    -H 'Content-Type: application/json' -d "{\"action\":\"$2\",\"audience\":\"${3:-$AUDIENCE}\"}" |
    jq -r 'if .jws then "signed" else .code end'
}
expect() {
  local wanted=$1 got
  shift
  got=$("$@")
  [ "$got" = "$wanted" ] || fail "$got instead of $wanted: $*"
  echo "  $*: $got"
}
state_of() { holdfast agent show "$1" --json | jq -r .state; }
is_in_state() { [ "$(state_of "$1")" = "$2" ]; }
# stopped_by TRIGGER NAME STATE WORDS: so it stands in the registry and in the ledger.
stopped_by() {
  holdfast agent show "$2" --json | jq -e --arg by "trigger:$1" --arg state "$3" --arg words "$4" \
    '.changed_by == $by and .state == $state and (.reason | contains($words))' >/dev/null ||
    fail "$2 was not stopped so: $(holdfast agent show "$2")"
  wait_until 10 "the records" recorded "$1" "$2"
  echo "  $2: $3 by $1: $(holdfast agent show "$2" --json | jq -r .reason)"
}
# The newest trigger record, and a containment record after it.
recorded() {
  PYTHONPATH=$ROOT/tests/judges python3 -B - "$DIR/state/ledger" "$1" "$2" <<'PY'
import json, sys
from ledger_root import entries
mine = [r for r in map(json.loads, entries(sys.argv[1])) if r.get("agent") == sys.argv[3]]
fired = [r for r in mine if r["type"] == "trigger" and r["trigger"] == sys.argv[2]]
after = [r for r in mine if r["type"] == "containment" and r["by"] == "trigger:" + sys.argv[2]]
sys.exit(not (fired and after and fired[-1]["index"] < after[-1]["index"] and fired[-1]["seen"]))
PY
}
# The front, by a wall clock that is off by so many seconds.
shift_clock() { python3 -c 'import struct, sys; open(sys.argv[1], "r+b").write(struct.pack("=q", int(sys.argv[2])))' "$DIR/offset" "$1"; }
event() { python3 -B "$ROOT/tests/e2e/security_events.py" "$@"; }

suspend='then = "suspend"'
# A sanitizer wants to be loaded before anything else.
if ! is_sanitized; then
  mkdir "$DIR/libexec"
  ln -s "$HOLDFAST_BIN"/holdfast-* "$DIR/libexec/"
  rm "$DIR/libexec/holdfast-front"
  head -c 8 /dev/zero >"$DIR/offset"
  printf '#!/bin/sh\nLD_PRELOAD=%s SHIFTED_CLOCK=%s exec %s "$@"\n' "$HOLDFAST_BIN/shifted-clock.so" \
    "$DIR/offset" "$HOLDFAST_BIN/holdfast-front" >"$DIR/libexec/holdfast-front"
  chmod 0755 "$DIR/libexec/holdfast-front"
  printf '[paths]\nlibexec = %s\n' "$DIR/libexec" >"$DIR/holdfastd.conf"
fi
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$DIR/idp.pem"
event keys "$DIR/idp.pem" >"$DIR/idp.json"
printf '[security_events]\nissuer = https://idp.example\naudience = https://holdfast.example\nkeys = %s\n' \
  "$DIR/idp.json" >>"$DIR/holdfastd.conf"

start_tpm
cp "$DIR/idp.json" "$DIR/good.json"
echo '{"keys":[]}' >"$DIR/idp.json"
start_daemon
grep 'no security event token counts' "$DIR/daemon.log" || fail "nobody was told of the issuer's keys"
cp "$DIR/good.json" "$DIR/idp.json"
speaker plain
speaker canary '[triggers.canary]' "$suspend" 'actions = ["vault.export"]'
speaker bait '[triggers.canary]' 'then = "revoke"' 'key = true'
speaker denied '[triggers.denial_burst]' 'then = "throttle"' 'rate = 600' 'count = 5' 'within_s = 3600'
speaker limited '[[limit]]' 'name = "one"' 'count = 1' 'window_s = 3600' \
  '[triggers.limit_exceeded]' 'then = "approval-only"' 'count = 3' 'within_s = 3600'
speaker novel '[triggers.novel_audience]' "$suspend" 'learn = 2'
speaker clock '[triggers.clock_back]' "$suspend" 'more_than_s = 600'
speaker patient '[triggers.clock_back]' "$suspend" 'more_than_s = 604800'
speaker listener '[triggers.security_event]' 'then = "kill"'
cp "$(readlink -f /usr/bin/python3)" "$AGENTS/drifter"
printf '\n' >>"$AGENTS/drifter"
declare_agent drifter refund.create
printf '%s\n' '[triggers.measurement_drift]' "$suspend" >>"$DIR/agents.d/drifter.toml"
holdfast apply >/dev/null

say "A trigger that there is not, or a number out of its bounds, is an error with its line"
cp "$DIR/agents.d/plain.toml" "$DIR/plain.toml"
printf '[triggers.denail_burst]\nthen = "suspend"\n' >>"$DIR/plain.toml"
expect_exit 1 holdfast apply --check "$DIR/plain.toml"
grep -E 'plain.toml:[0-9]+: .*unknown key' "$DIR/err"

say "canary: an action that nobody asks for, and a key that nobody uses"
expect signed asks canary refund.create
expect canary_used asks canary vault.export
stopped_by canary canary suspended vault.export
expect agent_suspended asks canary refund.create
holdfast reinstate canary >/dev/null
expect signed asks canary refund.create
expect canary_used asks bait refund.create
stopped_by canary bait revoked refund.create
holdfast agent show bait --json | jq -e '.pending == []' >/dev/null || fail "its fuse is not blown"

say "denial_burst, limit_exceeded: the last refusal of so many"
for _ in 1 2 3 4; do expect action_not_allowed asks denied payroll.read >/dev/null; done
is_in_state denied active || fail "too soon"
expect action_not_allowed asks denied payroll.read
stopped_by denial_burst denied throttled "5 refusals"
expect signed asks limited refund.create
for _ in 1 2; do expect limit_exceeded asks limited refund.create >/dev/null; done
is_in_state limited active || fail "too soon"
expect limit_exceeded asks limited refund.create
stopped_by limit_exceeded limited approval_only "3 refusals"

say "measurement_drift: a process that becomes another program keeps its connection, not its name"
"$AGENTS/drifter" -I -S -B - "$HOLDFAST_SOCKET" "$(command -v perl)" <<'PY'
import os, socket, sys
daemon = socket.socket(socket.AF_UNIX)
daemon.connect(sys.argv[1])
ask = "GET /v1/whoami HTTP/1.1\r\nHost: holdfast\r\n\r\n"
daemon.sendall(ask.encode())
if b" 200 " not in daemon.recv(65536):
    sys.exit("not recognised")
daemon.set_inheritable(True)
# perl reads a carriage return in its own source as none.
again = ask.replace("\r\n", "\\r\\n")
program = f'open(my $s, "+<&=", {daemon.fileno()}) or die; syswrite($s, "{again}") or die; sysread($s, my $r, 65536); print $r =~ /"code":"(\\w+)"/;'
os.execv(sys.argv[2], ["perl", "-e", program])
PY
echo
stopped_by measurement_drift drifter suspended measurement_changed

say "novel_audience: two are learned, the third is not signed for, also after a restart"
expect signed asks novel refund.create https://a.example
expect signed asks novel refund.create https://b.example
stop_daemon
start_daemon
expect signed asks novel refund.create https://a.example
expect novel_audience asks novel refund.create https://c.example
stopped_by novel_audience novel suspended https://c.example

say "security_event: a signed token about the agent, once; nobody else's, nothing else's"
domain=$(holdfast status --json | jq -r .trust_domain)
about='{"format":"uri","uri":"spiffe://'$domain'/agent/listener"}'
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$DIR/evil.pem"
# refused_token CODE KEY CHANGES…
refused_token() {
  local code=$1 key=$2
  shift 2
  event sign "$DIR/$key.pem" "jti-$code" "$about" "$@" >"$DIR/token"
  expect_exit "$(case $code in set_malformed) echo 1 ;; *) echo 3 ;; esac)" holdfast security-event "$DIR/token"
  grep -qE "$code" "$DIR/err" "$DIR/out" || fail "not $code: $(cat "$DIR/err")"
  echo "  refused: $code"
}
refused_token set_signature evil
refused_token set_alg_none idp 'header.alg="none"'
refused_token set_alg idp 'header.alg="HS256"'
refused_token set_type idp 'header.typ="JWT"'
refused_token set_crit idp 'header.crit=["b64"]'
refused_token set_issuer idp 'iss="https://evil.example"'
refused_token set_audience idp 'aud="https://other.example"'
refused_token set_time idp 'iat=1000000000'
refused_token set_event idp 'events={}'
is_in_state listener active || fail "it was stopped by a token that is refused"
event sign "$DIR/idp.pem" jti-1 "$about" >"$DIR/token"
holdfast security-event "$DIR/token" --json |
  jq -ce 'select(.agents == [{name: "listener", state: "suspended", stopped: true}])'
stopped_by security_event listener suspended session-revoked
holdfast reinstate listener >/dev/null
stop_daemon
start_daemon
expect_exit 1 holdfast security-event "$DIR/token"
grep -o set_replayed "$DIR/err"
is_in_state listener active || fail "stopped by a replay"
event sign "$DIR/idp.pem" jti-2 '{"format":"email","email":"sponsor@example.org"}' \
  'events={"https://schemas.openid.net/secevent/risc/event-type/account-disabled":{"reason":"hijacking"}}' |
  holdfast security-event - >/dev/null
stopped_by security_event listener suspended account-disabled
for name in plain canary clock; do is_in_state "$name" active || fail "$name was stopped too"; done

say "clock_back: while signing, and at start"
if is_sanitized; then
  echo "not with a sanitizer"
else
  # Ahead first, with a credential of before: the CA's key signs none of another time than the chip's
  # worker reads, or of before it was made.
  expect signed asks plain refund.create
  shift_clock 1200
  expect signed asks plain refund.create
  shift_clock 0
  expect signed asks plain refund.create
  stopped_by clock_back clock suspended "went back by"
  is_in_state patient active || fail "it went not that far back"
  holdfast reinstate clock >/dev/null
  expect signed asks clock refund.create
  stop_daemon
  start_daemon
  is_in_state clock active || fail "a restart told of the same step again"
  stop_daemon
  shift_clock -1200
  start_daemon
  stopped_by clock_back clock suspended "went back by"
  shift_clock 0
fi

say "heartbeat: without one the agent stops; a restart does not put it off"
speaker waiting '[triggers.heartbeat]' "$suspend" 'every_s = 2'
holdfast apply >/dev/null
wait_until 30 "the heartbeat to be missed" is_in_state waiting suspended
stopped_by heartbeat waiting suspended "no heartbeat for"
sed -i 's/^every_s = .*/every_s = 600/' "$DIR/agents.d/waiting.toml"
holdfast apply >/dev/null
holdfast heartbeat --json | jq -ce '.agents | select(. == [{every_s: 600, name: "waiting", state: "suspended"}])'
holdfast reinstate waiting >/dev/null
expect signed asks waiting refund.create
stop_daemon
start_daemon
is_in_state waiting active || fail "a heartbeat was lost in a restart"
if ! is_sanitized; then
  # Longer than ten minutes later, in no time.
  stop_daemon
  shift_clock 700
  start_daemon
  stopped_by heartbeat waiting suspended "no heartbeat for"
  shift_clock 0
fi

say "An agent without triggers never noticed"
expect signed asks plain refund.create
