#!/usr/bin/env bash
# A sponsor describes an agent's code and signs it; ssh-keygen, openssl and a few lines of Python judge
# what came out; and whoever changes the code, the description or the signature is found out.
. "$(dirname "$0")/lib.sh"
cd "$DIR" || exit

python=$(readlink -f /usr/bin/python3)
[ -r "$(dirname "$(dirname "$python")")/lib/$(basename "$python")/os.py" ] ||
  skip "no Python with its standard library at /usr"

# create VERSION [OPTION…]: into manifest.json, always valid in the same hundred days.
create() {
  local version=$1
  shift
  holdfast manifest create agent --name refund-agent --manifest-version "$version" \
    --not-before 1800000000 --not-after 1808640000 --output manifest.json "$@"
}
verify() { holdfast manifest verify "$@" --at 1800000001; }
# refused REASON FILE KEY: that envelope does not open, for exactly that reason.
refused() {
  expect_exit 6 verify "$2" --key "$3" --json
  [ "$(jq -r .code err)" = "$1" ] || fail "$(cat err) instead of $1"
  echo "refused: $1"
}
# signed_bytes ENVELOPE: DSSE's pre-authentication encoding, put together by hand.
signed_bytes() {
  jq -rj .payload "$1" | base64 -d >payload
  printf 'DSSEv1 %d %s %d ' "$(jq -rj .payloadType "$1" | wc -c)" "$(jq -rj .payloadType "$1")" \
    "$(stat -c %s payload)"
  cat payload
}
signature_of() { jq -r '.signatures[0].sig' "$1" | base64 -d; }

stdlib=lib/$(basename "$python")

say "An agent: a script, and the interpreter copied in beside it"
mkdir -p agent/app
echo 'import json, sys; print(json.dumps([sys.prefix, sys.path]))' >agent/app/main.py
echo "Refund what is broken, and nothing else." >prompt.txt
create 1 --interpreter "$python" --arg app/main.py --env LANG=C.UTF-8 --digest prompt=prompt.txt 2>err
[ -s err ] && fail "a progress bar without a terminal: $(cat err)"
expect_exit 0 holdfast manifest lint manifest.json agent
grep -qx "nothing found" out || fail "lint: $(cat out)"

say "The copied interpreter imports from the tree and from nowhere else"
argv=$(jq -r '.predicate.arguments | join(" ")' manifest.json)
[ "$argv" = "bin/python3 -I -S -B app/main.py" ] || fail "arguments: $argv"
# shellcheck disable=SC2086
(cd agent && env -i $argv) | jq -e --arg top "$DIR/agent" \
  '.[0] == $top and all(.[1][]; startswith($top + "/"))' >/dev/null || fail "imports from elsewhere"
find agent -name __pycache__ | grep . && fail "bytecode was written into the tree"

say "Libraries of the host are listed: every one that the loader maps for this program"
jq -r '.predicate.host_files[][0]' manifest.json >listed
# shellcheck disable=SC2016
env -i LD_TRACE_LOADED_OBJECTS=1 agent/bin/python3 | sed -n 's/^.*[\t ]\(\/[^ ]*\) (0x.*$/\1/p' >mapped
[ -s mapped ] || fail "the loader lists nothing"
while read -r library; do grep -qxF "$library" listed || fail "$library is not listed"; done <mapped
jq -r '.predicate.host_files[] | .[1] + "  " + .[0]' manifest.json | sha256sum --check --quiet

say "The root is what the documentation says, by an implementation of its own"
root=$(jq -r '.subject[0].digest.holdfastTreeSha256' manifest.json)
[ "$("$ROOT/tests/judges/tree_root.py" agent)" = "$root" ] || fail "the judge has another root"

say "The same code gives the same statement"
cp manifest.json first.json
create 1 --entrypoint bin/python3 --arg=-I --arg=-S --arg=-B --arg app/main.py \
  --env LANG=C.UTF-8 --digest prompt=prompt.txt
cmp manifest.json first.json

say "Signed with an SSH key; ssh-keygen judges"
ssh-keygen -q -t ed25519 -N '' -C sponsor@example.org -f sponsor
ssh-keygen -q -t ecdsa -N '' -C stranger@example.org -f stranger
holdfast manifest sign manifest.json --ssh-key sponsor
envelope=manifest.json.dsse.json
verify $envelope --key sponsor.pub --name refund-agent --directory agent
signed_bytes $envelope >bytes
{ echo "-----BEGIN SSH SIGNATURE-----"; signature_of $envelope | base64 -w 70
  echo "-----END SSH SIGNATURE-----"; } >sig
