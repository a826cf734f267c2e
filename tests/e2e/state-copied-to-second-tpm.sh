#!/usr/bin/env bash
# A stolen disk signs nothing: beside another chip the state directory loads no key, and the daemon
# says why, to its callers and in its log. The chip itself says no to the blobs.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tpm-by-hand.sh"

start_tpm
start_daemon
declare_agent refund-agent refund.create
holdfast apply
sign refund-agent "$DIR/first.jws"
key=$(holdfast agent show refund-agent --json | jq -r .key_id)
know_key "$key" "$DIR/first.jws"
stop_daemon
signed_by_chip "$key"
stop_tpm

say "The same files, another chip"
mv "$DIR/tpm" "$DIR/first-tpm"
start_tpm
start_daemon
expect_refusal other_tpm refund-agent
agent refund-agent --only-sign | jq -er .reply.detail || true
said_why() { grep -q 'keys/ belongs to another TPM' "$DIR/daemon.log"; }
wait_until 20 "the reason in the log" said_why
holdfast status --json | jq -ce '{custody, links} | select(.custody == "")'
stop_daemon

say "Nor past the daemon: the second chip has another root key, these blobs are not below it"
tpm2_createprimary -Q -C o -G ecc -c "$HAND/primary.ctx"
tpm2_evictcontrol -Q -C o -c "$HAND/primary.ctx" 0x81000001  # free: the daemon left this chip as it was
tpm2_flushcontext -t
if sign_by_hand "$key"; then fail "the second chip signed"; fi
grep -m1 -o 'integrity check failed' "$HAND/said" || fail "failed otherwise: $(cat "$HAND/said")"

say "Back in the first machine all is well"
stop_tpm
rm -rf "$DIR/tpm"
mv "$DIR/first-tpm" "$DIR/tpm"
start_tpm
start_daemon
sign refund-agent "$DIR/again.jws"
echo "a copied disk signs nothing"
