# shellcheck shell=bash
# The rows of bench/run: how each is prepared, and the one command that measures it. Sourced by it.

# What a row needs and is not there: the table says so.
: >"$DIR/missing"
lacks() { printf '%s\t%s\n' "$1" "$2" >>"$DIR/missing"; }
has_provider() { openssl list -providers -provider tpm2 >/dev/null 2>&1; }
pkcs11_module=$(module_named libtpm2_pkcs11.so)
has_pkcs11() {
  [ -n "$pkcs11_module" ] && [ -x "$HOLDFAST_BIN/pkcs11-sign" ] && command -v tpm2_ptool >/dev/null
}
has_tools() { command -v tpm2_sign >/dev/null; }
softhsm=$(module_named libsofthsm2.so)
has_softhsm() { [ -n "$softhsm" ] && command -v softhsm2-util >/dev/null && [ -x "$HOLDFAST_BIN/pkcs11-sign" ]; }

# Before the daemon serves: these use the TPM alone, and leave keys in files.
prepare_peers() {
  local row
  if wanted openssl; then
    if has_provider; then prepare_openssl; else lacks openssl-1 tpm2-openssl; fi
  fi
  if wanted pkcs11 || wanted ssh; then
    if has_pkcs11; then
      prepare_pkcs11
    else
      for row in pkcs11-1 pkcs11-8 ssh-1; do
        lacks "$row" "libtpm2-pkcs11-1, libtpm2-pkcs11-tools, libp11-kit-dev"
      done
    fi
  fi
  if wanted tools; then
    if has_tools; then prepare_tools; else lacks tools-1 tpm2-tools; fi
  fi
  if wanted hsm; then
    if has_softhsm; then
      prepare_token
    else
      for row in token-1 token-8 hsm-1 hsm-8; do lacks "$row" "softhsm2, libp11-kit-dev"; done
    fi
  fi
}

prepare_rows() {
  prepare_agent
  prepare_floor
  if ready_for hsm; then prepare_hsm; fi
  if wanted measure; then prepare_measure; fi
  if wanted verify; then prepare_verify; fi
  if wanted policy; then prepare_policy; fi
}

