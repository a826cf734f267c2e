#!/usr/bin/env bash
# One agent, end to end: declared, recognised, credential issued, action signed, evidence given, and
# all three checked with the daemon and the TPM gone.
. "$(dirname "$0")/lib.sh"

say "An operator declares an agent: the chip makes its key"
start_tpm
start_daemon
declare_agent refund-agent refund.create
expect_exit 0 holdfast apply --check "$DIR/agents.d/refund-agent.toml"
holdfast apply
[ "$(holdfast agent show refund-agent --json | jq -r .state)" = active ] || fail "not active"

say "The agent asks who it is; nothing but its code and its uid says so"
nonce=$(head -c 32 /dev/urandom | basenc --base64url | tr -d '=\n')
agent refund-agent --nonce "$nonce" --verifier https://verifier.example >"$DIR/steps" ||
  fail "the agent was refused: $(tail -n 1 "$DIR/steps")"
reply() { jq -e "select(.step == \"$1\") | .reply" "$DIR/steps"; }
reply whoami | jq -e '.agent | endswith("/agent/refund-agent")' >/dev/null
reply whoami | jq -e '.measurement.assurance == "observed"' >/dev/null
reply whoami | jq -e '.custody == "software-tpm"' >/dev/null ||
  fail "a software TPM must be called one"

say "It has a credential, a signed action and evidence"
reply credential | jq -er .chain_pem >"$DIR/credential.pem"
reply sign | jq -er .jws >"$DIR/action.jws"
reply evidence >"$DIR/evidence.json"
# The second certificate is the host's CA; a relying party was given it when the host was set up.
awk '/BEGIN CERT/{n++} n==2' "$DIR/credential.pem" >"$DIR/ca.pem"

say "Ordinary OpenSSL accepts the credential"
openssl verify -CAfile "$DIR/ca.pem" "$DIR/credential.pem"

say "A verifier enrols the host: only the chip with that EK certificate can answer"
"$ROOT/scripts/software-tpm" roots "$DIR" >"$DIR/ek-roots.pem"
holdfast enroll host --out "$DIR/host.json"
holdfast enroll challenge --host "$DIR/host.json" --ek-roots "$DIR/ek-roots.pem" \
  --out "$DIR/challenge.json" --secret "$DIR/enrol-secret"
holdfast enroll respond "$DIR/challenge.json" --out "$DIR/response.json"
holdfast enroll finish "$DIR/response.json" --secret "$DIR/enrol-secret" --out "$DIR/enrolment.json"

say "The TPM and the daemon are gone; a verifier needs neither"
stop_daemon
stop_tpm
[ ! -e "$DIR/tpm/pid" ] || fail "the TPM still runs"
expect_exit 0 holdfast verify credential "$DIR/credential.pem" --roots "$DIR/ca.pem"
expect_exit 0 holdfast verify action "$DIR/action.jws" --roots "$DIR/ca.pem" --audience "$AUDIENCE"
expect_exit 0 holdfast verify evidence "$DIR/evidence.json" --roots "$DIR/ca.pem" \
  --ek-roots "$DIR/ek-roots.pem" --nonce "$nonce" --verifier https://verifier.example \
  --enrolment "$DIR/enrolment.json" --profile evaluation

say "Anything else is refused with exit code 6, and so is a software TPM in production"
expect_exit 6 holdfast verify evidence "$DIR/evidence.json" --roots "$DIR/ca.pem" \
  --ek-roots "$DIR/ek-roots.pem" --nonce "$nonce" --verifier https://verifier.example \
  --enrolment "$DIR/enrolment.json" --profile production
expect_exit 6 holdfast verify action "$DIR/action.jws" --roots "$DIR/ca.pem" --audience https://other.example
expect_exit 6 holdfast verify evidence "$DIR/evidence.json" --roots "$DIR/ca.pem" \
  --nonce "$(head -c 32 /dev/zero | basenc --base64url | tr -d '=\n')" --verifier https://verifier.example
payload=$(cut -d. -f2 "$DIR/action.jws")
flipped=$(basenc --base64url -d <<<"$payload====" 2>/dev/null | sed 's/4200/9200/' | basenc --base64url -w0 | tr -d =)
sed "s|$payload|$flipped|" "$DIR/action.jws" >"$DIR/forged.jws"
cmp -s "$DIR/action.jws" "$DIR/forged.jws" && fail "the forgery changed nothing"
expect_exit 6 holdfast verify action "$DIR/forged.jws" --roots "$DIR/ca.pem" --audience "$AUDIENCE"

say "Whoever comes back finds the same agent with the same key"
start_tpm
start_daemon
sign refund-agent "$DIR/again.jws"
kid() { cut -d. -f1 "$1" | { cat; echo ===; } | tr -d '\n' | basenc --base64url -d 2>/dev/null | jq -r .kid; }
[ "$(kid "$DIR/action.jws")" = "$(kid "$DIR/again.jws")" ] || fail "another key signed"
echo "the story held"
