#!/usr/bin/env bash
# `holdfast doctor` on hosts that are well and on hosts that are not: each trouble is named, with what
# to do; a module that hangs or crashes costs only its own process; no PIN is tried, nothing is made.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/token.sh"

doctor() { expect_exit "$1" holdfast doctor --dev "$DIR"; cat "$DIR/out"; }
says() { grep -qF -- "$1" "$DIR/out" || fail "it does not say: $1"; }

say "Nothing there yet but a TPM: well, and still nothing there afterwards"
start_tpm
doctor 0
says "custody software-tpm"
[ ! -e "$DIR/state" ] || fail "it made something"

say "The TPM is gone"
stop_tpm
doctor 1
says "WRONG  TPM"

say "No TPM, and a token that is well"
make_token
use_token
doctor 0
says 'ok     token       "agents"'
says "ES256, ES384, Ed25519, PS256-2048, PS256-3072, RS256-2048, RS256-3072"
says "software-hsm"
expect_exit 0 holdfast doctor --dev "$DIR" --json
jq -e '.troubles == 0 and (.findings | length > 5)' "$DIR/out" >/dev/null || fail "$(cat "$DIR/out")"

say "While the daemon runs"
start_daemon
doctor 0
says "runs as process $DAEMON_PID"
stop_daemon

say "What is wrong is named"
chmod 0644 "$DIR/pin"
doctor 1
says "WRONG  PIN file"
chmod 0600 "$DIR/pin"
fault pin-locked
doctor 1
says "WRONG  PIN"
fault max-sessions 4
doctor 0
says "at a time: 4, read-write: 4"
fault removed
doctor 1
says "WRONG  token"
end_fault
softhsm2-util --init-token --free --label agents --pin 1234 --so-pin 5678 >/dev/null
doctor 1
says "2 match pkcs11:token=agents"
sed -i 's/token = pkcs11:token=agents/token = pkcs11:token=other/' "$DIR/holdfastd.conf"
doctor 1
says "matches pkcs11:token=other"
sed -i 's/software = allow/software = refuse/; s/token=other/token=agents/' "$DIR/holdfastd.conf"
doctor 1
says "software = allow"

say "A module that crashes, hangs, or is none"
fault load-crashes
doctor 1
says "ended by signal 6"
fault load-hangs
doctor 1
says "no answer in 20 s"
end_fault
sed -i "s|^module = .*|module = $DIR/pin|" "$DIR/holdfastd.conf"
doctor 1
says "WRONG  module"

say "Settings that cannot be read"
echo 'colour = red' >>"$DIR/holdfastd.conf"
doctor 1
says "WRONG  settings"

[ "$(logins)" -le 1 ] || fail "the doctor logged in: $(cat "$CHAOS.logins")"
echo "what is wrong is said, and nothing is touched"
