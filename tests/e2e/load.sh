# Clients that sign without pause while something breaks. Source it after lib.sh:
#   declare_load; begin_load 8; …break…; end_load; answers_are_clear; report_load
# Every answer is a line of $DIR/answers (tests/support/sign_load.cpp says what is in it).
LOAD_PID=""

# The longest a signature may take: the worker's deadline of 3 s, and slack for a busy machine.
ANSWER_WITHIN_MS=4500

now_ms() { date +%s%3N; }

declare_load() {
  cp "$HOLDFAST_BIN/sign-load" "$AGENTS/load"
  declare_agent load refund.create
  holdfast apply
}

begin_load() {
  rm -f "$DIR/stop" "$DIR/answers"
  : >"$DIR/answers"
  "$AGENTS/load" "$HOLDFAST_SOCKET" "$1" "$DIR/stop" "$AUDIENCE" >>"$DIR/answers" &
  LOAD_PID=$!
  wait_until 20 "the load to sign" signed_since 0
}

end_load() {
  [ -n "$LOAD_PID" ] || return 0
  : >"$DIR/stop"
  wait "$LOAD_PID" || fail "the load ended with $?"
  LOAD_PID=""
}

# Also when the story fails: nobody else would end it. A script with a trap of its own calls it there.
stop_load() {
  [ -n "$LOAD_PID" ] || return 0
  : >"$DIR/stop"
  wait "$LOAD_PID"
  LOAD_PID=""
}
trap 'result=$?; set +e; stop_load; (exit $result); clean_up' EXIT

# signed_since T / refused_since T: an answer of that kind came after T (Unix time in ms).
answered_since() { tail -n 400 "$DIR/answers" | grep -a '}$' | jq -e -s "any(.[]; .at > $1 and ($2))" >/dev/null; }
signed_since() { answered_since "$1" '.status == 200'; }
refused_since() { answered_since "$1" '.status == 503'; }

# The time from T to the first signature that was also asked for after T.
back_after() { first_asked_after "$1" "$1"; }

# The same, for a break at T whose end nobody tells: only what follows the first failure counts.
back_after_break() {
  wait_until 30 "anybody to notice" answered_since "$1" '.status != 200'
  first_asked_after "$1" "$(jq -s "map(select(.status != 200 and .at > $1) | .at) | min" "$DIR/answers")"
}

first_asked_after() {
  wait_until 30 "signing to be back" answered_since "$2" ".status == 200 and .at - .ms > $2"
  jq -s "map(select(.status == 200 and .at - .ms > $2) | .at) | min - $1" "$DIR/answers"
}

# Each request: a signature, or words with the time to come back; within the deadline.
# With "hangups" a connection cut by the death of the front is an answer too.
answers_are_clear() {
  local hangups=${1:-none} unclear
  unclear=$(jq -c "select(((.status == 200 and .reply.jws != null)
      or ((.status == 503 or .status == 429) and .retry_after > 0 and (.reply.detail | length > 0))
      or (\"$hangups\" == \"hangups\" and .error != null)) and .ms <= $ANSWER_WITHIN_MS | not)" \
    "$DIR/answers" | head -n 5)
  [ -z "$unclear" ] || fail "unclear or late answers: $unclear"
}

report_load() {
  jq -s -r 'map(. + {kind: (if .status then "\(.status) \(.reply.code // "signed")" else "no answer: \(.error)" end)})
    | group_by(.kind) | .[] | "  \(length) × \(.[0].kind), slowest \(map(.ms) | max) ms"' "$DIR/answers"
}

# Every signature that a client holds has its record, in the ledger as it lies on disk.
records_kept() {
  jq -r 'select(.status == 200) | "\(.reply.sequence) \(.reply.jws)"' "$DIR/answers" >>"$DIR/promised"
  "$ROOT/tests/judges/ledger_promises.py" "$DIR/state/ledger" "$DIR/promised"
}
