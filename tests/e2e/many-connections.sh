#!/usr/bin/env bash
# As many connections as the settings allow: 4,096 that never ask anything and 64 that ask without
# pause. Everybody is served, nobody starves, and who comes past a limit is told so.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/host.sh"

IDLE=4096
ACTIVE_UIDS=(60201 60202 60203 60204)
ACTIVE_EACH=16
ACTIVE=$((${#ACTIVE_UIDS[@]} * ACTIVE_EACH))
IDLE_UID=60210
SPARE_UID=60211
STRANGERS=(60221 60222 60223 60224 60225 60226 60227 60228)
STRANGERS_EACH=8 # daemon/front/admission.h: max_stranger_connections_per_uid, and 64 in all
TOLD_EACH=8      # max_turned_away_per_uid
RACE_SECONDS=5
# Each active client gets at least this part of what the mean one gets.
FAIR_SHARE=4
# The front keeps two descriptors for an idle connection, some more for one it has measured.
ulimit -n 16384 || skip "not as many open files allowed as this needs"

set_up_host '[limits]' "connections = $((IDLE + ACTIVE))" "connections_per_uid = $IDLE"
start_tpm --group holdfast-keys
start_daemon --config "$DIR/holdfastd.conf"
declare_user() {  # NAME UID
  cp -n "$HOLDFAST_BIN/steady-clients" "$AGENTS/$1"
  AGENT_UID=$2
  declare_agent "$1" refund.create
}
for uid in "${ACTIVE_UIDS[@]}"; do declare_user "active-$uid" "$uid"; done
declare_user idle "$IDLE_UID"
declare_user spare "$SPARE_UID"
holdfast apply >/dev/null
front=$(process_of holdfast-front)
wait_until 20 "the front to close what it has answered" no_connections

descriptors() { find "/proc/$front/fd" -mindepth 1 | wc -l; }
memory() { sed -n 's/^Pss:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$front/smaps_rollup"; }
before=$(descriptors)
at_least() { [ "$(descriptors)" -ge "$1" ]; }
as_before() { [ "$(descriptors)" -eq "$before" ]; }

# hold UID COUNT NAME: connections of that user that stay until release NAME.
HELD=()
hold() {
  rm -f "$DIR/$3.stop"
  as_uid "$1" "$1" "$ROOT/tests/support/hold_connections.py" "$HOLDFAST_SOCKET" "$2" "$DIR/$3.stop" >"$DIR/$3.held" &
  HELD+=($!)
  wait_until 120 "$2 connections of uid $1" grep -q "^held $2" "$DIR/$3.held"
}
# Those of NAME… end; none of them may have been closed by the daemon before.
release() {
  local name
  for name in "$@"; do : >"$DIR/$name.stop"; done
  for name in "$@"; do
    wait_until 120 "$name to end" grep -q ^closed "$DIR/$name.held"
    grep -qx 'closed 0' "$DIR/$name.held" || fail "$name: $(tail -n 1 "$DIR/$name.held") of those let in"
  done
}

# turned_away UID STATUS WHAT: one connection more gets that, and when to come back.
turned_away() {
  local limit=$((SECONDS + 20))
  until is_turned_away "$1" "$2"; do
    [ "$SECONDS" -lt "$limit" ] || fail "$3: not turned away with $2: $(cat "$DIR/reply")"
    sleep 0.2
  done
  echo "$3: $2 too_many_requests"
}
is_turned_away() {
  ask_as "$1" -i >"$DIR/reply" || return 1
  grep -q "^HTTP/1.1 $2 " "$DIR/reply" && grep -q '^Retry-After: [1-9]' "$DIR/reply" &&
    [ "$(sed '1,/^\r$/d' "$DIR/reply" | jq -r .code)" = too_many_requests ]
}
ask_as() { as_uid "$1" "$1" curl -s --max-time 20 "${@:2}" --unix-socket "$HOLDFAST_SOCKET" http://holdfast/v1/whoami; }
is_ignored() {
  local result=0
  ask_as "$1" >/dev/null || result=$?
  [ "$result" -eq 52 ] || [ "$result" -eq 56 ]  # curl: an empty reply, or a connection reset
}

# race: the active ones, all measured before it begins; what each got is in $DIR/race.
race() {
  local uid
  rm -f "$DIR"/start "$DIR"/stop
  : >"$DIR/race"
  RACERS=()
  for uid in "${ACTIVE_UIDS[@]}"; do
    as_uid "$uid" "$uid" "$AGENTS/active-$uid" "$HOLDFAST_SOCKET" "$ACTIVE_EACH" 0 "$DIR/start" "$DIR/stop" >>"$DIR/race" &
    RACERS+=($!)
  done
}
all_ready() { [ "$(grep -c '"ready"' "$DIR/race")" -eq "$ACTIVE" ]; }
run_race() {
  : >"$DIR/start"
  sleep "$RACE_SECONDS"
  : >"$DIR/stop"
  local one
  for one in "${RACERS[@]}"; do wait "$one" || fail "an active client ended with $?"; done
  sed -i '/"ready"/d' "$DIR/race"
  jq -s -r '[.[].answered] | sort | "\(length) clients: \(add) answers, least \(first), most \(last)"' "$DIR/race"
  [ "$(jq -s length "$DIR/race")" -eq "$ACTIVE" ] || fail "not all $ACTIVE spoke"
  [ "$(jq -s 'map(.lost) | add' "$DIR/race")" -eq 0 ] || fail "lost: $(jq -c 'select(.lost > 0)' "$DIR/race" | head -n 3)"
  [ "$(jq -s "(map(.answered) | add / length) as \$mean | all(.[]; .answered * $FAIR_SHARE >= \$mean)" "$DIR/race")" = true ] ||
    fail "somebody starved: $(jq -c .answered "$DIR/race" | sort -n | tr '\n' ' ')"
}

say "$ACTIVE active clients alone"
race
wait_until 120 "all to be measured" all_ready
run_race
wait_until 60 "the front to close what it had opened" as_before

say "The same among $IDLE idle connections"
memory_before=$(memory)
hold "$IDLE_UID" "$IDLE" idle
wait_until 120 "all to be let in" at_least $((before + IDLE * 2))
echo "memory of the front for each of them: $((($(memory) - memory_before) * 1024 / IDLE)) bytes"
turned_away "$IDLE_UID" 429 "one more of a uid that has its share"
race
wait_until 120 "all to be measured" all_ready

say "Who is past a limit is told so"
turned_away "$SPARE_UID" 503 "one more in all"

say "Strangers get little, and not from agents"
hold "${STRANGERS[0]}" "$STRANGERS_EACH" "stranger-${STRANGERS[0]}"
turned_away "${STRANGERS[0]}" 429 "a stranger's ninth"
for uid in "${STRANGERS[@]:1}"; do hold "$uid" "$STRANGERS_EACH" "stranger-$uid"; done
turned_away 60299 503 "one more stranger"

say "Who is turned away and does not ask is told up to $TOLD_EACH times, then closed without a word"
hold "$SPARE_UID" "$TOLD_EACH" spare
wait_until 20 "one more to be closed without a word" is_ignored "$SPARE_UID"
echo "one more than $TOLD_EACH: closed"

say "Operators have their own lane through all of it"
holdfast status --json | jq -ce '{agents}'

say "And the $ACTIVE are served as before"
run_race
[ "$(process_of holdfast-front)" = "$front" ] || fail "the front was replaced"

say "Afterwards nothing is left open"
release idle spare "${STRANGERS[@]/#/stranger-}"
for pid in "${HELD[@]}"; do wait "$pid"; done
wait_until 60 "the front to close what it had opened" as_before
echo "open descriptors of the front: $(descriptors)"
