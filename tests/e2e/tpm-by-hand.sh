# shellcheck shell=bash
# What an attacker with root, the state directory and tpm2-tools can do: uses a stored key past the
# daemon. Source it after lib.sh. The chip alone decides; stop the daemon first, the chip has one user.
export TPM2TOOLS_TCTI=swtpm:path=$DIR/tpm/sock
HAND=$DIR/by-hand
mkdir -p "$HAND"

# auth_of RECORD MEMBER: the secrets of keys/ are base64url, the tools want hex.
auth_of() { jq -r ".$2" "$DIR/state/keys/$1.json" | from_base64url | xxd -p -c 256; }

# fuse_of KEY_ID agent_fuse|host_fuse MEMBER
fuse_of() { jq -r ".$2.$3" "$DIR/state/keys/$1.json"; }

# unpack_blob KEY_ID: TSS2 PRIVATE KEY (PEM) → key.pub, key.priv as tpm2_load wants them. The DER
# inside: type, emptyAuth, parent handle, and two OCTET STRINGs, the TPM2B_PUBLIC and TPM2B_PRIVATE.
unpack_blob() {
  local areas
  mapfile -t areas < <(openssl asn1parse -in "$DIR/state/keys/$1.pem" | sed -n 's/.*OCTET STRING.*\[HEX DUMP\]://p')
  [ "${#areas[@]}" -eq 2 ] || fail "$1.pem is no TSS2 PRIVATE KEY"
  xxd -r -p <<<"${areas[0]}" >"$HAND/key.pub"
  xxd -r -p <<<"${areas[1]}" >"$HAND/key.priv"
}

# satisfy_fuse KEY_ID agent_fuse|host_fuse AUTH: one PolicyNV term; TPM_RC_POLICY (0x126) if the fuse
# no longer has the value the key was made with.
satisfy_fuse() {
  local index
  index=$(fuse_of "$1" "$2" nv_index)
  fuse_of "$1" "$2" value | xxd -r -p >"$HAND/operand"
  tpm2_policynv -Q -S "$HAND/session" -C "$index" -P "hex:$3" -i "$HAND/operand" "$index" eq
}

# The host's own keys have no fuse but the host's.
satisfy_agent_fuse() {
  [ "$(fuse_of "$1" agent_fuse nv_index)" = 0 ] ||
    satisfy_fuse "$1" agent_fuse "$(auth_of "$1" agent_fuse_auth)"
}

# attempt KEY_ID: load, satisfy its fuses, sign. Each command stands for one in the chip.
attempt() {
  unpack_blob "$1" &&
    tpm2_load -Q -C 0x81000001 -u "$HAND/key.pub" -r "$HAND/key.priv" -c "$HAND/key.ctx" &&
    tpm2_startauthsession -Q --policy-session -S "$HAND/session" &&
    satisfy_agent_fuse "$1" &&
    satisfy_fuse "$1" host_fuse "$(auth_of host-fuse auth)" &&
    tpm2_sign -Q -c "$HAND/key.ctx" -g sha256 -p "session:$HAND/session" \
      -f plain -o "$HAND/signature" "$HAND/message"
}

# sign_by_hand KEY_ID: true if the chip signed, and the signature is that key's. What the tools said
# is in $HAND/said.
sign_by_hand() {
  local signed=no
  echo "signed by hand" >"$HAND/message"
  rm -f "$HAND/signature"
  if attempt "$1" >"$HAND/said" 2>&1; then signed=yes; fi
  tpm2_flushcontext "$HAND/session" >/dev/null 2>&1 || true
  tpm2_flushcontext -t >/dev/null 2>&1 || true
  rm -f "$HAND/session" "$HAND/key.ctx"
  [ "$signed" = yes ] || return 1
  openssl dgst -sha256 -verify "$HAND/$1.spki" -signature "$HAND/signature" "$HAND/message" >/dev/null
}

# know_key KEY_ID JWS: the key's public half, from a credential its agent got (x5c in the JWS).
know_key() {
  jws_header "$2" | jq -r '.x5c[0]' | base64 -d | openssl x509 -inform DER -noout -pubkey >"$HAND/$1.spki"
}

# refused_by_chip KEY_ID: the attempt fails, and by nothing else than the chip's policy.
refused_by_chip() {
  if sign_by_hand "$1"; then fail "$1 still signs"; fi
  grep -q '0x126' "$HAND/said" || fail "failed otherwise: $(cat "$HAND/said")"
  echo "$1: the chip refuses: TPM_RC_POLICY (0x126)"
}

# signed_by_chip KEY_ID: the same commands succeed.
signed_by_chip() {
  sign_by_hand "$1" || fail "$1 does not sign: $(cat "$HAND/said")"
  echo "$1: the chip signs"
}