ready_for() { wanted "$1" && ! grep -q "^$1" "$DIR/missing"; }

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
  if ready_for hsm; then
    measured token-1 on_one_core token_sign 1
    measured hsm-1 on_one_core hsm_clients 1
    measured token-8 anywhere token_sign 8
    measured hsm-8 anywhere hsm_clients 8
  fi
  if ready_for openssl; then measured openssl-1 on_one_core openssl_sign; fi
  if ready_for pkcs11; then
    measured pkcs11-1 on_one_core pkcs11_sign 1
    measured pkcs11-8 anywhere pkcs11_sign 8
  fi
  if ready_for ssh; then measured ssh-1 on_one_core ssh_sign; fi
  if ready_for tools; then measured tools-1 on_one_core tools_sign; fi
  if wanted measure; then
    measured cold on_one_core measure_loop cold
    measured cold-openssl on_one_core openssl_digest
    measured warm on_one_core measure_loop warm
  fi
  if wanted issue; then measured issue on_one_core ask 1 /v1/credential '{}'; fi
  if wanted evidence; then measured evidence on_one_core ask 1 /v1/evidence "$evidence_request"; fi
  if wanted verify; then
    measured verify-action on_one_core verify_loop action "$DIR/signed.jws" "$DIR/ca.pem"
    measured verify-evidence on_one_core verify_loop evidence "$DIR/evidence.json" "$DIR/ca.pem" \
      "$nonce_hex" https://verifier.example
  fi
  if wanted policy; then
    measured decide on_one_core policy_loop decide "$least" "$DIR"/policies-100/*
    measured load on_one_core policy_loop load "$few" "$DIR"/policies-10000/*
  fi
  if wanted policy && [ -d "$DIR/cedar" ]; then
    measured cedar-decide on_one_core cedar_loop decide "$least" "$DIR"/policies-100/*
    measured cedar-load on_one_core cedar_loop load "$few" "$DIR"/policies-10000/*
  fi
}

# ── Holdfast ────────────────────────────────────────────────────────────────────────────────────

prepare_agent() {
  cp "$HOLDFAST_BIN/ask-clients" "$AGENTS/ask-clients"
  declare_agent ask-clients refund.create
  holdfast apply
  turn_ms=1 least=1 sign_clients 1
  agent_key=$(holdfast agent show ask-clients --json | jq -r .key_id)
}

each_of() { echo $((least / $1 > 5 ? least / $1 : 5)); }  # `least` turns, shared by so many
# ask CLIENTS TARGET BODY
ask() { ask_as ask-clients "$@"; }
ask_as() { "$AGENTS/$1" "$HOLDFAST_SOCKET" "$2" "$turn_ms" "$(each_of "$2")" "$3" "$4"; }
sign_request='{"action":"refund.create","resource":"order/4711","audience":"'"$AUDIENCE"'",
  "params":{"amount_minor":4200,"currency":"EUR"}}'
sign_clients() { ask "$1" /v1/actions "$sign_request"; }

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

# ── what a user would pick instead; no policy on their keys, so one TPM command a signature ─────

srk=0x81000001  # the daemon made it

prepare_openssl() {
  openssl genpkey -provider tpm2 -provider default -algorithm EC -pkeyopt group:P-256 \
    -pkeyopt "parent:$srk" -out "$DIR/openssl.pem"
}
openssl_sign() { "$HOLDFAST_BIN/openssl-sign" "$turn_ms" "$least" "$DIR/openssl.pem"; }

# A TPM without a resource manager keeps what tpm2-tools loaded, and this one has three slots: so
# each call is followed by a flush. tidy_tool PATH: that tool, in $DIR/tidy.
tidy_tool() {
  printf '#!/bin/sh\n%s "$@"\nresult=$?\n%s -t\nexit $result\n' "$1" \
    "$(command -v tpm2_flushcontext)" >"$DIR/tidy/${1##*/}"
  chmod +x "$DIR/tidy/${1##*/}"
}
prepare_pkcs11() {
  local tool
  export TPM2_PKCS11_STORE=$DIR/pkcs11
  mkdir -p "$TPM2_PKCS11_STORE" "$DIR/tidy"
  for tool in "$(dirname "$(command -v tpm2_sign)")"/tpm2_*; do tidy_tool "$tool"; done
  rm "$DIR/tidy/tpm2_ptool"  # the one that calls the others
  (
    PATH=$DIR/tidy:$PATH
    ptool() { local verb=$1; shift; tpm2_ptool "$verb" --path "$TPM2_PKCS11_STORE" "$@"; }
    ptool init --primary-handle "$srk"
    ptool addtoken --pid 1 --label bench --userpin 1234 --sopin 1234
    ptool addkey --label bench --userpin 1234 --algorithm ecc256 --key-label bench
  )
  printf '#!/bin/sh\necho 1234\n' >"$DIR/pin"
  chmod 0700 "$DIR/pin"
}
pkcs11_sign() {
  "$HOLDFAST_BIN/pkcs11-sign" "$turn_ms" "$(each_of "$1")" "$pkcs11_module" 1234 "$1"
}

# An agent for each round: the module keeps its slots of the TPM as long as it is loaded, and longer
# where it is ended by a signal; the daemon loads its key again.
ssh_sign() {
  local result=0 module kind
  module=$(realpath "$pkcs11_module")
  eval "$(ssh-agent -s -P "$module")" >/dev/null
  SSH_ASKPASS=$DIR/pin SSH_ASKPASS_REQUIRE=force ssh-add -q -s "$module" >&2 &&
    "$BENCH/ssh-agent-loop" "$turn_ms" "$least" || result=$?
  kill "$SSH_AGENT_PID"
  wait_until 10 "ssh-agent to end" gone "$SSH_AGENT_PID"
  wait_until 10 "its helper to let go of the TPM" tpm2_getrandom -Q 1 -o "$DIR/random"
  for kind in --transient-object --loaded-session --saved-session; do
    tpm2_flushcontext "$kind" >&2
  done
  return $result
}

prepare_tools() {
  mkdir -p "$DIR/tidy"
  tpm2_create -Q -C "$srk" -G ecc256:ecdsa-sha256 -u "$DIR/tools.pub" -r "$DIR/tools.priv"
  tpm2_load -Q -C "$srk" -u "$DIR/tools.pub" -r "$DIR/tools.priv" -c "$DIR/tools.ctx"
  tpm2_flushcontext -t
  head -c 32 /dev/zero >"$DIR/digest"
}
tools_sign() {
  AFTER="tpm2_flushcontext -t" "$BENCH/repeat" "$turn_ms" "$((least < 20 ? least : 20))" \
    tpm2_sign -Q -c "$DIR/tools.ctx" -g sha256 -d -f plain -o "$DIR/tools.sig" "$DIR/digest"
}