echo "sponsor@example.org $(cat sponsor.pub)" >allowed
ssh-keygen -Y verify -f allowed -I sponsor@example.org -n holdfast-manifest -s sig <bytes
[ "$(jq -r '.signatures[0].keyid' $envelope)" = "$(ssh-keygen -lf sponsor.pub | cut -d' ' -f2)" ]
[ "$(verify $envelope --key sponsor.pub --json | jq -r .digest)" = "$(sha256sum <payload | cut -d' ' -f1)" ]

say "… and by an agent that holds the key, as it would for one in a token"
eval "$(ssh-agent -s)" >agent.log
tidy_up() { kill "$SSH_AGENT_PID" 2>/dev/null || true; }
ssh-add -q sponsor
mv sponsor sponsor.private
holdfast manifest sign manifest.json --ssh-key sponsor.pub --output by-agent.json
mv sponsor.private sponsor
verify by-agent.json --key sponsor.pub >/dev/null

say "Signed with PEM keys; openssl judges"
openssl ecparam -name prime256v1 -genkey -noout -out p256.pem
openssl ecparam -name secp384r1 -genkey -noout -out p384.pem
openssl genpkey -quiet -algorithm ed25519 -out ed25519.pem 2>/dev/null ||
  openssl genpkey -algorithm ed25519 -out ed25519.pem
openssl genrsa -out rsa.pem 2048 2>/dev/null
judge() {
  case $1 in
    p256) openssl dgst -sha256 -verify p256.pub.pem -signature sig bytes ;;
    p384) openssl dgst -sha384 -verify p384.pub.pem -signature sig bytes ;;
    ed25519) openssl pkeyutl -verify -pubin -inkey ed25519.pub.pem -rawin -in bytes -sigfile sig ;;
    rsa) openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest \
      -verify rsa.pub.pem -signature sig bytes ;;
  esac
}
for key in p256 p384 ed25519 rsa; do
  openssl pkey -in $key.pem -pubout -out $key.pub.pem
  holdfast manifest sign manifest.json --key $key.pem --output $key.json >/dev/null
  verify $key.json --key $key.pub.pem >/dev/null
  signed_bytes $key.json >bytes
  signature_of $key.json >sig
  judge $key
  fingerprint=$(openssl pkey -in $key.pem -pubout -outform DER | sha256sum | cut -d' ' -f1)
  [ "$(jq -r '.signatures[0].keyid' $key.json)" = "spki-sha256:$fingerprint" ]
done

say "An envelope that openssl signed is opened too"
openssl dgst -sha256 -sign p256.pem -out sig bytes
jq -c --arg sig "$(base64 -w0 sig)" '.signatures = [{keyid: "", sig: $sig}]' p256.json >foreign.json
verify foreign.json --key p256.pub.pem >/dev/null

say "Whoever did not sign is not believed"
refused manifest_unsigned $envelope stranger.pub
refused manifest_unsigned $envelope p256.pub.pem
signed_bytes $envelope >bytes
ssh-keygen -q -Y sign -n git -f sponsor bytes
jq -c --arg sig "$(sed '/^-/d' bytes.sig | tr -d '\n')" '.signatures[0].sig = $sig' $envelope >git.json
refused manifest_unsigned git.json sponsor.pub
jq -c '.signatures[0].keyid = "'"$(ssh-keygen -lf stranger.pub | cut -d' ' -f2)"'"' $envelope >renamed.json
refused manifest_unsigned renamed.json stranger.pub

say "What is signed cannot be edited"
jq -rj .payload $envelope | base64 -d >payload
edit() {  # SED-SCRIPT: another payload under the same signature
  sed "$1" payload >edited
  cmp -s payload edited && fail "nothing was edited: $1"
  jq -c --arg payload "$(base64 -w0 edited)" '.payload = $payload' $envelope >edited.json
  refused manifest_unsigned edited.json sponsor.pub
}
edit 's/"version":1/"version":2/'
edit 's/"not_after":1808640000/"not_after":1908640000/'
edit 's/"version":1/"version":1,"version":1/'
jq -c '.payloadType = "application/json"' $envelope >type.json
refused verification_failed type.json sponsor.pub
sed 's/{"payload":/{"payload":"","payload":/' $envelope >twice.json
refused verification_failed twice.json sponsor.pub
# And a manifest with two versions is none, whoever signs it.
sed 's/"version":1/"version":1,"version":2/' manifest.json >twice
expect_exit 1 holdfast manifest sign twice --ssh-key sponsor

