#!/usr/bin/env bash
# Launched agents and the deaths of who launched them: no agent runs that the ledger does not know, and
# none outlives the daemon for long. What becomes of each is said in docs/threat-model.md.
. "$(dirname "$0")/launched.sh"
start_daemon --config "$DIR/holdfastd.conf"

# The daemon's own child: before its exec an agent looks like its launcher.
part() {  # PROGRAM
  local pid
  for pid in $(cat "/proc/$DAEMON_PID/task/$DAEMON_PID/children"); do
    [ "$(basename "$(readlink "/proc/$pid/exe")")" != "$1" ] || { echo "$pid"; return; }
  done
  return 1
}
launcher_serves() { [ "$(holdfast status --json 2>/dev/null | jq -r .links.launcher)" = attached ]; }
kill_part() {
  wait_until 60 "$1 to be there" part "$1" >/dev/null
  kill -9 "$(part "$1")"
}
runs() { ! nothing_runs "$NAME"; }

begin launcher-killed
describe_and_launch
is_served
kill_part holdfast-launcher
tell ask honest
SAID=$OUTCOME
# A child's exec waits for the next launcher's word.
tell tool ask-anew stolen
SAID="$SAID, $OUTCOME"
holdfast stop "$NAME" >/dev/null
ends
judge "$SAID, stopped"

begin front-killed
describe_and_launch
is_served
kill_part holdfast-front
wait_until 60 "the daemon to serve" daemon_serves
wait_until 60 "the agent to be known" runs
tell ask honest
SAID=$OUTCOME
tell ask-anew honest
judge "$SAID, then $OUTCOME"

begin exec-refused-before-the-front-died refuse
describe_and_launch
is_served
kill -STOP "$(part holdfast-front)"
tell exec
SAID=$OUTCOME
kill_part holdfast-front
wait_until 60 "the daemon to serve" daemon_serves
wait_until 60 "the agent to be known" runs
tell ask-anew honest
judge "$SAID, then $OUTCOME"

# ── killed in mid-launch ────────────────────────────────────────────────────────────────────────

lines_of() { paste -sd' '; }
processes() { ps -eo pid=,uid=,stat= | awk -v uid="$(uid_of "$NAME")" '$2 == uid && $3 !~ /^Z/ { print $1 }' | sort -n; }
in_groups() { cat "$GROUPS_OF_AGENTS"/*/cgroup.procs 2>/dev/null | sort -n; }
known() { holdfast ps --json | jq -r '.instances[].pid' | sort -n; }
recorded_instances() { "$ROOT/tests/attacks/records.py" "$DIR/state/ledger" -1 "$NAME" instances; }
all_recorded() {
  local instance
  for instance in $(holdfast ps --json | jq -r '.instances[].instance'); do
    recorded_instances | grep "^$instance launch\$" >/dev/null || return 1
  done
}
# Processes, control groups, `ps` and the ledger say the same.
agree() {
  local all
  all=$(processes | lines_of)
  [ "$all" = "$(known | lines_of)" ] && all_recorded || return 1
  [ -z "$GROUPS_OF_AGENTS" ] || [ "$all" = "$(in_groups | lines_of)" ]
}
# Each instance that was to run has ended, and the ledger says how.
each_ended() {
  local instance
  for instance in $(recorded_instances | sed -n 's/ launch$//p'); do
    recorded_instances | grep -E "^$instance (ended|launch_refused)\$" >/dev/null || return 1
  done
}

begin launcher-killed-in-launch
sign_manifest 1
import_code 1
launch
GROUP=$(sed -n 's/^0:://p' "/proc/$PID/cgroup")
GROUPS_OF_AGENTS=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)$(dirname "$GROUP")
[ "$(basename "$GROUP")" = "$INSTANCE" ] || GROUPS_OF_AGENTS=""
end_agent
started=0 refused=0
# At another moment each time, from before its first step to after its last.
for moment in 0 3 6 9 12 14 16 18 20 22 24 26 28 30 33 36 40 45 60 90; do
  wait_until 60 "a launcher" launcher_serves
  holdfast launch "$NAME" >/dev/null 2>&1 &
  LAUNCHING=$!
  sleep "0.$(printf %03d "$moment")"
  kill_part holdfast-launcher
  if wait "$LAUNCHING"; then started=$((started + 1)); else refused=$((refused + 1)); fi
  wait_until 60 "the next launcher" launcher_serves
  wait_until 60 "all to agree after $moment ms: $(processes | lines_of); $(known | lines_of)" agree
  end_agent
done
wait_until 60 "no process to be left" agree
wait_until 60 "each launch to have an end on record" each_ended
echo "$started came through, $refused did not"
[ -z "$(processes)" ] || fail "something runs on"
judge "all agree"

# ── the supervisor ──────────────────────────────────────────────────────────────────────────────

all_gone() { local pid; for pid in "$@"; do wait_until 20 "process $pid to end" gone "$pid"; done; }

begin supervisor-killed
describe_and_launch
is_served
mapfile -t CHILDREN < <(descendants "$DAEMON_PID")
# Slow to notice, as on a busy host: no signal may end it before it has ended the agents.
LAUNCHER=$(part holdfast-launcher)
kill -STOP "$LAUNCHER"
kill -9 "$DAEMON_PID"
wait "$DAEMON_PID" 2>/dev/null || true
kill -CONT "$LAUNCHER" 2>/dev/null || true
ends
all_gone "${CHILDREN[@]}"
start_daemon --config "$DIR/holdfastd.conf"
judge

begin supervisor-and-launcher-killed
describe_and_launch
is_served
mapfile -t CHILDREN < <(descendants "$DAEMON_PID" | grep -v "^$PID\$")
kill -STOP "$DAEMON_PID"
LAUNCHER=$(part holdfast-launcher)
kill -STOP "$LAUNCHER"
kill -9 "$LAUNCHER" "$DAEMON_PID"
wait "$DAEMON_PID" 2>/dev/null || true
all_gone "${CHILDREN[@]}"
if gone "$PID"; then SAID=gone; else SAID="runs on"; fi
start_daemon --config "$DIR/holdfastd.conf"
ends
judge "$SAID, then $OUTCOME"

begin supervisor-stopped
describe_and_launch
is_served
stop_daemon
ends
start_daemon --config "$DIR/holdfastd.conf"
judge

# ── a host without control groups ───────────────────────────────────────────────────────────────

# Only that daemon sees them read-only.
begin no-control-group
stop_daemon
cat >"$DIR/read-only" <<'END'
for place in $(findmnt -n -t cgroup2 -o TARGET); do mount -o remount,bind,ro "$place"; done
exec "$@"
END
unshare --mount bash "$DIR/read-only" "$HOLDFAST_BIN/holdfastd" --config "$DIR/holdfastd.conf" \
  >>"$DIR/daemon.log" 2>&1 &
DAEMON_PID=$!
wait_until 60 "the daemon to serve" daemon_serves
describe_and_launch
missing_in() { jq -r "$1"' | .missing[]' | sed -n 's/ (.*):/:/p'; }
SAID=$(missing_in . <"$DIR/answer")
[ "$SAID" = "$(holdfast ps --json | missing_in '.instances[]')" ] || fail "ps says something else"
tell ask honest
judge "$OUTCOME, missing: $SAID"

all_were_run
