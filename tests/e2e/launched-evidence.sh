#!/usr/bin/env bash
# Evidence of launched agents: which code ran on this host since boot, in a log that the TPM vouches for,
# compared with the manifests that a verifier accepts; and each way to lie about it is named by a rule.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/host.sh"
. "$(dirname "$0")/launching.sh"

VERIFIER=relying-party.example
set_up_launching

say "Two agents are launched; one of them twice"
example python-agent
describe_python python-agent 1 agent.py --arg=--actions --arg 1000000 --arg=--every --arg 0.1
mkdir "$DIR/code/sleeper"
cp "$(readlink -f "$(type -P sleep)")" "$DIR/code/sleeper/sleep"
describe sleeper 1 --entrypoint sleep --arg 600
for agent in python-agent sleeper; do
  declare_launched $agent report.publish
  import $agent 1
done
holdfast apply >/dev/null
launch sleeper
launch python-agent
first=$(launched instance)
wait_until 60 "python-agent to sign" has_step python-agent signed
holdfast stop python-agent >/dev/null
wait_until 60 "python-agent to end" nothing_runs python-agent
launch python-agent
second=$(launched instance)

say "A verifier knows this host, and which manifests it accepts"
"$ROOT/scripts/software-tpm" roots "$DIR" >"$DIR/ek-roots.pem"
holdfast enroll host --out "$DIR/host.json"
holdfast enroll challenge --host "$DIR/host.json" --ek-roots "$DIR/ek-roots.pem" \
  --out "$DIR/challenge.json" --secret "$DIR/secret" >/dev/null
holdfast enroll respond "$DIR/challenge.json" --out "$DIR/response.json" >/dev/null
holdfast enroll finish "$DIR/response.json" --secret "$DIR/secret" --out "$DIR/enrolment.json" >/dev/null
steps python-agent | jq -r 'select(.step == "credential").chain_pem' | awk '/BEGIN CERT/{n++} n==2' >"$DIR/ca.pem"
mkdir "$DIR/accepted" "$DIR/some"
cp "$DIR/manifests"/*.json "$DIR/accepted"
cp "$DIR/manifests/sleeper-1.json" "$DIR/some"

# ask FILE: the agent is asked through its own folder, and answers there.
ask() {
  local folder=$DIR/state/data/python-agent
  nonce=$(head -c 32 /dev/urandom | basenc --base64url -w0 | tr -d =)
  jq -nc --arg nonce "$nonce" --arg verifier $VERIFIER '{$nonce, $verifier}' >"$folder/question"
  chmod 0644 "$folder/question"
  mv "$folder/question" "$folder/challenge.json"
  answered() { [ ! -e "$folder/challenge.json" ]; }
  wait_until 60 "an answer" answered
  cp "$folder/evidence.json" "$1"
}
verify() {  # FILE OPTIONS…
  local file=$1
  shift
  holdfast verify evidence "$file" --nonce "$nonce" --verifier $VERIFIER --roots "$DIR/ca.pem" \
    --ek-roots "$DIR/ek-roots.pem" --enrolment "$DIR/enrolment.json" --manifest-key "$DIR/sponsor.pub" \
    --manifest-roots "$DIR/accepted" --json "$@"
}
ask "$DIR/evidence.json"
verify "$DIR/evidence.json" >"$DIR/verdict" || fail "$(cat "$DIR/verdict")"
for rule in register.value register.anchor register.launch register.manifests key.credential; do
  [ "$(jq -r --arg id $rule '.rules[] | select(.id == $id) | .outcome' "$DIR/verdict")" = pass ] || fail "$rule"
done
jq -e '.claims.assurance == "launched"' "$DIR/verdict" >/dev/null || fail "$(jq -c .claims "$DIR/verdict")"

say "It reads who ran, from which manifest, and who was stopped"
jq -c '.launches[] | {agent, version, instance, ended}' "$DIR/verdict"
jq -c '[.launches[] | [.agent, .version, .ended]]' "$DIR/verdict" >"$DIR/ran"
[ "$(cat "$DIR/ran")" = '[["sleeper",1,null],["python-agent",1,"stop"],["python-agent",1,null]]' ] || fail "$(cat "$DIR/ran")"
[ "$(jq -r '[.launches[1,2].instance] | join(" ")' "$DIR/verdict")" = "$first $second" ] || fail "other instances"

say "Every lie about it is named"
# bend HOW FILE: the evidence with its log changed, its digests and numbers made right again.
bend() {
  $PYTHON - "$1" "$DIR/evidence.json" >"$2" <<'END'
import base64, hashlib, json, sys
how, path = sys.argv[1:]
spell = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"))
evidence = json.load(open(path))
text = evidence["register-log"][1]
log = [json.loads(line) for line in base64.urlsafe_b64decode(text + "==").splitlines()]
launches = [record for record in log if record["content"]["type"] == "launch"]
if how == "edited":
    launches[0]["content"]["manifest"] = launches[1]["content"]["manifest"]
if how == "careful":
    launches[0]["content"]["manifest"] = launches[1]["content"]["manifest"]
if how == "dropped":
    log.remove(launches[0])
if how == "last dropped":
    log.pop()
if how == "reordered":
    log[1], log[2] = log[2], log[1]
for number, record in enumerate(log):
    if how != "edited":
        record["digests"][0]["digest"] = hashlib.sha256(spell(record["content"]).encode()).hexdigest()
    record["recnum"] = number
text = "".join(spell(record) + "\n" for record in log)
evidence["register-log"][1] = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
if how == "stripped":
    del evidence["register"], evidence["register-log"], evidence["register-certified"]
print(spell(evidence))
END
}
# lie RULE FILE OPTIONS…: rejected, and by no other rule of the register than those that follow from it.
lie() {
  local rule=$1 got
  shift
  expect_exit 6 verify "$@"
  got=$(jq -r '[.rules[] | select(.outcome == "fail") | .id] | join(" ")' "$DIR/out")
  [ "$got" = "$rule" ] || fail "$got instead of $rule"
}
while IFS=: read -r how rule; do
  bend "$how" "$DIR/bent.json"
  lie "$rule" "$DIR/bent.json"
  echo "$how: $rule"
done <<'END'
edited:register.log
careful:register.value
dropped:register.value
last dropped:register.value
reordered:register.value
stripped:register.format
END
bend unchanged "$DIR/bent.json"
verify "$DIR/bent.json" >/dev/null || fail "spelling it again must change nothing"
lie register.manifests "$DIR/evidence.json" --manifest-roots "$DIR/some"
echo "a manifest that is not among the roots: register.manifests"
ssh-keygen -q -t ed25519 -N '' -f "$DIR/stranger"
expect_exit 2 holdfast verify evidence "$DIR/evidence.json" --nonce "$nonce" --roots "$DIR/ca.pem" \
  --manifest-roots "$DIR/accepted" --manifest-key "$DIR/stranger.pub"
echo "a manifest that nobody trusted signed is no reference"

say "What happens later does not change what was shown; the next answer tells of it"
holdfast stop sleeper >/dev/null
wait_until 60 "sleeper to end" nothing_runs sleeper
ask "$DIR/later.json"
verify "$DIR/later.json" >"$DIR/verdict" || fail "$(cat "$DIR/verdict")"
[ "$(jq -r '.launches[0].ended' "$DIR/verdict")" = stop ] || fail "sleeper's end is missing"

say "Production accepts no launch in a software TPM"
expect_exit 6 verify "$DIR/later.json" --profile production
jq -r '[.rules[] | select(.required and .outcome != "pass") | .id] | join(" ")' "$DIR/out"
echo "what ran is what was shown"
