#!/usr/bin/env bash
# A revoked key is dead in the chip: not only the daemon refuses it. Each attempt below is made past
# the daemon, with root, everything in the state directory, the owner's authorisation and tpm2-tools.
# A second agent, not revoked, is the control: the same commands go on working for its key.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tpm-by-hand.sh"

# define_anew INDEX AUTH: the counter removed and made again with owner auth, the same in all but value.
define_anew() {
  local before
  before=$(name_of "$1")
  tpm2_nvundefine -Q -C o "$1"
  tpm2_nvdefine -Q -C o -s 8 -p "hex:$2" \
    -a "nt=counter|authread|authwrite|ownerread|ownerwrite|no_da" "$1"
  tpm2_nvincrement -Q -C "$1" -P "hex:$2" "$1"
  [ "$(name_of "$1")" = "$before" ] || fail "the forgery is not perfect: another Name"
}
name_of() { tpm2_nvreadpublic "$1" | awk '/name:/ {print $2}'; }
key_of() { holdfast agent show "$1" --json | jq -r .key_id; }

start_tpm
start_daemon
declare_agent refund-agent refund.create
declare_agent spare-agent refund.create
holdfast apply
sign refund-agent "$DIR/refund.jws"
sign spare-agent "$DIR/spare.jws"
key=$(key_of refund-agent)
control=$(key_of spare-agent)
know_key "$key" "$DIR/refund.jws"
know_key "$control" "$DIR/spare.jws"

say "Before: root can use a key past the daemon (use it, not take it), as the threat model says"
stop_daemon
signed_by_chip "$key"
signed_by_chip "$control"

say "Everything the daemon has on disk is copied, as a backup would"
cp -a "$DIR/state" "$DIR/backup"
start_daemon

say "An operator revokes the agent"
holdfast agent revoke refund-agent --json | jq -ce '.stages | select(.fuse == "done")'
expect_refusal agent_revoked refund-agent
stop_daemon

say "1. The stored blob, straight to the chip"
refused_by_chip "$key"
signed_by_chip "$control"

say "2. The whole state directory restored from before the revocation"
rm -rf "$DIR/state"
cp -a "$DIR/backup" "$DIR/state"
refused_by_chip "$key"
start_daemon
holdfast agent show refund-agent --json | jq -ce '{state} | select(.state == "active")'
anchor_differs() { holdfast anchor show --json | jq -e '.state == "differs"' >/dev/null; }
wait_until 20 "the difference" anchor_differs
echo "the anchor counter knows better, and while it differs nobody signs:"
expect_refusal anchor_differs refund-agent
expect_refusal anchor_differs spare-agent
echo "even an operator who accepts it does not bring the key back; the chip:"
holdfast anchor accept --reason "a drill" >/dev/null
expect_refusal fuse_blown refund-agent
sign spare-agent "$DIR/again.jws"
stop_daemon

say "3. The fuse's counter undefined and defined anew with owner auth: same index, same auth value"
index=$(fuse_of "$key" agent_fuse nv_index)
auth=$(auth_of "$key" agent_fuse_auth)
value() { tpm2_nvread -C "$index" -P "hex:$auth" -s 8 "$index" | xxd -p; }
blown=$(value)
define_anew "$index" "$auth"
echo "made with $(fuse_of "$key" agent_fuse value), blown at $blown, anew at $(value): a chip's counters never start lower"
refused_by_chip "$key"
signed_by_chip "$control"
start_daemon
expect_refusal fuse_blown refund-agent

say "4. The whole host: its CA's key, and every agent's, by one counter"
jws_header "$DIR/spare.jws" | jq -r '.x5c[1]' | base64 -d |
  openssl x509 -inform DER -noout -pubkey >"$HAND/ca.spki"
stop_daemon
signed_by_chip ca
signed_by_chip "$control"
rm -rf "$DIR/backup"
cp -a "$DIR/state" "$DIR/backup"
start_daemon
domain=$(holdfast status --json | jq -r .trust_domain)
holdfast kill --host --hardware --confirm "$domain" --json | jq -ce '.stages | select(.fuse == "done")'
stop_daemon
refused_by_chip ca
refused_by_chip "$control"
rm -rf "$DIR/state"
cp -a "$DIR/backup" "$DIR/state"
refused_by_chip ca
refused_by_chip "$control"
start_daemon
wait_until 20 "the daemon to hear it of the chip" \
  sh -c 'holdfast status --json | jq -e ".host.state == \"revoked\"" >/dev/null'
expect_refusal host_revoked spare-agent
stop_daemon
define_anew "$(fuse_of ca host_fuse nv_index)" "$(auth_of host-fuse auth)"
refused_by_chip ca
refused_by_chip "$control"
start_daemon
expect_refusal host_revoked spare-agent
echo "the keys stayed dead"
