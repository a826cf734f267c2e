#!/usr/bin/env bash
# Ten thousand requests that no proper client sends, in every class docs/protocol.md names, to both
# sockets at once: each gets exactly what is documented. Meanwhile good agents lose nothing; and
# afterwards the front holds no descriptor and no memory more than before.
. "$(dirname "$0")/lib.sh"

REQUESTS=10000
# What the front may have more after the second ten thousand than after the first: less than 60
# bytes a request, so a string that is kept for each of them is found.
MOST_GROWTH_KIB=512

start_tpm
start_daemon
cp "$HOLDFAST_BIN/malformed-load" "$AGENTS/malformed"
cp "$HOLDFAST_BIN/steady-clients" "$AGENTS/steady"
declare_agent malformed refund.create
declare_agent steady refund.create
holdfast apply
front=$(process_of holdfast-front)

descriptors() { find "/proc/$front/fd" -mindepth 1 | wc -l; }
memory() { sed -n 's/^Pss:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$front/smaps_rollup"; }
as_before() { [ "$(descriptors)" -eq "$before" ]; }

# Good agents: one keeps its connection, two make one for each signature they want.
begin_steady() {
  rm -f "$DIR/stop"
  agent steady "$HOLDFAST_SOCKET" 1 2 "$DIR" "$DIR/stop" "$AUDIENCE" >"$DIR/steady" &
  STEADY_PID=$!
}
end_steady() {
  : >"$DIR/stop"
  wait "$STEADY_PID" || fail "the good agents ended with $?"
  sed -i '/"ready"/d' "$DIR/steady"
  jq -c . "$DIR/steady"
  [ "$(jq -s 'length == 3 and all(.[]; .answered > 0)' "$DIR/steady")" = true ] || fail "one was not served"
  [ "$(jq -s 'map(.lost) | add' "$DIR/steady")" -eq 0 ] || fail "good agents lost requests"
}

one_run() {
  begin_steady
  agent malformed "$HOLDFAST_SOCKET" "$HOLDFAST_ADMIN_SOCKET" "$REQUESTS" "$AUDIENCE" ||
    fail "bad input was not answered as documented"
  end_steady
  wait_until 60 "the front to close what it had opened" as_before
  [ "$(process_of holdfast-front)" = "$front" ] || fail "the front was replaced"
  echo "open descriptors of the front: $(descriptors), memory: $(memory) KiB"
}

wait_until 20 "the front to close what it has answered" no_connections
before=$(descriptors)
echo "open descriptors of the front: $before, memory: $(memory) KiB"

say "$REQUESTS, while good agents work"
one_run
settled=$(memory)

say "And once more: nothing is left behind by each"
one_run
grown=$(($(memory) - settled))
echo "memory of the front after the second run: $grown KiB more than after the first"
if is_sanitized; then
  echo "not judged: a sanitizer keeps what is freed"
elif [ "$grown" -gt "$MOST_GROWTH_KIB" ]; then
  fail "the front keeps something of each request"
fi

say "And it is still the same daemon"
holdfast status --json | jq -ce '.ledger | select(.failed | not) | {size}'