say "It is valid in its time only, and for its agent only"
expect_exit 6 holdfast manifest verify $envelope --key sponsor.pub --at 1808640001 --json
[ "$(jq -r .code err)" = manifest_expired ] || fail "$(cat err)"
expect_exit 6 holdfast manifest verify $envelope --key sponsor.pub --at 1799999999 --json
[ "$(jq -r .code err)" = manifest_not_yet_valid ] || fail "$(cat err)"
expect_exit 0 holdfast manifest verify $envelope --key sponsor.pub --at 1808640000
expect_exit 6 verify $envelope --key sponsor.pub --name other-agent

say "Whatever changes in the code is named"
cp -a agent good
changed() {  # WHAT COMMAND…: in a copy; exactly these entries differ
  local what=$1
  shift
  rm -rf agent
  cp -a good agent
  (cd agent && "$@")
  expect_exit 6 verify $envelope --key sponsor.pub --directory agent --json
  [ "$(jq -r '[.differences[].what] | join(" ")' out)" = "$what" ] || fail "$what: $(cat out)"
  echo "named: $what"
}
swap() { mv "$1" "$1.old" && mv "$2" "$1" && mv "$1.old" "$2"; }
changed "tree.app/evil.py" touch app/evil.py
changed "tree.app/main.py" rm app/main.py
changed "tree.app/main.py" chmod 0777 app/main.py
changed "tree.app/main.py" sed -i s/json/csv/ app/main.py
changed "tree.$stdlib/json/decoder.py tree.$stdlib/json/encoder.py" \
  swap "$stdlib/json/decoder.py" "$stdlib/json/encoder.py"
changed "tree.empty" mkdir empty
changed "tree.app/link" ln -s main.py app/link
changed "tree.app" chmod 0700 app

say "What no tree can have is refused by path"
refuse() {
  rm -rf agent
  cp -a good agent
  (cd agent && "$@")
  expect_exit 1 create 2 --entrypoint bin/python3
  grep -o '"app/[^"]*".*' err || fail "no path: $(cat err)"
}
refuse install -m 4755 /bin/true app/su
refuse mkfifo app/pipe
refuse ln -s /etc/passwd app/link
refuse ln -s ../../outside app/link
refuse touch "app/$(printf 'caf\351')"

say "Two versions are compared field by field"
rm -rf agent
cp -a good agent
echo '# better' >>agent/app/main.py
cp manifest.json first.json
create 2 --entrypoint bin/python3 --arg app/main.py --env LANG=C >/dev/null
expect_exit 1 holdfast manifest diff $envelope manifest.json --json
[ "$(jq -c '[.differences[].what]' out)" = \
  '["arguments","digests.prompt","environment.LANG","version","tree.app/main.py"]' ] || fail "$(cat out)"
expect_exit 0 holdfast manifest diff first.json $envelope

say "Lint finds what a manifest cannot keep"
expect_exit 1 holdfast manifest lint manifest.json agent --json
[ "$(jq -c '[.findings[].id]' out)" = '["python-not-isolated","python-site","python-bytecode"]' ] ||
  fail "$(cat out)"
printf '#!/bin/sh\nexec npx -y refund-server@latest\n' >agent/run.sh
chmod 0755 agent/run.sh
create 3 --entrypoint run.sh --env LD_PRELOAD=/tmp/evil.so --valid-days 30 >/dev/null 2>&1 &&
  fail "two ends were taken"
rm manifest.json
holdfast manifest create agent --name refund-agent --manifest-version 3 --entrypoint run.sh \
  --env LD_PRELOAD=/tmp/evil.so --valid-days 400 --output manifest.json
expect_exit 1 holdfast manifest lint manifest.json agent --json
[ "$(jq -c '[.findings[].id] | sort' out)" = \
  '["code-from-environment","entrypoint-not-elf","long-validity"]' ] || fail "$(cat out)"
expect_exit 2 holdfast manifest create agent --name refund-agent --entrypoint run.sh
echo "what is signed is what there is"
