#!/usr/bin/env bash
# What ends or outlives a launched agent: stop, a service manager, suspend, kill, revoke, retire; and the
# death of each of the daemon's processes.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/host.sh"
. "$(dirname "$0")/launching.sh"

set_up_launching
control_groups=$(findmnt --noheadings --first-only --output TARGET --types cgroup2 || true)
other_operator() { as_uid 60126 holdfast-admin "$DIR/libexec/holdfast" "$@"; }
# is_frozen PID: every process of its control group.
is_frozen() { grep -qx 'frozen 1' "$control_groups$(sed -n 's/^0:://p' "/proc/$1/cgroup")/cgroup.events"; }
state_of() { holdfast agent show python-agent --json | jq -r .state; }
stage() { jq -r ".stages.$1" "$DIR/stages"; }

example python-agent
describe_python python-agent 1 agent.py --arg=--actions --arg 1000000 --arg=--every --arg 0.1
import python-agent 1
declare_launched python-agent report.publish
holdfast apply >/dev/null
start() {
  launch python-agent
  pid=$(launched pid) instance=$(launched instance)
  signs_on python-agent
}

say "stop: its process ends, its key does not"
start
key=$(holdfast agent show python-agent --json | jq -r .key_id)
holdfast stop python-agent --json | jq -e --arg id "$instance" '.instances == [$id]' >/dev/null
wait_until 60 "python-agent to end" gone "$pid"
wait_until 60 "the daemon to know" nothing_runs python-agent
[ "$(ended "$instance")" = "signal 15" ] || fail "ended: $(ended "$instance")"
refused not_running holdfast stop python-agent
[ "$(state_of)" = active ] || fail "stopping is not containing"

say "launch --wait is what a service manager starts: SIGTERM stops the agent, and that is no failure"
holdfast launch python-agent --wait >"$DIR/waiting" 2>&1 &
waiter=$!
wait_until 60 "python-agent to run" has_step python-agent whoami 2
pid=$(running python-agent)
kill -TERM "$waiter"
wait "$waiter" || fail "ended with $?: $(cat "$DIR/waiting")"
wait_until 60 "python-agent to end" gone "$pid"

say "… an agent that ends by itself ends it too: well, or not"
declare_launched sleeper report.publish
holdfast apply >/dev/null
mkdir "$DIR/code/sleeper"
cp "$(readlink -f "$(type -P sleep)")" "$DIR/code/sleeper/sleep"
describe sleeper 1 --entrypoint sleep --arg 0.1
import sleeper 1
holdfast launch sleeper --wait >/dev/null
describe sleeper 2 --entrypoint sleep --arg nonsense
import sleeper 2
expect_exit 7 holdfast launch sleeper --wait
grep -q 'exit status 1' "$DIR/err" || fail "it does not say how: $(cat "$DIR/err")"
holdfast logs sleeper | grep -q nonsense || fail "what it said is not in its log"

say "suspend: it stands still where it is; reinstate, by somebody else, and it goes on"
start
holdfast agent suspend python-agent --json >"$DIR/stages"
if [ -n "$control_groups" ]; then
  [ "$(stage processes)" = "done" ] || fail "$(cat "$DIR/stages")"
  wait_until 30 "its processes to stand still" is_frozen "$pid"
  size=$(holdfast logs python-agent | wc -c)
  refused agent_suspended holdfast launch python-agent
  [ "$(holdfast logs python-agent | wc -c)" -eq "$size" ] || fail "it goes on"
fi
refused same_principal holdfast agent reinstate python-agent
other_operator agent reinstate python-agent --json | jq -e '.stages.processes == "done"' >/dev/null
[ "$(running python-agent)" = "$pid" ] || fail "another process"
signs_on python-agent
[ "$(holdfast agent show python-agent --json | jq -r .key_id)" = "$key" ] || fail "another key"

