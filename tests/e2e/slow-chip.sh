#!/usr/bin/env bash
# With a chip that takes 200 ms for a signature (and 600 ms for every twentieth), as the slow ones
# do, agents are declared, sign and are revoked, and no deadline passes.
. "$(dirname "$0")/lib.sh"

say "The daemon starts, an agent is declared and gets its credential"
start_slow_tpm 200
start_daemon
declare_agent refund-agent refund.create
holdfast apply
sign refund-agent "$DIR/first.jws"

say "Twenty signatures, one of them the slow one, all within their deadline"
begun=$(date +%s%3N)
for _ in $(seq 20); do sign refund-agent "$DIR/next.jws"; done
took=$(($(date +%s%3N) - begun))
echo "twenty signatures in $took ms"
[ "$took" -ge $((19 * 200 + 600)) ] || fail "faster than the chip: it was not asked"

say "Revoking is as fast as the chip, and final"
expect_exit 0 holdfast agent revoke refund-agent
expect_refusal agent_revoked refund-agent

say "What the chip was asked for"
stop_daemon
stop_slow_tpm
cat "$DIR/chip/counts"
signed=$(awk '$1 == "Sign" {print $2}' "$DIR/chip/counts")
[ "$signed" -ge 21 ] || fail "only $signed signatures came from the chip"
