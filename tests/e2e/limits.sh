#!/usr/bin/env bash
# A limit is a limit: 64 clients at once get what the agent file says and not one more, also when the
# daemon is killed in the middle and starts again. A hardware limit holds even when the state
# directory of before is put back and accepted.
. "$(dirname "$0")/lib.sh"

CAP=1500  # more than is signed before the daemon is killed
LOAD_PID=""

# clients AGENT: 64 of them sign without pause. What they are told now is kept apart from before.
clients() {
  rm -f "$DIR/stop"
  [ ! -e "$DIR/now.$1" ] || cat "$DIR/now.$1" >>"$DIR/before.$1"
  "$AGENTS/$1" "$HOLDFAST_SOCKET" 64 "$DIR/stop" "$AUDIENCE" >"$DIR/now.$1" &
  LOAD_PID=$!
}
stop_clients() {
  [ -n "$LOAD_PID" ] || return 0
  : >"$DIR/stop"
  wait "$LOAD_PID" || true
  LOAD_PID=""
}
trap 'result=$?; set +e; stop_clients; (exit $result); clean_up' EXIT

# signed AGENT: how many signatures its clients hold, of every run so far.
signed() { cat "$DIR/before.$1" "$DIR/now.$1" 2>/dev/null | grep -ac '"status":200,.*}$' || true; }
# refused_with AGENT CODE: since its clients were started last.
refused_with() { grep -a '}$' "$DIR/now.$1" | tail -n 300 | jq -es "any(.[]; .reply.code == \"$2\")" >/dev/null; }
at_least() { [ "$(signed "$1")" -ge "$2" ]; }
# used AGENT LIMIT: as the operator reads it.
used() { holdfast agent show "$1" --json | jq -e ".declared.limits[] | select(.name == \"$2\") | .used"; }
counted() { [ "$(used "$1" "$2")" != null ]; }
# recorded AGENT: its actions in the ledger on disk that were not withheld.
recorded() {
  PYTHONPATH=$ROOT/tests/judges python3 -B - "$DIR/state/ledger" "$1" <<'PY'
import json, sys
from ledger_root import entries
records = [json.loads(leaf) for leaf in entries(sys.argv[1])]
withheld = {r["sequence"] for r in records if r["type"] == "withheld"}
print(sum(r["type"] == "action" and r["index"] not in withheld
          and r["statement"]["agent"].endswith("/" + sys.argv[2]) for r in records))
PY
}
never_more() {
  local have on_record
  have=$(signed "$1") on_record=$(recorded "$1")
  echo "  $1: $have signatures, $on_record actions on record, the cap is $CAP"
  [ "$have" -le "$CAP" ] && [ "$on_record" -le "$CAP" ] || fail "more than the cap"
}
# A daemon that was killed after the last signature would show nothing.
in_the_middle() {
  local have
  have=$(signed "$1")
  echo "  killed after $have signatures"
  [ "$have" -lt "$CAP" ] || fail "all was signed before"
}
kill_daemon() {
  local children
  children=$(descendants "$DAEMON_PID")
  kill -KILL "$DAEMON_PID"
  wait "$DAEMON_PID" 2>/dev/null || true
  for child in $children; do wait_until 10 "process $child to end" gone "$child"; done
  DAEMON_PID=""
}
anchor_is() { [ "$(holdfast anchor show --json | jq -r .state)" = "$1" ]; }

# declare NAME LIMIT…: the load program as an agent of its own, with these [[limit]] tables.
declare_limited() {
  local name=$1
  shift
  [ -e "$AGENTS/$name" ] || { cp "$HOLDFAST_BIN/sign-load" "$AGENTS/$name" && printf '%s' "$name" >>"$AGENTS/$name"; }
  declare_agent "$name" refund.create
  printf '%s\n' "$@" >>"$DIR/agents.d/$name.toml"
}

start_tpm
start_daemon
declare_limited soft "[[limit]]" 'name = "a-day"' "count = $CAP" "window_s = 86400" 'action = "refund"'
declare_limited chip "[[limit]]" 'name = "in-the-chip"' 'sum = "n"' "max = $CAP" "window_s = 86400" \
  'per = "audience"' "hardware = true"
