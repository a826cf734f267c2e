#!/usr/bin/env bash
# clients/python against a real daemon: every method, every class of refusal, and whose connection is
# used after a fork, in threads, and when the daemon comes back. (What a daemon never says is in
# tests/unit/clients_python_*.py.)
. "$(dirname "$0")/lib.sh"

# The agent is this interpreter; the byte at its end makes every other Python another program.
cp "$(readlink -f /usr/bin/python3)" "$AGENTS/python-agent"
printf '\n' >>"$AGENTS/python-agent"
does() { "$AGENTS/python-agent" -I -S -B "$ROOT/tests/e2e/python_client.py" "$ROOT/clients/python" "$@"; }
in_ledger() { grep -qa "\"reason\":\"$1\"" <(find "$DIR/state/ledger" -type f -exec cat {} +); }

start_tpm
start_daemon
declare_agent python-agent refund.create
holdfast apply

say "Each method; what they return is what a verifier accepts"
nonce=$(xxd -p -l 32 -c 64 /dev/urandom)
does methods "$DIR" "$nonce"
awk '/BEGIN CERT/{n++} n==2' "$DIR/credential.pem" >"$DIR/ca.pem"
"$ROOT/scripts/software-tpm" roots "$DIR" >"$DIR/ek-roots.pem"
expect_exit 0 holdfast verify credential "$DIR/credential.pem" --roots "$DIR/ca.pem"
expect_exit 0 holdfast verify action "$DIR/action.jws" --roots "$DIR/ca.pem" --audience "$AUDIENCE"
expect_exit 0 holdfast verify evidence "$DIR/evidence.json" --roots "$DIR/ca.pem" \
  --ek-roots "$DIR/ek-roots.pem" --nonce "$nonce" --verifier https://verifier.example

say "What is refused, and whether the connection goes on"
does refusals

say "Code that is loaded later"
does code

say "Another Python is another program"
expect_exit 1 /usr/bin/python3 -I -S -B "$ROOT/tests/e2e/python_client.py" "$ROOT/clients/python" threads
grep -o measurement_mismatch "$DIR/err" | head -n 1

say "Threads and forks: each has a connection of its own"
does threads
does forks
! in_ledger foreign_sender || fail "somebody spoke on another process's connection"
echo "and the daemon has seen no foreign sender"
does inherits
in_ledger foreign_sender || fail "and that one is not recorded"

say "The chip stands still: 429 and 503, each with Retry-After"
does busy "$(tpm_pid)"
wait_until 20 "signing to be back" does threads
does patient "$(tpm_pid)"

say "The daemon goes and comes back under a client that stays"
coproc CLIENT { does restart; }
client_pid=$CLIENT_PID
tell() {
  echo "$1" >&"${CLIENT[1]}"
  IFS= read -r -t 60 line <&"${CLIENT[0]}" || fail "no word from the client"
  echo "$line"
}
tell there
stop_daemon
tell gone
start_daemon
tell back
to_client=${CLIENT[1]}
exec {to_client}>&-  # nothing more is to come
wait "$client_pid" || fail "the client ended with $?"

say "A suspended agent"
holdfast agent suspend python-agent
does suspended
echo "the client kept its promises"
