#!/usr/bin/env bash
# A chip that takes 70 ms for a signature, one agent that asks twelve at a time, and seven that ask one
# after the other: everybody gets the same share of the chip, and who asks too much is told when to
# come back. Shares are counted, not timed.
. "$(dirname "$0")/lib.sh"

GREEDY_CLIENTS=12
MODEST=(m1 m2 m3 m4 m5 m6 m7)
ENOUGH=12         # signatures of each modest agent
MOST_TO_GREEDY=2  # times what the least served modest one gets; first come, first served gives it 12

start_slow_tpm 70
start_daemon
for name in greedy "${MODEST[@]}"; do
  cp "$HOLDFAST_BIN/sign-load" "$AGENTS/$name"
  printf '%s' "$name" >>"$AGENTS/$name"
  declare_agent "$name" refund.create
done
holdfast apply >/dev/null

LOADS=()
end_loads() {
  : >"$DIR/stop"
  local pid
  for pid in "${LOADS[@]}"; do wait "$pid" || true; done
  LOADS=()
}
trap 'result=$?; set +e; end_loads; (exit $result); clean_up' EXIT
load() { "$AGENTS/$1" "$HOLDFAST_SOCKET" "$2" "$DIR/stop" "$AUDIENCE" >"$DIR/answers.$1" & LOADS+=($!); }
signed() { grep -c '"status":200' "$DIR/answers.$1" || true; }
served() { [ "$(signed "$1")" -ge "$2" ]; }

say "The greedy one first, so that all it asks is in the queue; then the modest ones"
load greedy "$GREEDY_CLIENTS"
wait_until 30 "the greedy agent to sign" served greedy 1
for name in "${MODEST[@]}"; do load "$name" 1; done
for name in "${MODEST[@]}"; do wait_until 60 "$name to have its credential and sign" served "$name" 1; done

say "From here on shares are counted"
declare -A before
for name in greedy "${MODEST[@]}"; do before[$name]=$(signed "$name"); done
for name in "${MODEST[@]}"; do
  wait_until 120 "$name to sign $ENOUGH times" served "$name" $((${before[$name]} + ENOUGH))
done
least=1000000
for name in greedy "${MODEST[@]}"; do
  got=$(($(signed "$name") - ${before[$name]}))
  echo "$name: $got"
  if [ "$name" = greedy ]; then greedy=$got; elif [ "$got" -lt "$least" ]; then least=$got; fi
done
end_loads
[ "$greedy" -le $((MOST_TO_GREEDY * least)) ] ||
  fail "the greedy agent got $greedy signatures, the least served of the others $least"

say "No modest agent was ever refused, and the greedy one was told when to come back"
for name in "${MODEST[@]}"; do
  refused=$(jq -c 'select(.status != 200)' "$DIR/answers.$name")
  [ -z "$refused" ] || fail "$name was refused: $refused"
done
unclear=$(jq -c 'select(.status != 200 and ((.status == 503 or .status == 429) and .retry_after > 0 | not))' \
  "$DIR/answers.greedy" | head -n 3)
[ -z "$unclear" ] || fail "unclear answers: $unclear"
jq -s -r 'group_by(.status) | .[] | "greedy: \(length) × \(.[0].status)"' "$DIR/answers.greedy"
