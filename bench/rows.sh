# shellcheck shell=bash
# The rows of bench/run: how each is prepared, and the one command that measures it. Sourced by it.

prepare_rows() {
  prepare_agent
  prepare_floor
}

measure_rows() {
  if wanted floor; then
    measured floor-each on_one_core raw_floor each
    measured floor-kept on_one_core raw_floor kept
    measured floor-free anywhere raw_floor each
  fi
  if wanted holdfast; then
    measured holdfast-1 on_one_core sign_clients 1
    measured holdfast-8 anywhere sign_clients 8
  fi
}

# ── Holdfast ────────────────────────────────────────────────────────────────────────────────────

prepare_agent() {
  cp "$HOLDFAST_BIN/sign-clients" "$AGENTS/sign-clients"
  declare_agent sign-clients refund.create
  holdfast apply
  sign_clients 1
  agent_key=$(holdfast agent show sign-clients --json | jq -r .key_id)
}

sign_clients() { "$AGENTS/sign-clients" "$HOLDFAST_SOCKET" "$1" "$turn_ms" "$least" "$AUDIENCE"; }

# ── the floor: the same key, its policy, the same chip commands, and no daemon ──────────────────

# secret_of RECORD MEMBER, in hex: keys/ has them in base64url.
secret_of() { jq -r ".$2" "$DIR/state/keys/$1.json" | from_base64url | xxd -p -c 256; }
fuse_of() { jq -r ".$1.$2" "$DIR/state/keys/$agent_key.json"; }

# TSS2 PRIVATE KEY (PEM) holds two OCTET STRINGs: TPM2B_PUBLIC and TPM2B_PRIVATE.
prepare_floor() {
  local areas
  mapfile -t areas < <(openssl asn1parse -in "$DIR/state/keys/$agent_key.pem" |
    sed -n 's/.*OCTET STRING.*\[HEX DUMP\]://p')
  xxd -r -p <<<"${areas[0]}" >"$DIR/floor.pub"
  xxd -r -p <<<"${areas[1]}" >"$DIR/floor.priv"
  floor_terms=(
    "$(fuse_of agent_fuse nv_index):$(secret_of "$agent_key" agent_fuse_auth):$(fuse_of agent_fuse value)"
    "$(fuse_of host_fuse nv_index):$(secret_of host-fuse auth):$(fuse_of host_fuse value)"
  )
}

raw_floor() {
  "$HOLDFAST_BIN/raw-floor" "$1" "$turn_ms" "$least" "$DIR/floor.pub" "$DIR/floor.priv" \
    "${floor_terms[@]}"
}