# ── the same with the agent's key in a token: SoftHSM, raw and through Holdfast ─────────────────

prepare_token() {
  export SOFTHSM2_CONF=$DIR/softhsm2.conf
  mkdir "$DIR/tokens"
  printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$DIR/tokens" \
    >"$SOFTHSM2_CONF"
  softhsm2-util --init-token --free --label bench --pin 1234 --so-pin 1234
  (umask 077; printf 1234 >"$DIR/pin-file")
  cat >"$DIR/holdfastd.conf" <<EOF
[pkcs11]
module = $softhsm
token = pkcs11:token=bench
pin_file = $DIR/pin-file
environment = SOFTHSM2_CONF=$SOFTHSM2_CONF
software = allow
EOF
}
# The raw loop signs with the agent's own key, the only one in that token.
prepare_hsm() {
  { cat "$HOLDFAST_BIN/ask-clients"; printf hsm; } >"$AGENTS/hsm-clients"
  chmod 0755 "$AGENTS/hsm-clients"
  declare_agent hsm-clients refund.create
  printf '\n[key]\nbackend = "pkcs11:token=bench"\n' >>"$DIR/agents.d/hsm-clients.toml"
  holdfast apply
  turn_ms=1 least=1 hsm_clients 1
}
hsm_clients() { ask_as hsm-clients "$1" /v1/actions "$sign_request"; }
token_sign() { "$HOLDFAST_BIN/pkcs11-sign" "$turn_ms" "$(each_of "$1")" "$softhsm" 1234 "$1"; }

# ── recognising a process ───────────────────────────────────────────────────────────────────────

# An agent of 100 MB, started and waiting.
prepare_measure() {
  cp /bin/sleep "$DIR/big-agent"
  head -c 100M /dev/urandom >>"$DIR/big-agent"
  "$DIR/big-agent" infinity </dev/null >/dev/null 2>&1 &
  big_agent=$!
}
few=$((least < 10 ? least : 10))
measure_loop() {
  "$HOLDFAST_BIN/measure-loop" "$1" "$turn_ms" "$few" "$big_agent" "$DIR/big-agent"
}
openssl_digest() {
  "$BENCH/repeat" "$turn_ms" "$few" openssl dgst -sha256 "$DIR/big-agent"
}

# ── what a relying party does ───────────────────────────────────────────────────────────────────

nonce_hex=$(head -c 32 /dev/urandom | xxd -p -c 64)
nonce=$(xxd -r -p <<<"$nonce_hex" | basenc --base64url -w 0 | tr -d =)
evidence_request='{"nonce":"'$nonce'","verifier":"https://verifier.example"}'

prepare_verify() {
  declare_agent refund-agent refund.create
  holdfast apply
  sign refund-agent "$DIR/signed.jws"
  jws_header "$DIR/signed.jws" | jq -r '.x5c[1]' | base64 -d |
    openssl x509 -inform DER -out "$DIR/ca.pem"
  agent refund-agent --nonce "$nonce" --verifier https://verifier.example |
    jq -ec 'select(.step == "evidence") | .reply' >"$DIR/evidence.json"
}
verify_loop() {
  local kind=$1
  shift
  "$HOLDFAST_BIN/verify-loop" "$kind" "$turn_ms" "$least" "$@"
}

# ── policies; Cedar's own implementation is what a user would pick instead ──────────────────────

prepare_policy() {
  local row
  "$BENCH/policies" 100 "$DIR/policies-100"
  "$BENCH/policies" 10000 "$DIR/policies-10000"
  if command -v npm >/dev/null; then
    mkdir "$DIR/cedar"
    cp "$BENCH"/cedar-loop.mjs "$BENCH"/../tests/judges/cedar/package{,-lock}.json "$DIR/cedar"
    (cd "$DIR/cedar" && npm ci --silent --no-audit --no-fund --prefer-offline)
  else
    for row in cedar-decide cedar-load; do lacks "$row" "nodejs, npm"; done
  fi
}
# policy_loop decide|load LEAST FILE…
policy_loop() { "$HOLDFAST_BIN/policy-loop" "$1" "$turn_ms" "${@:2}"; }
cedar_loop() { node "$DIR/cedar/cedar-loop.mjs" "$1" "$turn_ms" "${@:2}"; }

end_rows() { [ -z "${big_agent:-}" ] || kill "$big_agent" 2>/dev/null || true; }
