#!/usr/bin/env bash
# Keys in a PKCS#11 token, once on a host without a TPM and once beside one: each algorithm signs,
# others believe it, a revoked key is gone from the token, and a wrong PIN costs one try.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hsm-lib.sh"

ALGORITHMS=(ES256 ES384 Ed25519 PS256-2048 PS256-3072 RS256-2048 RS256-3072)
name_of() { printf 'bot-%s' "${1,,}"; }
declare -A JOSE=([ES256]=ES256 [ES384]=ES384 [Ed25519]=EdDSA [PS256-2048]=PS256 [PS256-3072]=PS256
  [RS256-2048]=RS256 [RS256-3072]=RS256)

cp "$ROOT"/tests/judges/{judge-action.mjs,package.json,package-lock.json} "$DIR"
judge=skipped
if command -v npm >/dev/null && (cd "$DIR" && npm ci --silent --no-audit --no-fund --prefer-offline); then
  judge=jose
fi

# certificates JWS: the credential and its issuer, out of the signature's header.
certificates() {
  local header
  header=$(jws_header "$1")
  for place in 0 1; do
    jq -er ".x5c[$place]" <<<"$header" | base64 -d | openssl x509 -inform DER
  done
}

# believed JWS ALGORITHM: by OpenSSL, by holdfast, and by jose.
believed() {
  [ "$(jws_header "$1" | jq -r .alg)" = "${JOSE[$2]}" ] || fail "$1: signed with $(jws_header "$1" | jq -r .alg)"
  certificates "$1" >"$DIR/chain.pem"
  awk '/BEGIN CERT/{n++} n==2' "$DIR/chain.pem" >"$DIR/ca.pem"
  openssl verify -x509_strict -CAfile "$DIR/ca.pem" "$DIR/chain.pem" >/dev/null
  holdfast verify action "$1" --roots "$DIR/ca.pem" --audience "$AUDIENCE" >/dev/null
  [ "$judge" = skipped ] || node "$DIR/judge-action.mjs" "$1" "$DIR/ca.pem" >/dev/null
  echo "$2: believed by OpenSSL, holdfast and ${judge/skipped/nobody else (no npm)}"
}

may_not() { if "$@" >"$DIR/out" 2>"$DIR/err"; then fail "was possible: $*"; fi; }
signs() { agent "$1" --only-sign >/dev/null 2>&1; }
trouble() { holdfast status --json | jq -r '.token.trouble // ""'; }
says_pin() { [[ $(trouble) == *PIN* ]]; }
pid_of_worker() { process_of holdfast-keys-pkcs11 || true; }
is_another_worker() { local now; now=$(pid_of_worker); [ -n "$now" ] && [ "$now" != "$1" ]; }

say "A host without a TPM: everything is in the token"
make_token
configure '[tpm]' 'tcti = none' '[host]' 'keys = pkcs11'
for algorithm in "${ALGORITHMS[@]}"; do declare_in_token "$(name_of "$algorithm")" "$algorithm"; done
start_daemon
holdfast status --json | jq -ce '{custody, token: .token.name, links, register: .register.state} |
  select(.custody == "software-hsm" and .register == "absent" and (.links | has("keys-tpm") | not))'
may_not process_of holdfast-keys-tpm
[[ $(ldd "$HOLDFAST_BIN/holdfast-front") != *p11* ]] || fail "the front loads PKCS#11 code"
holdfast apply
may_not holdfast enroll host
grep -q 'no TPM' "$DIR/err" || fail "does not say why: $(cat "$DIR/err")"

say "Each algorithm signs, and others believe it"
for algorithm in "${ALGORITHMS[@]}"; do
  name=$(name_of "$algorithm")
  sign "$name" "$DIR/$name.jws"
  believed "$DIR/$name.jws" "$algorithm"
done

say "What an operator sees of a key, and what the token says itself"
serial=$(pkcs11-tool --module "$MODULE" --list-slots 2>/dev/null | sed -n '/: agents/,/^Slot/s/^ *serial num *: *//p' | head -n 1)
holdfast agent show bot-es256 --json | jq -ce --arg serial "$serial" \
  '{backend, algorithm, custody, token, fuse, key_id} | select(.backend == "pkcs11" and
    .custody == "software-hsm" and .fuse == "object" and .token == $serial)'
private_keys >"$DIR/objects"
[ "$(grep -c 'Access: *sensitive, always sensitive, never extractable, local' "$DIR/objects")" -eq 9 ] ||
  fail "not seven agents' keys and the host's two, all as claimed: $(cat "$DIR/objects")"

