#!/usr/bin/env bash
# What a daemon costs that nobody asks anything: little memory, and no process that wakes up to see
# whether there is something to do. Time from start to ready is printed, not judged.
. "$(dirname "$0")/lib.sh"

# All processes together, shared pages counted once.
MOST_MEMORY_KIB=$((40 * 1024))
IDLE_SECONDS=10
# A timer that an answered request left behind may fire once more; a timer of 2 s fires five times.
MOST_WAKEUPS=2

pids() { echo "$DAEMON_PID"; descendants "$DAEMON_PID"; }
program_of() { basename "$(readlink "/proc/$1/exe")"; }
memory_of() { sed -n 's/^Pss:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/smaps_rollup"; }
threads_of() { find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l; }
# How often its threads went to sleep of their own accord, which is once for each time one woke up.
sleeps_of() { cat "/proc/$1/task"/*/status | awk '/^voluntary_ctxt/ { sum += $2 } END { print sum }'; }

# Nobody woke up for as long as a worker waits before it rests, and again as long.
all_asleep() {
  local before
  before=$(for pid in $(pids); do sleeps_of "$pid"; done)
  sleep 0.2
  [ "$before" = "$(for pid in $(pids); do sleeps_of "$pid"; done)" ]
}

say "A daemon that has worked: one agent, one signature, one operator"
start_tpm
start_daemon
declare_agent refund-agent refund.create
holdfast apply
agent refund-agent --only-sign >/dev/null
[ "$(pids | wc -l)" -eq 4 ] || fail "not the four processes there should be"
wait_until 20 "the front to close what it has answered" no_connections
wait_until 20 "the keys worker to let go of the chip, a moment after its last answer" all_asleep

say "Nobody asks anything for $IDLE_SECONDS s"
declare -A slept
for pid in $(pids); do slept[$pid]=$(sleeps_of "$pid"); done
sleep "$IDLE_SECONDS"
total=0
printf '%-20s %8s %8s %8s\n' program KiB threads wakeups
for pid in $(pids); do
  woken=$(($(sleeps_of "$pid") - ${slept[$pid]}))
  memory=$(memory_of "$pid")
  total=$((total + memory))
  printf '%-20s %8d %8d %8d\n' "$(program_of "$pid")" "$memory" "$(threads_of "$pid")" "$woken"
  [ "$woken" -le "$MOST_WAKEUPS" ] || fail "$(program_of "$pid") woke up $woken times with nothing to do"
done
printf '%-20s %8d\n' together "$total"
[ "$total" -le "$MOST_MEMORY_KIB" ] || fail "$total KiB for a daemon that does nothing"

say "From start to ready, on keys and a ledger that are there already"
stop_daemon
has_served() { grep -q '^holdfastd: ready' "$DIR/again.log" 2>/dev/null; }
for turn in 1 2 3; do
  : >"$DIR/again.log"
  begun=$(date +%s%3N)
  "$HOLDFAST_BIN/holdfastd" --dev "$DIR" >"$DIR/again.log" 2>&1 &
  DAEMON_PID=$!
  wait_until 60 "the daemon to be ready" has_served
  echo "start $turn: ready after $(($(date +%s%3N) - begun)) ms"
  agent refund-agent --only-sign >/dev/null
  echo "start $turn: signed after $(($(date +%s%3N) - begun)) ms"
  stop_daemon
done
