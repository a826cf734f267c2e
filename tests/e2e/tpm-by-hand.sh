# What an attacker with root and tpm2-tools can do: uses a stored key past the daemon. Source it after
# lib.sh. Everything here goes straight to the chip; the daemon only lends it between its commands.
export TPM2TOOLS_TCTI=swtpm:path=$DIR/tpm/sock
HAND=$DIR/by-hand
mkdir -p "$HAND"

# unpack_blob KEY_ID: TSS2 PRIVATE KEY (PEM) → key.pub, key.priv as tpm2_load wants them.
unpack_blob() {
  openssl asn1parse -in "$DIR/state/keys/$1.pem" >"$HAND/asn1"
  local offsets
  mapfile -t offsets < <(awk -F: '/OCTET STRING/{print $1 + 0}' "$HAND/asn1")
  [ "${#offsets[@]}" -eq 2 ] || fail "$1.pem is no TSS2 PRIVATE KEY: $(cat "$HAND/asn1")"
  openssl asn1parse -in "$DIR/state/keys/$1.pem" -strparse "${offsets[0]}" -noout -out "$HAND/key.pub" 2>/dev/null || true
  octets "$1" "${offsets[0]}" >"$HAND/key.pub"
  octets "$1" "${offsets[1]}" >"$HAND/key.priv"
}

# The content of the OCTET STRING at that offset of the DER inside.
octets() {
  local header length
  header=$(awk -F'[:= ]+' -v at="$2" '$1 + 0 == at && /OCTET/ {print; exit}' "$HAND/asn1" | sed 's/.*hl= *\([0-9]*\).*/\1/')
  length=$(grep -E "^ *$2:" "$HAND/asn1" | sed 's/.* l= *\([0-9]*\).*/\1/')
  grep -v -- ----- "$DIR/state/keys/$1.pem" | base64 -d | tail -c +$(($2 + header + 1)) | head -c "$length"
}

# One PolicyNV term as the key's record in the state directory describes it. $1 session, $2 file, $3 which
policy_nv() {
  local index operand
  index=$(jq -r ".$3.nv_index" "$2")
  operand=$(jq -r ".$3.value" "$2")
  xxd -r -p <<<"$operand" >"$HAND/operand" 2>/dev/null || printf '%s' "$operand" | unhex >"$HAND/operand"
  tpm2_policynv -Q -S "$1" -C o -i "$HAND/operand" "$(printf '0x%x' "$index")" eq
}
unhex() { perl -pe 's/([0-9a-f]{2})/chr hex $1/gie'; }

# sign_by_hand KEY_ID: signs with the stored blob, satisfying its policy as the daemon would. The
# reason of a failure is in $HAND/said.
sign_by_hand() {
  local record=$DIR/state/keys/$1.json result=0
  unpack_blob "$1"
  (
    tpm2_load -Q -C 0x81000001 -u "$HAND/key.pub" -r "$HAND/key.priv" -c "$HAND/key.ctx"
    tpm2_startauthsession -Q --policy-session -S "$HAND/session"
    policy_nv "$HAND/session" "$record" agent_fuse
    policy_nv "$HAND/session" "$record" host_fuse
    echo "signed by hand" | tpm2_sign -Q -c "$HAND/key.ctx" -g sha256 -p "session:$HAND/session" -o "$HAND/signature" /dev/stdin
  ) >"$HAND/said" 2>&1 || result=$?
  tpm2_flushcontext "$HAND/session" >/dev/null 2>&1 || true
  tpm2_flushcontext -t >/dev/null 2>&1 || true
  rm -f "$HAND/session" "$HAND/key.ctx"
  return "$result"
}

# refused_by_chip KEY_ID: the attempt fails, and it is the chip's policy that says no.
refused_by_chip() {
  if sign_by_hand "$1"; then fail "$1 still signs"; fi
  grep -qiE 'tpm:(error|parameter|session).*(policy|0x126|nv)' "$HAND/said" || fail "failed otherwise: $(cat "$HAND/said")"
  grep -iE -m1 'tpm:' "$HAND/said" | sed 's/^/the chip: /'
}