holdfast apply
wait_until 60 "the anchor" anchor_is ready
wait_until 60 "the count" counted soft a-day

say "64 clients; the daemon is killed in the middle, and starts again, twice"
for round in 1 2; do
  clients soft
  wait_until 90 "some signatures" at_least soft $((round * 150))
  kill_daemon
  stop_clients
  in_the_middle soft
  start_daemon
done
clients soft
wait_until 180 "the cap" refused_with soft limit_exceeded
stop_clients
never_more soft
[ "$(used soft a-day)" -eq "$CAP" ] || fail "not all of it was used: $(used soft a-day)"

say "Nor after an orderly end; the refusals are on record with the limit's name"
stop_daemon
start_daemon
clients soft
wait_until 60 "a refusal" refused_with soft limit_exceeded
stop_clients
never_more soft
PYTHONPATH=$ROOT/tests/judges python3 -B - "$DIR/state/ledger" <<'PY'
import json, sys
from ledger_root import entries
refused = [r for r in map(json.loads, entries(sys.argv[1])) if r.get("reason") == "limit_exceeded"]
if not refused or any(r["asked"].get("limit") != "a-day" for r in refused):
    sys.exit("refusals without the limit's name")
print(f"  {len(refused)} refusals on record")
PY
grep -a '}$' "$DIR/now.soft" | tail -n 1 | jq -r .reply.detail

say "A higher cap keeps what was used; another window is counted from the ledger"
declare_limited soft "[[limit]]" 'name = "a-day"' "count = $((CAP + 5))" "window_s = 86400" 'action = "refund"' \
  "[[limit]]" 'name = "a-week"' "count = $((CAP + 3))" "window_s = 604800"
holdfast apply >/dev/null
wait_until 60 "the count" counted soft a-week
[ "$(used soft a-week)" -eq "$CAP" ] && [ "$(used soft a-day)" -eq "$CAP" ] || fail "counted otherwise"
CAP=$((CAP + 3))
clients soft
all_used() { [ "$(used soft a-week)" -eq "$CAP" ]; }
wait_until 90 "three more" all_used
wait_until 60 "a refusal" refused_with soft limit_exceeded
stop_clients
never_more soft
[ "$(used soft a-week)" -eq "$CAP" ] || fail "not up to the lower of two caps"
CAP=$((CAP - 3))

say "A hardware limit, with a backup of the state taken in the middle"
clients chip
wait_until 180 "some signatures" at_least chip 100
stop_clients
stop_daemon
cp -a "$DIR/state" "$DIR/backup"
start_daemon
wait_until 60 "the anchor" anchor_is ready
clients chip
wait_until 180 "some more" at_least chip 300
kill_daemon
stop_clients
in_the_middle chip
start_daemon
wait_until 60 "the anchor" anchor_is ready
clients chip
wait_until 180 "the cap" refused_with chip limit_exceeded
stop_clients
never_more chip
[ "$(used chip in-the-chip)" -eq "$CAP" ] || fail "not all of it counts as used: $(used chip in-the-chip)"

say "The backup is put back: nothing is signed; accepted, the limit is spent"
stop_daemon
mv "$DIR/state" "$DIR/today"
cp -a "$DIR/backup" "$DIR/state"
start_daemon
wait_until 60 "the difference" anchor_is differs
before=$(signed chip)
clients chip
wait_until 60 "a refusal" refused_with chip anchor_differs
stop_clients
holdfast anchor accept --reason "restored on purpose" >/dev/null
for again in at-once after-a-start; do
  clients chip
  wait_until 60 "a refusal ($again)" refused_with chip limit_exceeded
  stop_clients
  [ "$(signed chip)" -eq "$before" ] || fail "signed beyond the restore: $(signed chip), not $before"
  stop_daemon
  start_daemon
  wait_until 60 "the anchor" anchor_is ready
done
never_more chip
echo "no client got one more than its limit"
