#!/usr/bin/env bash
# A state directory of yesterday signs nothing: the TPM's anchor counter went on without it. What was
# undone by the restore is told, and an operator decides. So is a counter that was made anew with the
# owner's authorisation and tpm2-tools.
. "$(dirname "$0")/lib.sh"
export TPM2TOOLS_TCTI=swtpm:path=$DIR/tpm/sock

anchor() { holdfast anchor show --json; }
anchor_is() { [ "$(anchor | jq -r .state)" = "$1" ]; }
counter() { anchor | jq .counter; }
# The counter stands right below the register, at the end of what tpm.nv_base begins.
INDEX=$(printf '0x%x' $((0x01800100 + 4094)))

start_tpm
start_daemon
declare_agent refund-agent refund.create
holdfast apply
wait_until 20 "the anchor" anchor_is ready
sign refund-agent "$DIR/first.jws"
anchor | jq -ce 'select(.counter == .recorded and .counter > 0)'

say "An orderly stop and the next start are a step each; nothing else is"
before=$(counter)
stop_daemon
start_daemon
[ "$(counter)" -eq $((before + 2)) ] || fail "from $before to $(counter)"
sign refund-agent "$DIR/second.jws"

say "While it runs, a step each interval, if there is anything new"
stop_daemon
printf '[anchor]\ninterval_s = 1\n' >"$DIR/holdfastd.conf"
start_daemon
wait_until 20 "the anchor" anchor_is ready
before=$(counter)
sign refund-agent "$DIR/interval.jws"
counted() { [ "$(counter)" -eq $((before + $1)) ]; }
wait_until 20 "a step" counted 1
sign refund-agent "$DIR/interval.jws"
wait_until 20 "the next step" counted 2
holdfast doctor --dev "$DIR" | grep 'ok *anchor'
stop_daemon
rm "$DIR/holdfastd.conf"
start_daemon

say "A crash of everything in between is no difference"
children=$(descendants "$DAEMON_PID")
kill -KILL "$DAEMON_PID"
wait "$DAEMON_PID" 2>/dev/null || true
for child in $children; do wait_until 10 "process $child to end" gone "$child"; done
DAEMON_PID=""
start_daemon
wait_until 20 "the anchor" anchor_is ready
sign refund-agent "$DIR/third.jws"

say "A backup; then an operator suspends the agent"
stop_daemon
cp -a "$DIR/state" "$DIR/backup"
start_daemon
holdfast agent suspend refund-agent --json | jq -ce '.stages | select(.ledger == "done")'
stop_daemon

say "The backup is restored: the agent would be free again"
mv "$DIR/state" "$DIR/today"
cp -a "$DIR/backup" "$DIR/state"
start_daemon
wait_until 20 "the difference" anchor_is differs
holdfast agent show refund-agent --json | jq -ce '{state} | select(.state == "active")'
expect_refusal anchor_differs refund-agent
holdfast status --json | jq -ce '.anchor | select(.state == "differs") | .reason'
expect_exit 1 holdfast doctor --dev "$DIR"
grep -A1 'WRONG *anchor *nothing is signed: this state directory is older' "$DIR/out"
grep -m1 -o 'ANCHOR DIFFERS, signing is off: this state directory is older than this TPM knows' "$DIR/daemon.log"

say "Nor does waiting or starting again help; stopping agents still works"
stop_daemon
start_daemon
wait_until 20 "the difference" anchor_is differs
expect_refusal anchor_differs refund-agent
holdfast agent suspend refund-agent >/dev/null
stop_daemon

say "With today's directory all is well, and the agent is suspended"
rm -rf "$DIR/state"
mv "$DIR/today" "$DIR/state"
start_daemon
wait_until 20 "the anchor" anchor_is ready
expect_refusal agent_suspended refund-agent
expect_exit 1 holdfast anchor accept --reason "nothing differs"
grep -q 'there is nothing to accept' "$DIR/err" || fail "another reason: $(cat "$DIR/err")"
stop_daemon

say "The registry alone of before: the ledger knows better"
rm -f "$DIR"/state/registry.db-*
cp -a "$DIR"/backup/registry.db* "$DIR/state/"
start_daemon
wait_until 20 "the anchor" anchor_is ready
expect_refusal agent_suspended refund-agent
holdfast agent show refund-agent --json | jq -ce '{state} | select(.state == "suspended")'
grep -o 'the registry is older than the ledger: agent refund-agent is suspended by' "$DIR/daemon.log"
stop_daemon

say "A restore that was meant: an operator says so, and it is recorded"
rm -rf "$DIR/state"
cp -a "$DIR/backup" "$DIR/state"
start_daemon
wait_until 20 "the difference" anchor_is differs
expect_exit 2 holdfast anchor accept
holdfast anchor accept --reason "disk replaced, backup of last night" --json |
  jq -ce 'select(.state == "ready" and .counter == .recorded)'
sign refund-agent "$DIR/fourth.jws"
stop_daemon
start_daemon
wait_until 20 "the anchor" anchor_is ready
sign refund-agent "$DIR/fifth.jws"

say "The counter undefined and defined anew with owner auth: it starts above all that was counted"
before=$(counter)
stop_daemon
tpm2_nvundefine -Q -C o "$INDEX"
start_daemon
wait_until 20 "the difference" anchor_is differs
expect_refusal anchor_differs refund-agent
stop_daemon
tpm2_nvdefine -Q -C o -s 8 -a "nt=counter|authread|authwrite|ownerread|ownerwrite|no_da" "$INDEX"
tpm2_nvincrement -Q -C o "$INDEX"
start_daemon
wait_until 20 "the difference" anchor_is differs
[ "$(counter)" -gt "$before" ] || fail "made anew at $(counter), it was at $before"
expect_refusal anchor_differs refund-agent
holdfast anchor accept --reason "the counter was made anew" >/dev/null
sign refund-agent "$DIR/sixth.jws"
stop_daemon

say "A new state directory beside a used TPM is told from the first one"
mv "$DIR/state" "$DIR/used"
start_daemon
wait_until 20 "the difference" anchor_is differs
anchor | jq -ce 'select(.recorded == 0) | .reason'
echo "what the chip counted, no disk takes back"
