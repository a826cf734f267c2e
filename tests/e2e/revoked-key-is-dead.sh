#!/usr/bin/env bash
# A revoked key is dead in the chip: not only the daemon refuses it. Each attempt below is made past
# the daemon, with root, the stored blob, the owner's authorisation and tpm2-tools.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tpm-by-hand.sh"

start_tpm
start_daemon
declare_agent refund-agent refund.create
holdfast apply
sign refund-agent "$DIR/first.jws"
key=$(holdfast agent show refund-agent --json | jq -r .key_id)
index=$(jq -r .agent_fuse.nv_index "$DIR/state/keys/$key.json")

say "Before: root can use the key past the daemon (use it, not take it)"
sign_by_hand "$key" || fail "the attempt itself is wrong: $(cat "$HAND/said")"
echo "signed by hand, as the threat model says"

say "Everything the daemon has on disk is copied, as a backup would"
stop_daemon
cp -a "$DIR/state" "$DIR/backup"
start_daemon

say "An operator revokes the agent"
holdfast agent revoke refund-agent --json | jq -e '.stages.fuse == "done"'
expect_refusal agent_revoked refund-agent

say "1. The stored blob, straight to the chip"
refused_by_chip "$key"

say "2. The whole state directory restored from before the revocation"
stop_daemon
rm -rf "$DIR/state"
cp -a "$DIR/backup" "$DIR/state"
refused_by_chip "$key"
start_daemon
if agent refund-agent --only-sign >"$DIR/out"; then fail "the restored daemon signed: $(cat "$DIR/out")"; fi
jq -c '{status: .reply.status, code: .reply.code, detail: .reply.detail}' "$DIR/out"

say "3. The fuse's NV index undefined and defined again with owner auth"
stop_daemon
attributes=$(tpm2_nvreadpublic "$(printf '0x%x' "$index")" | awk '/value:/{print $2; exit}')
tpm2_nvundefine -Q -C o "$(printf '0x%x' "$index")"
tpm2_nvdefine -Q -C o -g sha256 -s 8 -a "authread|authwrite|ownerread|ownerwrite|no_da|nt=counter" \
  "$(printf '0x%x' "$index")"
tpm2_nvincrement -Q -C o "$(printf '0x%x' "$index")"
echo "a new counter, attributes once $attributes, starts at $(tpm2_nvread -C o -s 8 "$(printf '0x%x' "$index")" | od -An -tx1 | tr -d ' ')"
refused_by_chip "$key"
echo "the key stayed dead"
