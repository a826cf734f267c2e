#!/usr/bin/env bash
# A stolen disk signs nothing: the state directory beside another chip loads no key, and says why.
. "$(dirname "$0")/lib.sh"

start_tpm
start_daemon
declare_agent refund-agent refund.create
holdfast apply
sign refund-agent "$DIR/first.jws"
stop_daemon
stop_tpm

say "The same files, another chip"
mv "$DIR/tpm" "$DIR/first-tpm"
start_tpm
"$HOLDFAST_BIN/holdfastd" --dev "$DIR" >>"$DIR/daemon.log" 2>&1 &
DAEMON_PID=$!

# The daemon may refuse to serve, or serve and refuse: it must say why, and nothing may be signed.
refused() {
  gone "$DAEMON_PID" && return
  agent refund-agent --only-sign >"$DIR/out" && fail "signed with another chip: $(cat "$DIR/out")"
  jq -e '.reply.status >= 400' "$DIR/out" >/dev/null 2>&1
}
wait_until 60 "an answer" refused
said_why() { cat "$DIR/out" "$DIR/daemon.log" 2>/dev/null | grep -qiE 'other[ _]tpm|another (TPM|chip)|not the TPM'; }
wait_until 20 "the reason, in words" said_why
cat "$DIR/out" "$DIR/daemon.log" 2>/dev/null | grep -iE -m1 'other[ _]tpm|another (TPM|chip)|not the TPM'

say "Back in the first machine all is well"
gone "$DAEMON_PID" && DAEMON_PID="" || stop_daemon
stop_tpm
rm -rf "$DIR/tpm"
mv "$DIR/first-tpm" "$DIR/tpm"
start_tpm
start_daemon
sign refund-agent "$DIR/again.jws"
echo "a copied disk signs nothing"
