#!/usr/bin/env bash
# The register: what the log adds up to is what the TPM holds, by tools that know nothing of Holdfast;
# and whoever changes one of the two is found out.
. "$(dirname "$0")/lib.sh"
command -v tpm2_nvread >/dev/null || skip "tpm2-tools are not installed"

index=0x18010ff
VERIFIER=relying-party.example
random_nonce() { head -c 32 /dev/urandom | basenc --base64url -w0 | tr -d =; }
tool() { TPM2TOOLS_TCTI=swtpm:path=$DIR/tpm/sock "$@"; }
newest_log() { find "$DIR/state/keys" -name 'register-*.cel' | sort | tail -n 1; }
register_auth() {  # the index's own auth value, as hex
  jq -er .auth "$DIR/state/keys/register.json" | tr '_-' '/+' | base64 -d 2>/dev/null | od -An -tx1 -v | tr -d ' \n'
}
in_chip() { tool tpm2_nvread -C $index -P "hex:$(register_auth)" $index 2>/dev/null | od -An -tx1 -v | tr -d ' \n'; }
in_pcr() { tool tpm2_pcrread "sha256:$1" -o "$DIR/pcr" >/dev/null && od -An -tx1 -v "$DIR/pcr" | tr -d ' \n'; }
# judge LOG FIELD
judge() { "$ROOT/tests/judges/register_replay.py" "$1" | jq -er ".$2"; }
evidence() {  # NONCE FILE
  agent refund-agent --nonce "$1" --verifier "$VERIFIER" >"$DIR/steps" || fail "$(tail -n 1 "$DIR/steps")"
  jq -nce 'first(inputs | select(.step == "evidence")).reply' "$DIR/steps" >"$2"
  jq -nr 'first(inputs | select(.step == "credential")).reply.chain_pem' "$DIR/steps" |
    awk '/BEGIN CERT/{n++} n==2' >"$DIR/ca.pem"
}
verify() {  # NONCE FILE OPTIONS…
  local nonce=$1 file=$2
  shift 2
  holdfast verify evidence "$file" --nonce "$nonce" --verifier "$VERIFIER" --roots "$DIR/ca.pem" --json "$@"
}
outcome() { jq -r --arg id "$1" '.rules[] | select(.id == $id) | .outcome' "$DIR/verdict"; }
failed() { jq -r '[.rules[] | select(.outcome == "fail") | .id] | join(" ")' "$DIR/verdict"; }

start_tpm
start_daemon
declare_agent refund-agent refund.create
holdfast apply >/dev/null

say "At boot the register is anchored; Python and tpm2-tools find the log and the chip agree"
agree() {
  log=$(newest_log)
  [ "$(judge "$log" register)" = "$(in_chip)" ] || fail "the chip's register is not what $log adds up to"
  [ "$(judge "$log" pcr)" = "$(in_pcr "$(judge "$log" anchor_pcr)")" ] || fail "the PCR does not hold the anchor"
  tool tpm2_nvreadpublic $index | grep -q "name: $(judge "$log" name)" || fail "the anchor names another index"
}
agree
holdfast status --json | jq -ce .register
[ "$(holdfast status --json | jq -r .register.state)" = ready ] || fail "not ready"

say "Evidence carries that log, and every rule of it passes"
nonce=$(random_nonce)
evidence "$nonce" "$DIR/evidence.json"
verify "$nonce" "$DIR/evidence.json" >"$DIR/verdict"
for rule in public format signature challenge name log value anchor; do
  [ "$(outcome "register.$rule")" = pass ] || fail "register.$rule: $(outcome "register.$rule")"
done
[ "$(outcome register.launch)" = "not run" ] || fail "an observed agent needs no launch"
from_base64url() { tr '_-' '/+' | awk '{while (length($0) % 4) $0 = $0 "="; print}' | base64 -d; }
jq -r '.["register-log"][1]' "$DIR/evidence.json" | from_base64url | cmp - "$(newest_log)"

say "A verifier that expects another PCR, or a manifest for each launch, gets its answer"
expect_exit 6 verify "$nonce" "$DIR/evidence.json" --anchor-pcr 14
jq -r '[.rules[] | select(.outcome == "fail") | .id] | join(" ")' "$DIR/out" | grep -qx register.anchor
expect_exit 2 verify "$nonce" "$DIR/evidence.json" --anchor-pcr 23
mkdir "$DIR/manifests"
ssh-keygen -q -t ed25519 -N '' -f "$DIR/sponsor"
verify "$nonce" "$DIR/evidence.json" --manifest-roots "$DIR/manifests" --manifest-key "$DIR/sponsor.pub" >"$DIR/verdict"
[ "$(outcome register.manifests)" = pass ] || fail "nothing was launched, so nothing is unknown"
expect_exit 2 verify "$nonce" "$DIR/evidence.json" --manifest-roots "$DIR/manifests"
echo '{}' >"$DIR/manifests/odd.json"
expect_exit 2 verify "$nonce" "$DIR/evidence.json" --manifest-roots "$DIR/manifests" --manifest-key "$DIR/sponsor.pub"

say "The keys worker dies and comes back: the same boot, the same log"
before=$(cat "$(newest_log)")
stop_daemon
start_daemon
[ "$before" = "$(cat "$(newest_log)")" ] || fail "anchored twice in one boot"
agree

say "Somebody removes the log: the daemon says so, and its evidence fails"
stop_daemon
kept=$(newest_log)
mv "$kept" "$DIR/kept"
start_daemon
grep -q 'REGISTER BROKEN' "$DIR/daemon.log" || fail "the daemon does not say so"
[ "$(holdfast status --json | jq -r .register.state)" = broken ] || fail "status does not say so"
nonce=$(random_nonce)
evidence "$nonce" "$DIR/evidence.json"
verify "$nonce" "$DIR/evidence.json" >"$DIR/verdict" && fail "accepted"
[ "$(failed)" = register.anchor ] || fail "failed: $(failed)"
stop_daemon
mv "$DIR/kept" "$kept"

say "The next boot begins a new log, and all is well again"
stop_tpm
start_tpm
start_daemon
[ "$(newest_log)" != "$kept" ] || fail "the old log goes on"
agree
nonce=$(random_nonce)
evidence "$nonce" "$DIR/evidence.json"
verify "$nonce" "$DIR/evidence.json" >"$DIR/verdict"
echo "the story held"
