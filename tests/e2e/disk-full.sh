#!/usr/bin/env bash
# The ledger's disk is full: signing stops and says so, nothing is signed unrecorded, and it goes on
# when the operator says so. Needs root for a small file system of its own.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip "needs root to mount a small tmpfs"
mkdir -p "$DIR/state/ledger"
mount -t tmpfs -o size=1m,mode=0700 tmpfs "$DIR/state/ledger" 2>/dev/null || skip "cannot mount a tmpfs here"
unmount() { umount -l "$DIR/state/ledger" || true; }
trap 'result=$?; stop_daemon || true; unmount; (exit $result); clean_up' EXIT
chmod 0700 "$DIR/state"

start_tpm
start_daemon
declare_agent refund-agent refund.create
holdfast apply
sign refund-agent "$DIR/first.jws"

say "The disk fills up"
dd if=/dev/zero of="$DIR/state/ledger/filler" bs=4k 2>/dev/null || true
stopped() { ! agent refund-agent --only-sign >"$DIR/out"; }
wait_until 60 "signing to stop" stopped
jq -c '{status: .reply.status, code: .reply.code, detail: .reply.detail}' "$DIR/out"
jq -e '.reply.status == 503 and .reply.code == "ledger_failed"' "$DIR/out" >/dev/null || fail "unclear"
holdfast status --json | jq -e '.ledger.failed'
expect_exit 0 holdfast status
size=$(ledger_size)
expect_refusal ledger_failed refund-agent
[ "$(ledger_size)" -eq "$size" ] || fail "the ledger grew on a full disk"

say "Space alone brings nothing back: an operator looks first"
rm "$DIR/state/ledger/filler"
expect_refusal ledger_failed refund-agent
holdfast ledger resume
sign refund-agent "$DIR/again.jws"
[ "$(ledger_size)" -gt "$size" ] || fail "a signature without a record"
echo "nothing was signed unrecorded"
