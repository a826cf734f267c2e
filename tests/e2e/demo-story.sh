#!/usr/bin/env bash
# One agent, end to end: declared, recognised, credential issued, action signed, evidence given, and
# all of it checked with the daemon and the TPM gone, by Holdfast's verifier and by OpenSSL and jose.
. "$(dirname "$0")/lib.sh"

VERIFIER=https://verifier.example
random_nonce() { head -c 32 /dev/urandom | basenc --base64url -w0 | tr -d =; }

say "An operator declares an agent: the chip makes its key"
start_tpm
start_daemon
declare_agent refund-agent refund.create
expect_exit 0 holdfast apply --check "$DIR/agents.d/refund-agent.toml"
holdfast apply
[ "$(holdfast agent show refund-agent --json | jq -r .state)" = active ] || fail "not active"

say "The agent asks who it is; nothing but its code and its uid says so"
nonce=$(random_nonce)
agent refund-agent --nonce "$nonce" --verifier "$VERIFIER" >"$DIR/steps" ||
  fail "the agent was refused: $(tail -n 1 "$DIR/steps")"
reply() { jq -nce "first(inputs | select(.step == \"$1\")).reply" "$DIR/steps"; }
reply whoami | jq '{agent, state, custody, fuse, notes, assurance: .measurement.assurance}' | tee "$DIR/whoami"
jq -e '(.agent | endswith("/agent/refund-agent")) and .assurance == "observed"' "$DIR/whoami" >/dev/null
jq -e '.custody == "software-tpm"' "$DIR/whoami" >/dev/null || fail "a software TPM must be called one"

say "It has a credential, a signed action and evidence"
reply credential | jq -er .chain_pem >"$DIR/credential.pem"
reply sign | jq -er .jws >"$DIR/action.jws"
reply evidence >"$DIR/evidence.json"
# The second certificate is the host's CA; a relying party was given it when the host was set up.
awk '/BEGIN CERT/{n++} n==2' "$DIR/credential.pem" >"$DIR/ca.pem"

say "The key's file is what other TPM software reads: same public key as in the credential"
key=$(holdfast agent show refund-agent --json | jq -r .key_id)
stop_daemon
TPM2OPENSSL_TCTI=swtpm:path=$DIR/tpm/sock openssl pkey -provider tpm2 -provider default \
  -in "$DIR/state/keys/$key.pem" -pubout >"$DIR/by-tpm2.pem"
openssl x509 -in "$DIR/credential.pem" -noout -pubkey | cmp - "$DIR/by-tpm2.pem"
start_daemon

say "A verifier enrols the host: only the chip with that EK certificate can answer"
"$ROOT/scripts/software-tpm" roots "$DIR" >"$DIR/ek-roots.pem"
holdfast enroll host --out "$DIR/host.json"
holdfast enroll challenge --host "$DIR/host.json" --ek-roots "$DIR/ek-roots.pem" \
  --out "$DIR/challenge.json" --secret "$DIR/enrol-secret"
holdfast enroll respond "$DIR/challenge.json" --out "$DIR/response.json"
holdfast enroll finish "$DIR/response.json" --secret "$DIR/enrol-secret" --out "$DIR/enrolment.json"
[ "$(stat -c %a "$DIR/enrol-secret")" = 600 ] || fail "the secret may be read by others"
sed 's/"secret":"_/"secret":"A/; t; s/"secret":"./"secret":"_/' "$DIR/response.json" >"$DIR/wrong.json"
expect_exit 6 holdfast enroll finish "$DIR/wrong.json" --secret "$DIR/enrol-secret" --out "$DIR/never.json"
[ ! -e "$DIR/never.json" ] || fail "a wrong answer was enrolled"
expect_exit 6 holdfast enroll challenge --host "$DIR/host.json" --ek-roots "$DIR/ca.pem" \
  --out "$DIR/never.json" --secret "$DIR/no-secret"

say "The TPM and the daemon are gone; a verifier needs neither"
stop_daemon
stop_tpm
[ ! -e "$DIR/tpm/pid" ] || fail "the TPM still runs"
unset HOLDFAST_SOCKET HOLDFAST_ADMIN_SOCKET
verify() { holdfast verify "$@" --roots "$DIR/ca.pem"; }
verify_evidence() {  # FILE NONCE OPTIONS…
  local file=$1 given=$2
  shift 2
  verify evidence "$file" --nonce "$given" --verifier "$VERIFIER" "$@"
}
enrolled=(--ek-roots "$DIR/ek-roots.pem" --enrolment "$DIR/enrolment.json")
verify credential "$DIR/credential.pem"
verify action "$DIR/action.jws" --audience "$AUDIENCE"
verify_evidence "$DIR/evidence.json" "$nonce" "${enrolled[@]}"

