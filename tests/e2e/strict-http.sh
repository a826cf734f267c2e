#!/usr/bin/env bash
# The strict profile of HTTP/1.1 and JSON (docs/protocol.md): what another reader could read
# otherwise is refused, with the documented status and code, before anybody is measured for it.
. "$(dirname "$0")/lib.sh"

start_tpm
start_daemon

# exchange SOCKET: standard input as it is, everything that comes back until the daemon closes.
exchange() {
  python3 -c '
import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.settimeout(20)
peer.connect(sys.argv[1])
try:
    peer.sendall(sys.stdin.buffer.read())
except BrokenPipeError:
    pass  # answered and closed before it had read all
while chunk := peer.recv(65536):
    sys.stdout.buffer.write(chunk)' "$1"
}

# answered STATUS CODE WHAT: checks $DIR/reply and says so.
answered() {
  local status code detail
  status=$(head -n 1 "$DIR/reply" | cut -d' ' -f2)
  code=$(sed '1,/^\r$/d' "$DIR/reply" | jq -r .code)
  [ "$status $code" = "$1 $2" ] || fail "$3: $status $code instead of $1 $2: $(cat "$DIR/reply")"
  [ "$(sed '1,/^\r$/d' "$DIR/reply" | jq .status)" = "$1" ] || fail "$3: head and body differ"
  detail=$(sed '1,/^\r$/d' "$DIR/reply" | jq -r .detail)
  printf '%s %-22s %-28s %s\n' "$status" "$code" "$3" "${detail:0:70}"
}

# agent_row STATUS CODE WHAT BYTES (as printf %b): to the agent socket, and the connection ends.
agent_row() {
  printf '%b' "$4" | exchange "$HOLDFAST_SOCKET" >"$DIR/reply"
  answered "$1" "$2" "$3"
  grep -q '^Connection: close' "$DIR/reply" || fail "$3: the connection may go on"
}
get='GET /v1/openapi.json HTTP/1.1\r\n' host='Host: holdfast\r\n'
post='POST /v1/actions HTTP/1.1\r\n' json='Content-Type: application/json\r\n'
long=$(printf 'x%.0s' {1..8192})
before=$(ledger_size)

say "Framing: one reading only"
agent_row 400 malformed_request 'no Host' "$get\r\n"
agent_row 400 malformed_request 'two Hosts' "$get$host$host\r\n"
agent_row 400 malformed_request 'a line that ends without CR' "GET /v1/openapi.json HTTP/1.1\n$host\r\n"
agent_row 400 malformed_request 'a folded line' "$get${host}X-A: 1\r\n 2\r\n\r\n"
agent_row 400 malformed_request 'NUL in a header' "$get${host}X-A: \0000\r\n\r\n"
agent_row 400 malformed_request 'a blank before the colon' "$get${host}X-A : 1\r\n\r\n"
agent_row 400 malformed_request 'two lengths' "$post$host${json}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"
agent_row 400 malformed_request 'a list of lengths' "$post$host${json}Content-Length: 2, 2\r\n\r\n{}"
agent_row 400 malformed_request 'a length below zero' "$post$host${json}Content-Length: -1\r\n\r\n"
agent_row 400 malformed_request 'two requests at once' "$get$host\r\n$get$host\r\n"
agent_row 501 transfer_encoding 'chunks' "$post$host${json}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
agent_row 501 transfer_encoding 'chunks and a length' "$post$host${json}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"
agent_row 505 http_version 'HTTP/1.0' "GET /v1/openapi.json HTTP/1.0\r\n$host\r\n"

say "Bounds"
agent_row 431 head_too_large 'a head of more than 8 KiB' "$get${host}X-A: $long\r\n\r\n"
agent_row 413 body_too_large 'a body of more than 64 KiB' "$post$host${json}Content-Length: 65537\r\n\r\n"
agent_row 408 request_timeout 'a request that never ends' "$post$host${json}Content-Length: 2\r\n\r\n{"

say "Requests of another shape"
agent_row 415 unsupported_media_type 'a form' "$post${host}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b"
agent_row 417 expectation_failed 'another expectation' "$post$host${json}Expect: magic\r\nContent-Length: 2\r\n\r\n"
agent_row 405 method_not_allowed 'another method' "DELETE /v1/whoami HTTP/1.1\r\n$host\r\n"
grep -q '^Allow: GET' "$DIR/reply" || fail "it does not say which method there is"
agent_row 404 not_found 'no such path' "GET /v1/nothing HTTP/1.1\r\n$host\r\n"
agent_row 404 not_found 'a query' "GET /v1/openapi.json?a=b HTTP/1.1\r\n$host\r\n"
agent_row 404 not_found 'dots in a path' "GET /v1/../v1/openapi.json HTTP/1.1\r\n$host\r\n"
agent_row 404 not_found 'an operator route, here' "GET /v1/status HTTP/1.1\r\n$host\r\n"
[ "$(ledger_size)" -eq "$before" ] || fail "what is no request made a record"

# admin_row STATUS CODE WHAT BODY: to a route whose caller is recognised, so that JSON is what is judged.
admin_row() {
  curl -s -i --unix-socket "$HOLDFAST_ADMIN_SOCKET" -H 'Content-Type: application/json' \
    --data-binary "$4" http://holdfast/v1/apply >"$DIR/reply"
  answered "$1" "$2" "$3"
}

say "JSON: one reading only"
admin_row 400 malformed_request 'no JSON' 'dry_run'
admin_row 400 malformed_request 'an array' '[]'
admin_row 400 malformed_request 'an unknown member' '{"dry_run":true,"dryrun":true}'
admin_row 400 malformed_request 'a member twice' '{"dry_run":true,"dry_run":false}'
admin_row 400 malformed_request 'another type' '{"dry_run":1}'
admin_row 400 malformed_request 'a comment' '{"dry_run":true}//'
admin_row 400 malformed_request 'a comma at the end' '{"dry_run":true,}'
admin_row 400 malformed_request 'no UTF-8' $'{"dry_run":"\xff"}'
admin_row 400 malformed_request 'half a surrogate' '{"\ud800":true}'
admin_row 400 malformed_request '17 levels' "{\"dry_run\":$(printf '[%.0s' {1..16})$(printf ']%.0s' {1..16})}"

say "And after all this a proper request is served"
curl -sf --unix-socket "$HOLDFAST_ADMIN_SOCKET" -H 'Content-Type: application/json' \
  --data '{"dry_run":true}' http://holdfast/v1/apply | jq -ce 'select(.dry_run)'
curl -sf --unix-socket "$HOLDFAST_SOCKET" http://holdfast/v1/openapi.json | jq -r .info.title
echo "strict, and still there"
