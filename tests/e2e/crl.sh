#!/usr/bin/env bash
# Others hear of it: an agent's credential is good, on hold, good again, revoked, by the word of
# openssl; a tombstone says for ever that its key has ended; and every action says who answers for it.
. "$(dirname "$0")/lib.sh"

# credential NAME: its current certificate in NAME.leaf, the host's CA in ca.pem
credential() {
  agent "$1" | jq -r 'select(.step == "credential") | .reply.chain_pem' >"$DIR/chain.pem" || true
  [ -s "$DIR/chain.pem" ] || fail "no credential of $1"
  openssl x509 -in "$DIR/chain.pem" -out "$DIR/$1.leaf"
  sed '1,/END CERTIFICATE/d' "$DIR/chain.pem" >"$DIR/ca.pem"
}
# judged WORD NAME…: what openssl says of that agent's certificate, by the list as it is now
judged() {
  local wanted=$1 said
  holdfast crl --pem --output "$DIR/list.pem"
  said=$(openssl verify -x509_strict -crl_check -CAfile "$DIR/ca.pem" -CRLfile "$DIR/list.pem" "$DIR/$2.leaf" 2>&1) || true
  grep -q "$wanted" <<<"$said" || fail "$2 is not '$wanted': $said"
  echo "openssl: $2: $wanted"
}
listed() { openssl crl -in "$DIR/list.pem" -noout -text; }
# The file for others says the same; it may be a moment late.
in_file() { openssl crl -inform DER -in "$DIR/public/host.crl" -noout -text 2>/dev/null | grep -q "$1"; }
number() { holdfast crl --pem | openssl crl -noout -crlnumber | cut -d= -f2; }
stage() { jq -er --arg is "$1" '.stages.crl | select(. == $is)' >/dev/null || fail "stage crl is not $1"; }

mkdir "$DIR/public"
printf '[containment]\nreinstate_by = anyone\n[paths]\ncrl = %s\n' "$DIR/public/host.crl" >"$DIR/holdfastd.conf"
start_tpm
start_daemon
declare_agent refund-agent refund.create
declare_agent spare-agent refund.create
holdfast apply
credential refund-agent
credential spare-agent

say "Good before"
judged ": OK" refund-agent
openssl crl -in "$DIR/list.pem" -CAfile "$DIR/ca.pem" -noout 2>&1 | grep "verify OK"
listed | grep -E "Version 2|X509v3 CRL Number|Authority Key Identifier|No Revoked"
wait_until 20 "the first file" in_file "No Revoked"

say "Suspended: on hold; reinstated: good again, and the other one was never touched"
holdfast suspend refund-agent --reason "odd" --json | stage done
judged "certificate revoked" refund-agent
judged ": OK" spare-agent
listed | grep "Certificate Hold"
in_file "Certificate Hold" || fail "the file was not written before the answer"
holdfast reinstate refund-agent --json | stage done
judged ": OK" refund-agent
holdfast throttle spare-agent --json | stage not_needed
judged ": OK" spare-agent
holdfast reinstate spare-agent >/dev/null

say "The host stands still: all on hold"
holdfast suspend --host --json | stage done
judged "certificate revoked" spare-agent
holdfast reinstate --host --json | stage done
judged ": OK" spare-agent

say "Anyone may ask, on both sockets"
for socket in agent admin; do
  curl -sf -D "$DIR/head" --unix-socket "$DIR/$socket.sock" http://holdfast/v1/crl >"$DIR/$socket.crl"
  grep -qi 'content-type: application/pkix-crl' "$DIR/head" || fail "another content type"
  openssl crl -inform DER -in "$DIR/$socket.crl" -CAfile "$DIR/ca.pem" -noout 2>&1 | grep -q "verify OK"
done
expect_exit 4 holdfast tombstone spare-agent
grep -o no_tombstone "$DIR/err"

say "Revoked: for good, also after a restart, under a higher number"
holdfast revoke refund-agent --reason "its code was stolen" --json | stage done
judged "certificate revoked" refund-agent
listed | grep "Privilege Withdrawn"
before=$(number)
stop_daemon
start_daemon
judged "certificate revoked" refund-agent
after=$(number)
[ $((after)) -gt $((before)) ] || fail "the number went from $before to $after"
wait_until 20 "the file to follow" in_file "Privilege Withdrawn"

say "Its tombstone"
agent_id=$(openssl x509 -in "$DIR/refund-agent.leaf" -noout -ext subjectAltName | grep -o 'spiffe:[^ ]*')
holdfast tombstone refund-agent --output "$DIR/stone.jwt"
holdfast verify tombstone "$DIR/stone.jwt" --ca "$DIR/ca.pem" --agent "$agent_id"
holdfast verify tombstone "$DIR/stone.jwt" --ca "$DIR/ca.pem" --json |
  jq -ce '.claims | {state, fuse, reason} | select(. == {state: "revoked", fuse: "blown", reason: "its code was stolen"})'