say "With the enrolment file the EK and AK rules pass; without it they are not run, and nothing is claimed"
verify_evidence "$DIR/evidence.json" "$nonce" "${enrolled[@]}" --json >"$DIR/with"
verify_evidence "$DIR/evidence.json" "$nonce" --json >"$DIR/without"
outcome() { jq -r --arg id "$2" '.rules[] | select(.id == $id) | .outcome' "$DIR/$1"; }
for rule in ek.public ek.certificate ek.chain ek.key ek.enrolment ak.public ak.attributes ak.hierarchy; do
  [ "$(outcome with "$rule")" = pass ] || fail "$rule: $(outcome with "$rule")"
done
[ "$(outcome without ek.chain)" = "not run" ] || fail "ek.chain ran without roots"
[ "$(outcome without ek.enrolment)" = "not run" ] || fail "ek.enrolment ran without the file"
jq -n '[inputs.claims.custody]' "$DIR/with" "$DIR/without" -c
jq -e '.claims.custody == "software-tpm"' "$DIR/with" >/dev/null
jq -e '.claims.custody == "unproven"' "$DIR/without" >/dev/null

say "OpenSSL accepts the credential, and it keeps the rules of SPIFFE"
openssl verify -x509_strict -CAfile "$DIR/ca.pem" "$DIR/credential.pem"
extension() { openssl x509 -in "$DIR/credential.pem" -noout -ext "$1" | tail -n +2 | sed 's/^ *//'; }
[[ $(extension subjectAltName) =~ ^URI:spiffe://[^,\ ]+/agent/refund-agent$ ]] || fail "not exactly one URI"
[ "$(extension keyUsage)" = "Digital Signature" ] || fail "key usage: $(extension keyUsage)"
[ "$(extension basicConstraints)" = CA:FALSE ] || fail "a CA certificate"
extension subjectAltName
extension extendedKeyUsage

say "jose and Node's X.509 accept the action, and find its payload canonical"
cp "$ROOT"/tests/judges/{judge-action.mjs,package.json,package-lock.json} "$DIR"
(cd "$DIR" && npm ci --silent --no-audit --no-fund --prefer-offline)
judge() { node "$DIR/judge-action.mjs" "$1" "$DIR/ca.pem"; }
judge "$DIR/action.jws" | jq '{agent, action, audience, params, decision, sequence}'

say "A changed byte anywhere, another nonce, another audience: exit code 6"
# flip TEXT OFFSET: one character of base64url changed for another.
flip() {
  local other=A
  [ "${1:$2:1}" != A ] || other=B
  printf %s "${1:0:$2}$other${1:$2+1}"
}
jws=$(cat "$DIR/action.jws")
IFS=. read -r header payload signature <<<"$jws"
for offset in $((${#header} / 2)) $((${#header} + ${#payload} / 2)) $((${#jws} - ${#signature} / 2)); do
  flip "$jws" "$offset" >"$DIR/flipped"
  expect_exit 6 verify action "$DIR/flipped" --audience "$AUDIENCE"
  if judge "$DIR/flipped" >/dev/null 2>&1; then fail "jose believes it with byte $offset changed"; fi
  echo "action, byte $offset: refused"
done
for member in $(jq -r 'keys[] | select(. != "__cmwc_t")' "$DIR/evidence.json"); do
  # Well behind the beginning: in a structure's contents rather than its tag.
  value=$(flip "$(jq -r ".[\"$member\"][1]" "$DIR/evidence.json")" 60)
  jq --arg value "$value" ".[\"$member\"][1] = \$value" "$DIR/evidence.json" >"$DIR/flipped"
  expect_exit 6 verify_evidence "$DIR/flipped" "$nonce" "${enrolled[@]}" --json
  echo "evidence, $member: $(jq -rc '[.rules[] | select(.outcome == "fail") | .id] | join(" ")' "$DIR/out")"
done
expect_exit 6 verify_evidence "$DIR/evidence.json" "$(random_nonce)"
expect_exit 6 verify evidence "$DIR/evidence.json" --nonce "$nonce" --verifier https://other.example
expect_exit 6 verify action "$DIR/action.jws" --audience https://other.example
expect_exit 6 holdfast verify credential "$DIR/credential.pem" --roots "$DIR/ek-roots.pem"

say "And a software TPM never passes as hardware"
expect_exit 6 verify_evidence "$DIR/evidence.json" "$nonce" "${enrolled[@]}" --profile production --json
jq -c '[.rules[] | select(.required and .outcome != "pass") | .id]' "$DIR/out"

say "Whoever comes back finds the same agent with the same key"
export HOLDFAST_SOCKET=$DIR/agent.sock HOLDFAST_ADMIN_SOCKET=$DIR/admin.sock
start_tpm
start_daemon
sign refund-agent "$DIR/again.jws"
kid() { jws_header "$1" | jq -r .kid; }
[ "$(kid "$DIR/action.jws")" = "$(kid "$DIR/again.jws")" ] || fail "another key signed"
echo "the story held"
