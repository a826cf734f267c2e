#!/usr/bin/env bash
# The module that stands for a worse token (tests/support/p11chaos.cpp) does what it says, seen by
# pkcs11-tool: what the stories of failure stand on. No daemon here.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/token.sh"

make_token
well() { rm -f "$CHAOS" "$CHAOS".*; }
# shellcheck disable=SC2120 # by "says"
sign() { chaos_tool --login --pin "${1:-$TOKEN_PIN}" --sign --mechanism ECDSA --id 01 -i "$DIR/digest" -o "$DIR/signature"; }
# says WHAT COMMAND…: it fails, and says so.
says() {
  local what=$1
  shift
  if "$@" >"$DIR/out" 2>&1; then fail "no $what: $(cat "$DIR/out")"; fi
  grep -qF "$what" "$DIR/out" || fail "not $what: $(cat "$DIR/out")"
  echo "$what"
}
verified() {
  chaos_tool --verify --mechanism ECDSA --id 01 -i "$DIR/digest" --signature-file "$DIR/signature" 2>&1 |
    grep -q 'Signature is valid'
}

say "Without a control file it is SoftHSM"
chaos_tool --login --pin "$TOKEN_PIN" --keypairgen --key-type EC:prime256v1 --id 01 >/dev/null 2>&1
head -c 32 /dev/urandom >"$DIR/digest"
sign >/dev/null 2>&1
verified || fail "SoftHSM's signature does not verify"
[ "$(sort -u "$CHAOS.logins")" = 0x0 ] || fail "logins: $(cat "$CHAOS.logins")"

say "Each fault, and that it ends with the file"
fault removed
says "No slot with a token was found" chaos_tool --list-objects
fault session-invalid
says CKR_SESSION_HANDLE_INVALID chaos_tool --list-objects
fault device-error
says CKR_DEVICE_ERROR chaos_tool --list-objects
fault max-sessions 0
says CKR_SESSION_COUNT chaos_tool --list-objects
fault wrong-signature
sign >/dev/null 2>&1
if verified; then fail "the wrong signature verifies"; fi
echo "a wrong signature"
fault crash
if sign >/dev/null 2>&1; then fail "no crash"; fi
fault load-crashes
if chaos_tool --list-slots >/dev/null 2>&1; then fail "no crash"; fi
fault hang
export P11CHAOS_MODULE=$SOFTHSM P11CHAOS_CONTROL=$CHAOS # timeout starts programs only
expect_exit 124 timeout 1 pkcs11-tool --module "$HOLDFAST_BIN/p11chaos.so" --login --pin "$TOKEN_PIN" \
  --sign --mechanism ECDSA --id 01 -i "$DIR/digest" -o "$DIR/signature"
well
sign >/dev/null 2>&1
verified || fail "the fault stays"

say "Wrong PINs are counted, also over processes, until the PIN is locked; a right one resets them"
fault pin-tries 3
says CKR_PIN_INCORRECT sign 9999
chaos_tool --list-slots 2>/dev/null | grep -q 'user PIN count low' || fail "$(chaos_tool --list-slots)"
sign >/dev/null 2>&1
says CKR_PIN_INCORRECT sign 9999
says CKR_PIN_INCORRECT sign 9999
chaos_tool --list-slots 2>/dev/null | grep -q 'final user PIN try' || fail "$(chaos_tool --list-slots)"
says CKR_PIN_INCORRECT sign 9999
says CKR_PIN_LOCKED sign "$TOKEN_PIN"
[ "$(wc -l <"$CHAOS.logins")" -eq 7 ] || fail "logins: $(cat "$CHAOS.logins")"
echo "the faults are what they say"
