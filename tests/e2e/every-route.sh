#!/usr/bin/env bash
# Every route of api/openapi.json, once accepted and once refused, against a real daemon: each answer
# as expected, and no process that died or whose sanitizer had something to say. Meant for the asan
# build, where g++ 12's coroutines show what they do; a route without its two drives fails the story.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/host.sh"
AGENT_UID=60127

# An agent that can say anything: curl, with a byte of its own so that plain curl is another program.
speak_as() {
  cp "$(command -v curl)" "$AGENTS/$1"
  printf '%s' "$1" >>"$AGENTS/$1"
  declare_agent "$1" refund.create
}
caller=$AGENTS/caller operator=(curl)
processes=""

# request SOCKET METHOD PATH [BODY]: the status in $status, the reply in $DIR/reply
request() {
  local socket=$1 method=$2 path=$3 program body=()
  program=("${operator[@]}")
  [ "$socket" != agent ] || program=(as_uid "$AGENT_UID" "$AGENT_UID" "$caller")
  [ $# -lt 4 ] || body=(-H "Content-Type: application/json" --data-binary "$4")
  status=$("${program[@]}" -s --max-time 60 -o "$DIR/reply" -w '%{http_code}' -X "$method" \
    --unix-socket "$DIR/$socket.sock" "${body[@]}" "http://holdfast$path") ||
    fail "$method $path on the $socket socket: no answer (curl: $?)"
}

# The daemon's own processes; importers and agents, which come and go, are the launcher's children.
workers() { tr ' ' '\n' <"/proc/$DAEMON_PID/task/$DAEMON_PID/children" | sort; }

# What must hold after every single request.
nobody_died() {
  ! grep -E 'Sanitizer|runtime error:' "$DIR/daemon.log" || fail "a sanitizer reported, after $*"
  [ "$(workers)" = "$processes" ] || fail "a process was replaced, after $*"
}

# accepted "METHOD ROUTE" SOCKET PATH [BODY]: what $reads_as reads
reads_as=(jq -e .)
accepted() {
  local route=$1
  request "$2" "${route%% *}" "${@:3}"
  [ "$status" = 200 ] || fail "$route: $status instead of 200: $(cat "$DIR/reply")"
  "${reads_as[@]}" "$DIR/reply" >/dev/null || fail "$route: the reply is not what ${reads_as[*]} reads"
  nobody_died "$route"
  echo "$route" >>"$DIR/accepted"
  echo "200 $route"
}

# refused "METHOD ROUTE" STATUS CODE SOCKET PATH [BODY]
refused() {
  local route=$1 got
  request "$4" "${route%% *}" "${@:5}"
  got="$status $(jq -r .code "$DIR/reply")"
  [ "$got" = "$2 $3" ] || fail "$route: $got instead of $2 $3: $(cat "$DIR/reply")"
  nobody_died "$route"
  echo "$route" >>"$DIR/refused"
  echo "$got $route"
}

anchor_differs() { holdfast anchor show | grep -q differs; }

event() { python3 -B "$ROOT/tests/e2e/security_events.py" "$@"; }
set_up_host '[security_events]' 'issuer = https://idp.example' 'audience = https://holdfast.example' \
  "keys = $DIR/idp.json"
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$DIR/idp.pem"
event keys "$DIR/idp.pem" >"$DIR/idp.json"
start_tpm --group holdfast-keys
start_daemon --config "$DIR/holdfastd.conf"
processes=$(workers)
[ "$(wc -w <<<"$processes")" -eq 4 ] || fail "front, keys-tpm, measurer and launcher should run: $processes"
touch "$DIR/reply"
chmod 0666 "$DIR/reply"
speak_as caller
speak_as spare
speak_as former
printf '%s\n' '[triggers.security_event]' 'then = "throttle"' 'rate = 600' >>"$DIR/agents.d/caller.toml"
nonce=$(head -c 32 /dev/urandom | basenc --base64url -w0 | tr -d =)
action="{\"action\":\"refund.create\",\"audience\":\"$AUDIENCE\",\"params\":{\"amount_minor\":1}}"
other="{\"action\":\"payout.create\",\"audience\":\"$AUDIENCE\"}"
evidence="{\"nonce\":\"$nonce\",\"verifier\":\"https://verifier.example\"}"

say "Declaring"
refused  "POST /v1/apply" 400 malformed_request admin /v1/apply '{"dry":true}'
accepted "POST /v1/apply" admin /v1/apply '{"dry_run":true}'
accepted "POST /v1/apply" admin /v1/apply

say "An agent asks"
accepted "GET /v1/whoami" agent /v1/whoami
accepted "POST /v1/credential" agent /v1/credential '{}'
accepted "POST /v1/actions" agent /v1/actions "$action"
accepted "POST /v1/evidence" agent /v1/evidence "$evidence"
accepted "GET /v1/openapi.json" agent /v1/openapi.json
refused  "POST /v1/credential" 400 malformed_request agent /v1/credential '{"x":1}'
refused  "POST /v1/actions" 403 action_not_allowed agent /v1/actions "$other"
refused  "POST /v1/actions" 400 malformed_request agent /v1/actions '{"action":"refund.create"}'
refused  "POST /v1/evidence" 400 malformed_request agent /v1/evidence '{"nonce":"AA","verifier":"v"}'
refused  "GET /v1/openapi.json" 413 body_too_large agent /v1/openapi.json '{}'
printf 'x' >>"$AGENTS/caller"
refused  "GET /v1/whoami" 403 measurement_mismatch agent /v1/whoami
truncate -s -1 "$AGENTS/caller"

say "An operator looks"
for path in /v1/status /v1/agents /v1/policies /v1/instances /v1/store /v1/ledger/head /v1/anchor /v1/enroll/host; do
  accepted "GET $path" admin "$path"
  refused  "GET $path" 413 body_too_large admin "$path" '{}'
done
accepted "GET /v1/openapi.json" admin /v1/openapi.json
accepted "GET /v1/agents/{name}" admin /v1/agents/caller
refused  "GET /v1/agents/{name}" 404 unknown_agent admin /v1/agents/nobody
accepted "POST /v1/ledger/resume" admin /v1/ledger/resume
refused  "POST /v1/ledger/resume" 400 malformed_request admin /v1/ledger/resume '{"x":1}'

say "An agent's code is imported and launched, stopped and killed"
ssh-keygen -q -t ed25519 -N '' -f "$DIR/sponsor"
mkdir "$DIR/code"
cp "$(readlink -f "$(type -P sleep)")" "$DIR/code/sleep"
holdfast manifest create "$DIR/code" --name sleeper --manifest-version 1 --entrypoint sleep \
  --arg 600 --output "$DIR/manifest" >/dev/null
holdfast manifest sign "$DIR/manifest" --ssh-key "$DIR/sponsor" --output "$DIR/manifest.json" >/dev/null
declare_launched sleeper refund.create
holdfast apply >/dev/null
import="{\"directory\":\"$DIR/code\",\"manifest\":\"$DIR/manifest.json\"}"
refused  "POST /v1/agents/{name}/launch" 403 manifest_not_imported admin /v1/agents/sleeper/launch '{}'
refused  "POST /v1/store/import" 400 malformed_request admin /v1/store/import '{"directory":"code"}'
accepted "POST /v1/store/import" admin /v1/store/import "$import"
for verb in check collect; do
  accepted "POST /v1/store/$verb" admin "/v1/store/$verb"
  refused  "POST /v1/store/$verb" 400 malformed_request admin "/v1/store/$verb" '{"x":1}'
done
refused  "POST /v1/agents/{name}/launch" 403 not_launchable admin /v1/agents/caller/launch
refused  "POST /v1/agents/{name}/stop" 409 not_running admin /v1/agents/sleeper/stop
accepted "POST /v1/agents/{name}/launch" admin /v1/agents/sleeper/launch
accepted "POST /v1/agents/{name}/stop" admin /v1/agents/sleeper/stop
accepted "POST /v1/agents/{name}/kill" admin /v1/agents/sleeper/kill
refused  "POST /v1/agents/{name}/launch" 403 agent_suspended admin /v1/agents/sleeper/launch

say "A verifier enrols the host"
"$ROOT/scripts/software-tpm" roots "$DIR" >"$DIR/roots.pem"
holdfast enroll host --out "$DIR/host.json"
holdfast enroll challenge --host "$DIR/host.json" --ek-roots "$DIR/roots.pem" \
  --out "$DIR/challenge.json" --secret "$DIR/secret"
accepted "POST /v1/enroll/activate" admin /v1/enroll/activate "$(jq -c '{blob, secret}' "$DIR/challenge.json")"
holdfast enroll finish "$DIR/reply" --secret "$DIR/secret" --out "$DIR/enrolment.json"
refused  "POST /v1/enroll/activate" 400 malformed_request admin /v1/enroll/activate '{"blob":"AAAA"}'

say "An action waits for an operator"
# asked ACTION: the id of the approval that it needs
asked() {
  request agent POST /v1/actions "$1"
  [ "$status" = 202 ] || fail "POST /v1/actions: $status instead of 202: $(cat "$DIR/reply")"
  id=$(jq -er .approval "$DIR/reply")
  nobody_died "POST /v1/actions"
}
ssh-keygen -q -t ed25519 -N '' -f "$DIR/oncall"
printf '[[operator]]\nname = "oncall@example.org"\nkeys = ["%s"]\n' "$(cat "$DIR/oncall.pub")" >"$DIR/operators.toml"
holdfast apply >/dev/null
accepted "POST /v1/agents/{name}/approval-only" admin /v1/agents/caller/approval-only
asked "$action"
accepted "GET /v1/approvals" admin /v1/approvals
refused  "GET /v1/approvals" 413 body_too_large admin /v1/approvals '{}'
refused  "GET /v1/approvals/{name}" 404 unknown_approval admin /v1/approvals/nobody
accepted "GET /v1/approvals/{name}" admin "/v1/approvals/$id"
jq -j .document "$DIR/reply" | ssh-keygen -q -Y sign -f "$DIR/oncall" -n holdfast-approval >"$DIR/sig"
approval=$(jq -Rsc '{signature: .}' "$DIR/sig")
accepted "POST /v1/approvals/{name}/approve" admin "/v1/approvals/$id/approve" "$approval"
refused  "POST /v1/approvals/{name}/approve" 403 duplicate_approver admin "/v1/approvals/$id/approve" "$approval"
accepted "POST /v1/approvals/{name}/wait" agent "/v1/approvals/$id/wait" '{"wait_s":60}'
refused  "POST /v1/approvals/{name}/wait" 400 malformed_request agent "/v1/approvals/$id/wait" '{"wait_s":61}'
with_id=$(jq -c --arg id "$id" '.approval = $id' <<<"$action")
accepted "POST /v1/actions" agent /v1/actions "$with_id"
refused  "POST /v1/actions" 403 approval_used agent /v1/actions "$with_id"
asked "$action"
refused  "POST /v1/approvals/{name}/deny" 400 malformed_request admin "/v1/approvals/$id/deny" '{"x":1}'
accepted "POST /v1/approvals/{name}/deny" admin "/v1/approvals/$id/deny" '{"reason":"not today"}'
operator=(as_uid 60128 holdfast-admin curl)
accepted "POST /v1/agents/{name}/reinstate" admin /v1/agents/caller/reinstate
operator=(curl)

say "An operator stops agents; another one reinstates"
for verb in suspend reinstate revoke retire throttle approval-only launch stop kill; do
  refused "POST /v1/agents/{name}/$verb" 404 unknown_agent admin "/v1/agents/nobody/$verb"
done
accepted "POST /v1/agents/{name}/suspend" admin /v1/agents/caller/suspend
for route in credential actions evidence; do
  body='{}'
  [ "$route" != actions ] || body=$action
  [ "$route" != evidence ] || body=$evidence
  refused "POST /v1/$route" 403 agent_suspended agent "/v1/$route" "$body"
done
refused  "POST /v1/agents/{name}/reinstate" 403 same_principal admin /v1/agents/caller/reinstate
operator=(as_uid 60128 holdfast-admin curl)
accepted "POST /v1/agents/{name}/reinstate" admin /v1/agents/caller/reinstate
operator=(curl)
accepted "POST /v1/actions" agent /v1/actions "$action"
accepted "POST /v1/agents/{name}/throttle" admin /v1/agents/spare/throttle '{"rate":6,"reason":"odd"}'
accepted "POST /v1/agents/{name}/approval-only" admin /v1/agents/spare/approval-only
accepted "POST /v1/contain" admin /v1/contain '{"verb":"suspend","host":true}'
refused  "POST /v1/actions" 403 host_suspended agent /v1/actions "$action"
operator=(as_uid 60128 holdfast-admin curl)
accepted "POST /v1/contain" admin /v1/contain '{"verb":"reinstate","host":true}'
operator=(curl)
refused  "POST /v1/contain" 400 malformed_request admin /v1/contain '{"verb":"suspend"}'
accepted "POST /v1/agents/{name}/revoke" admin /v1/agents/spare/revoke
accepted "POST /v1/agents/{name}/retire" admin /v1/agents/former/retire
refused  "POST /v1/agents/{name}/reinstate" 409 agent_revoked admin /v1/agents/spare/reinstate

accepted "POST /v1/heartbeat" admin /v1/heartbeat
refused  "POST /v1/heartbeat" 400 malformed_request admin /v1/heartbeat '{"at":1}'
event sign "$DIR/idp.pem" jti-1 '{"format":"opaque","id":"sponsor@example.org"}' >"$DIR/token"
accepted "POST /v1/security-events" admin /v1/security-events "{\"set\":\"$(cat "$DIR/token")\"}"
refused  "POST /v1/security-events" 409 set_replayed admin /v1/security-events "{\"set\":\"$(cat "$DIR/token")\"}"
say "Verifiers ask"
reads_as=(openssl crl -inform DER -noout -in)
for socket in agent admin; do accepted "GET /v1/crl" "$socket" /v1/crl; done
refused  "GET /v1/crl" 413 body_too_large agent /v1/crl '{}'
reads_as=(grep -qE '^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$')
for socket in agent admin; do accepted "GET /v1/tombstones/{name}" "$socket" /v1/tombstones/spare; done
refused  "GET /v1/tombstones/{name}" 404 no_tombstone agent /v1/tombstones/caller
refused  "GET /v1/tombstones/{name}" 404 unknown_agent agent /v1/tombstones/nobody
reads_as=(jq -e .)
accepted "POST /v1/ledger/who" admin /v1/ledger/who \
  "{\"sequence\":$(holdfast agent show caller --json | jq -er .declared.record)}"
refused  "POST /v1/ledger/who" 404 unknown_record admin /v1/ledger/who '{"sequence":999999}'
refused  "POST /v1/ledger/who" 400 malformed_request admin /v1/ledger/who '{"sequence":-1}'

say "The TPM's anchor counter is ahead of the ledger, and an operator accepts that"
refused  "POST /v1/anchor/accept" 409 anchor_holds admin /v1/anchor/accept '{"reason":"why not"}'
stop_daemon
TPM2TOOLS_TCTI=swtpm:path=$DIR/tpm/sock tpm2_nvincrement -Q -C o "$(printf '0x%x' $((0x01800100 + 4094)))"
start_daemon --config "$DIR/holdfastd.conf"
wait_until 20 "the difference" anchor_differs
processes=$(workers)
accepted "POST /v1/anchor/accept" admin /v1/anchor/accept '{"reason":"counted by hand"}'

say "The end"
supervisor=$DAEMON_PID
stop_daemon
! grep -E 'Sanitizer|runtime error:' "$DIR/daemon.log" || fail "a sanitizer reported at the end"
[ ! -d "/proc/$supervisor" ] || fail "the supervisor is still there"

# Not from the running daemon: what is documented is what must be driven.
jq -r '.paths | to_entries[] | .key as $path | .value | keys[] | ascii_upcase + " " + $path' \
  "$ROOT/api/openapi.json" | sort -u >"$DIR/routes"
for outcome in accepted refused; do
  missing=$(comm -23 "$DIR/routes" <(sort -u "$DIR/$outcome"))
  [ -z "$missing" ] || fail "never $outcome: $missing"
done
echo "$(wc -l <"$DIR/routes") routes, each accepted and refused; no process died, no sanitizer reported"