say "kill: every process of it at once, and it is suspended"
holdfast kill python-agent --json >"$DIR/stages"
[ "$(stage processes) $(stage memory) $(stage fuse)" = "done done not_needed" ] || fail "$(cat "$DIR/stages")"
wait_until 60 "python-agent to end" gone "$pid"
[ "$(state_of)" = suspended ] || fail "not suspended"
refused agent_suspended holdfast launch python-agent
other_operator agent reinstate python-agent >/dev/null
nothing_runs python-agent || fail "reinstating starts nothing"
start

say "One instance: its session is over, whoever the front is; its agent is what it was"
over() { holdfast ps --json | jq -e --arg id "$1" '.instances[] | select(.instance == $id) | .session_over' >/dev/null; }
# It stands still meanwhile: refused, it would end by itself.
kill -STOP "$pid"
holdfast suspend python-agent --instance "$instance" --json >"$DIR/stages"
[ "$(stage processes) $(stage registry) $(stage ledger)" = "not_needed done done" ] || fail "$(cat "$DIR/stages")"
over "$instance" || fail "its session goes on"
[ "$(state_of)" = active ] || fail "its agent is $(state_of)"
replaced() { new=$(process_of "$1") && [ "$new" != "$2" ] && holdfast status >/dev/null 2>&1; }
old=$(process_of holdfast-front)
kill -9 "$old"
wait_until 60 "another front" replaced holdfast-front "$old"
wait_until 60 "the new front to know" over "$instance"
refused unknown_instance holdfast kill python-agent --instance 0123456789abcdef
holdfast kill python-agent --instance "$instance" --json >"$DIR/stages"
[ "$(stage processes)" = "done" ] || fail "$(cat "$DIR/stages")"
wait_until 60 "python-agent to end" gone "$pid"
wait_until 60 "the daemon to know" nothing_runs python-agent
start

say "The host: what runs stands still, nothing is launched, and it goes on when the host does"
holdfast suspend --host --json >"$DIR/stages"
if [ -n "$control_groups" ]; then
  [ "$(stage processes)" = "done" ] || fail "$(cat "$DIR/stages")"
  wait_until 30 "its processes to stand still" is_frozen "$pid"
fi
refused host_suspended holdfast launch python-agent
refused same_principal holdfast reinstate --host
other_operator reinstate --host >/dev/null
[ "$(running python-agent)" = "$pid" ] || fail "another process"
signs_on python-agent

say "The launcher dies: agents run on, and its successor knows them"
old=$(process_of holdfast-launcher)
kill -9 "$old"
wait_until 60 "another launcher" replaced holdfast-launcher "$old"
[ "$(running python-agent)" = "$pid" ] || fail "it was lost"
signs_on python-agent

say "The front dies: the same, and the agent connects again"
old=$(process_of holdfast-front)
kill -9 "$old"
wait_until 60 "another front" replaced holdfast-front "$old"
known() { [ "$(running python-agent)" = "$pid" ]; }
wait_until 60 "the new front to know" known
signs_on python-agent
holdfast stop python-agent >/dev/null
wait_until 60 "python-agent to end" gone "$pid"

say "The supervisor dies, or ends: so do its agents"
start
supervisor=$DAEMON_PID processes=$(descendants "$DAEMON_PID")
kill -9 "$supervisor"
wait "$supervisor" 2>/dev/null || true
for process in $processes; do wait_until 30 "process $process to end" gone "$process"; done
start_daemon --config "$DIR/holdfastd.conf"
start
stop_daemon
gone "$pid" || fail "it outlives the daemon"
start_daemon --config "$DIR/holdfastd.conf"

say "revoke: its process and its key, for good"
start
holdfast agent revoke python-agent --json >"$DIR/stages"
[ "$(stage processes) $(stage fuse)" = "done done" ] || fail "$(cat "$DIR/stages")"
wait_until 60 "python-agent to end" gone "$pid"
refused agent_revoked holdfast launch python-agent
holdfast agent retire python-agent >/dev/null
refused agent_retired holdfast launch python-agent
[ "$(find "$DIR/log" -name 'python-agent.log*' -size +0 | wc -l)" -ge 1 ] || fail "what it said is gone"
echo "what was to end ended, what was to stay stayed"