say "What cannot be made is refused before anything is"
declare_in_token late-bot ES256 'pkcs11:token=others'
size=$(ledger_size)
may_not holdfast apply
grep -q late-bot "$DIR/err" || fail "does not name the agent: $(cat "$DIR/err")"
declare_agent late-bot refund.create
may_not holdfast apply
grep -q 'no TPM' "$DIR/err" || fail "does not say why: $(cat "$DIR/err")"
[ "$(ledger_size)" -eq "$size" ] || fail "something was recorded"
rm "$DIR/agents.d/late-bot.toml"
sed -i 's/"ES256"/"ES384"/' "$DIR/agents.d/bot-es256.toml"
may_not holdfast apply
grep -q retire "$DIR/err" || fail "does not say what to do: $(cat "$DIR/err")"
sed -i 's/"ES384"/"ES256"/' "$DIR/agents.d/bot-es256.toml"

say "Revoked: the object is gone from the token, and its agent signs no more"
key=$(key_of bot-es384)
before=$(private_keys | grep -c '^Private Key Object')
holdfast agent revoke bot-es384 --json | jq -ce '.stages | select(.fuse == "done")'
[ "$(private_keys | grep -c '^Private Key Object')" -eq $((before - 1)) ] || fail "$key is still there"
expect_refusal agent_revoked bot-es384
sign bot-ed25519 "$DIR/again.jws"

say "A restart changes nothing"
thumbprint=$(holdfast agent show bot-es256 --json | jq -r .key_thumbprint)
stop_daemon
start_daemon
wait_until 20 "the token's worker" signs bot-es256
[ "$(holdfast agent show bot-es256 --json | jq -r .key_thumbprint)" = "$thumbprint" ] || fail "another key"
expect_refusal agent_revoked bot-es384

say "A wrong PIN is explained, and costs one try however often worker and daemon start"
stop_daemon
write_pin 11111111
start_daemon
wait_until 20 "the refusal to be told" says_pin
trouble
[[ $(token_flags) == *"count low"* ]] || fail "no try was counted: $(token_flags)"
private_keys >/dev/null # the right PIN: the token forgets the wrong one
[[ $(token_flags) != *"count low"* ]] || fail "the flag cannot show a second try"
for _ in 1 2; do
  worker=$(pid_of_worker)
  wait_until 30 "the next worker" is_another_worker "${worker:-0}"
done
stop_daemon
start_daemon
wait_until 20 "the refusal to be told again" says_pin
[[ $(token_flags) != *"count low"* ]] || fail "the refused PIN was tried again"
if signs bot-es256; then fail "signed without a PIN"; fi

say "The PIN file is mended: it signs again, without a restart"
daemon=$DAEMON_PID
write_pin "$PIN"
wait_until 30 "the new PIN to be found" signs bot-es256
[ "$DAEMON_PID" = "$daemon" ] && kill -0 "$daemon"
[ -z "$(trouble)" ] || fail "still says: $(trouble)"

say "Beside a TPM: the host's keys there, agents' keys in either"
stop_daemon
rm -rf "$DIR/state" "$DIR"/agents.d/*.toml "$DIR/tokens"
make_token
configure
declare_agent refund-agent refund.create
declare_in_token token-agent Ed25519
start_tpm
start_daemon
holdfast apply
holdfast status --json | jq -ce '{custody, token: .token.custody, links} |
  select(.custody == "software-tpm" and .token == "software-hsm" and
    .links["keys-tpm"] == "attached" and .links["keys-pkcs11"] == "attached")'
for name in refund-agent token-agent; do
  sign "$name" "$DIR/$name.jws"
  holdfast agent show "$name" --json | jq -c '{name, backend, algorithm, custody, fuse}'
done
believed "$DIR/refund-agent.jws" ES256
cp "$DIR/ca.pem" "$DIR/ca-of-tpm.pem"
believed "$DIR/token-agent.jws" Ed25519
cmp "$DIR/ca.pem" "$DIR/ca-of-tpm.pem"
[ "$(private_keys | grep -c '^Private Key Object')" -eq 1 ] || fail "the host's keys are in the token too"
holdfast agent revoke token-agent --json | jq -ce '.stages | select(.fuse == "done")'
[ "$(private_keys | grep -c '^Private Key Object' || true)" -eq 0 ] || fail "the key is still there"
expect_refusal agent_revoked token-agent
sign refund-agent "$DIR/again.jws"

say "And the other way round: the host's keys in the token, an agent's in the TPM"
stop_daemon
rm -rf "$DIR/state" "$DIR"/agents.d/*.toml "$DIR/tokens"
make_token
configure '[host]' 'keys = pkcs11'
declare_agent refund-agent refund.create
start_daemon
# This TPM counted for the state directory before.
anchor_differs() { holdfast anchor show --json | jq -e '.state == "differs"' >/dev/null; }
wait_until 20 "the difference" anchor_differs
holdfast anchor accept --reason "a new state directory" >/dev/null
holdfast apply
sign refund-agent "$DIR/refund-agent.jws"
believed "$DIR/refund-agent.jws" ES256
[ "$(private_keys | grep -c '^Private Key Object')" -eq 2 ] || fail "CA and ledger key are not in the token"
echo "all of it holds"
