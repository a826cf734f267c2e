#!/usr/bin/env bash
# The module that stands for a worse token (tests/support/p11chaos.cpp) does what it says, seen by
# pkcs11-tool: what the stories of failure stand on. No daemon here.
. "$(dirname "$0")/lib.sh"

mkdir "$DIR/tokens"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$DIR/tokens" >"$DIR/softhsm2.conf"
export SOFTHSM2_CONF=$DIR/softhsm2.conf P11CHAOS_CONTROL=$DIR/chaos
softhsm2-util --init-token --free --label agents --pin 1234 --so-pin 5678 >/dev/null
tool() { pkcs11-tool --module "$HOLDFAST_BIN/p11chaos.so" "$@"; }
fault() { printf '%s\n' "$@" >"$DIR/chaos"; }
well() { rm -f "$DIR/chaos" "$DIR"/chaos.*; }
sign() { tool --login --pin "${1:-1234}" --sign --mechanism ECDSA --id 01 -i "$DIR/digest" -o "$DIR/signature"; }
# says WHAT COMMAND…: it fails, and says so.
says() {
  local what=$1
  shift
  if "$@" >"$DIR/out" 2>&1; then fail "no $what: $(cat "$DIR/out")"; fi
  grep -qF "$what" "$DIR/out" || fail "not $what: $(cat "$DIR/out")"
  echo "$what"
}
verified() {
  tool --verify --mechanism ECDSA --id 01 -i "$DIR/digest" --signature-file "$DIR/signature" 2>&1 |
    grep -q 'Signature is valid'
}

say "Without a control file it is SoftHSM"
tool --login --pin 1234 --keypairgen --key-type EC:prime256v1 --id 01 >/dev/null 2>&1
head -c 32 /dev/urandom >"$DIR/digest"
sign >/dev/null 2>&1
verified || fail "SoftHSM's signature does not verify"
[ "$(sort -u "$DIR/chaos.logins")" = 0x0 ] || fail "logins: $(cat "$DIR/chaos.logins")"

say "Each fault, and that it ends with the file"
fault removed
says "No slot with a token was found" tool --list-objects
fault session-invalid
says CKR_SESSION_HANDLE_INVALID tool --list-objects
fault device-error
says CKR_DEVICE_ERROR tool --list-objects
fault max-sessions 0
says CKR_SESSION_COUNT tool --list-objects
fault wrong-signature
sign >/dev/null 2>&1
if verified; then fail "the wrong signature verifies"; fi
echo "a wrong signature"
fault crash
if sign >/dev/null 2>&1; then fail "no crash"; fi
fault load-crashes
if tool --list-slots >/dev/null 2>&1; then fail "no crash"; fi
fault hang
expect_exit 124 timeout 1 pkcs11-tool --module "$HOLDFAST_BIN/p11chaos.so" --login --pin 1234 \
  --sign --mechanism ECDSA --id 01 -i "$DIR/digest" -o "$DIR/signature"
well
sign >/dev/null 2>&1
verified || fail "the fault stays"

say "Wrong PINs are counted, also over processes, until the PIN is locked; a right one resets them"
fault pin-tries 3
says CKR_PIN_INCORRECT sign 9999
tool --list-slots 2>/dev/null | grep -q 'user PIN count low' || fail "$(tool --list-slots)"
sign >/dev/null 2>&1
says CKR_PIN_INCORRECT sign 9999
says CKR_PIN_INCORRECT sign 9999
tool --list-slots 2>/dev/null | grep -q 'final user PIN try' || fail "$(tool --list-slots)"
says CKR_PIN_INCORRECT sign 9999
says CKR_PIN_LOCKED sign 1234
[ "$(wc -l <"$DIR/chaos.logins")" -eq 7 ] || fail "logins: $(cat "$DIR/chaos.logins")"
echo "the faults are what they say"