jws_header "$DIR/stone.jwt" | jq -ce '{alg, typ} | select(. == {alg: "ES256", typ: "holdfast-tombstone+jwt"})'
expect_exit 6 holdfast verify tombstone "$DIR/stone.jwt" --ca "$DIR/spare-agent.leaf"
expect_exit 6 holdfast verify tombstone "$DIR/stone.jwt" --ca "$DIR/ca.pem" --agent "${agent_id}x"
sed 's/^\(.\{700\}\)./\1A/' "$DIR/stone.jwt" >"$DIR/bent.jwt"
cmp -s "$DIR/stone.jwt" "$DIR/bent.jwt" || expect_exit 6 holdfast verify tombstone "$DIR/bent.jwt" --ca "$DIR/ca.pem"
# The record that it names is the one that ended the agent.
sequence=$(cut -d. -f2 "$DIR/stone.jwt" | from_base64url | jq -r .sequence)
holdfast ledger who "$sequence" --json | jq -ce '{type, agent, stopped_by} | select(.type == "containment" and .agent == "refund-agent")'
cp "$DIR/stone.jwt" "$DIR/first.jwt"
stop_daemon
start_daemon
holdfast tombstone refund-agent --output "$DIR/stone.jwt"
cmp "$DIR/first.jwt" "$DIR/stone.jwt" || fail "it was not kept"

say "The name comes back with another key: the old certificate does not"
holdfast agent retire refund-agent --json | stage done
cp "$DIR/refund-agent.leaf" "$DIR/former.leaf"
holdfast apply >/dev/null
credential refund-agent
judged "certificate revoked" former
judged ": OK" refund-agent
# Its key ended when it was revoked, and retiring it says nothing milder.
listed | grep "Privilege Withdrawn"
holdfast tombstone refund-agent | cut -d. -f2 | from_base64url | jq -ce '.state | select(. == "revoked")'

say "Who answers for an action"
jws=$DIR/action.jws
sign refund-agent "$jws"
sequence=$(cut -d. -f2 "$jws" | from_base64url | jq -r .sequence)
holdfast ledger who "$sequence"
holdfast ledger who "$sequence" --json |
  jq -ce '{sponsor, owner, policy_author, can_stop} | select(. == {sponsor: "sponsor@example.org", owner: "owner@example.org", policy_author: "author@example.org", can_stop: ["oncall@example.org"]})'
sed -i 's/owner@example.org/heir@example.org/' "$DIR/agents.d/refund-agent.toml"
holdfast apply >/dev/null
holdfast ledger who "$sequence" --json | jq -ce '.owner | select(. == "owner@example.org")'
sign refund-agent "$jws"
next=$(cut -d. -f2 "$jws" | from_base64url | jq -r .sequence)
holdfast ledger who "$next" --json | jq -ce '.owner | select(. == "heir@example.org")'
grep -qa '"accountable":{"declared":[0-9]*,"owner":"heir@example.org","policy_author":"author@example.org","sponsor":"sponsor@example.org"}' \
  <(find "$DIR/state/ledger/tile/entries" -type f -exec cat {} +) || fail "the record does not say who answers"
expect_exit 4 holdfast ledger who 999999
expect_exit 2 holdfast ledger who last

say "The chip is silent: nobody who stops an agent waits for the list, and it comes"
kill -STOP "$(tpm_pid)"
began=$SECONDS
holdfast suspend spare-agent --json >"$DIR/stopped" || true
[ $((SECONDS - began)) -le 15 ] || fail "it took $((SECONDS - began)) s"
jq -ce '{memory: .stages.memory, ledger: .stages.ledger, crl: .stages.crl} | select(. == {memory: "done", ledger: "done", crl: "pending"})' "$DIR/stopped"
kill -CONT "$(tpm_pid)"
wait_until 60 "the file to say so" in_file "Certificate Hold"
judged "certificate revoked" spare-agent

say "The host fuse ends the CA: no list comes after the last one, and tombstones stay"
domain=$(holdfast status --json | jq -r .trust_domain)
holdfast kill --host --hardware --confirm "$domain" --json | stage no_ca
expect_exit 7 holdfast crl --output "$DIR/none"
holdfast tombstone refund-agent >"$DIR/stone.jwt"
holdfast verify tombstone "$DIR/stone.jwt" --ca "$DIR/ca.pem" >/dev/null
echo "others heard of it"
