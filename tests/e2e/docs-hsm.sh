#!/usr/bin/env bash
# Every command in docs/hsm.md is run as it stands there, with the settings and the agent file it shows, on
# a host without a TPM and then on one with both; but for the folder, which is no /etc/holdfast.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/token.sh"

# blocks KIND [WITH]: the contents of its ```KIND blocks; only those that hold that line.
blocks() {
  awk -v kind="$1" -v with="${2:-}" '
    /^```/ {if (open && (with == "" || index("\n" text, "\n" with "\n"))) printf "%s", text
            open = $0 == "```" kind; text = ""; next}
    open {text = text $0 "\n"}' "$ROOT/docs/hsm.md"
}
# Line by line; an exit code is a failure.
run() {
  local line
  while IFS= read -r line; do
    eval "$line" >"$DIR/out" 2>"$DIR/err" || fail "$line: $(cat "$DIR/out" "$DIR/err")"
    echo "ok: $line"
  done
}
here() { sed -e "s|/etc/holdfast/|$DIR/|g" -e "s|/usr/lib/softhsm/|$(dirname "$SOFTHSM")/|"; }
cd "$DIR" || exit

say "A token, its PIN, and a look at both before anything is started"
{ blocks ini 'tcti = none'; blocks ini 'token = pkcs11:token=agents'; } | here >holdfastd.conf
commands=$(blocks sh)
run < <(sed '/^holdfast apply/,$d' <<<"$commands")
grep -q 'All is well' "$DIR/out" || fail "the doctor's last words: $(cat "$DIR/out")"

say "An agent with its key in it, on a host without a TPM"
start_daemon
declare_agent hsm-agent refund.create
{ echo; blocks toml; } >>agents.d/hsm-agent.toml
run < <(sed -n '/^holdfast apply/,$p' <<<"$commands")
for word in pkcs11 ES256 software-hsm; do grep -q "$word" "$DIR/out" || fail "no $word: $(cat "$DIR/out")"; done
sign hsm-agent signed.jws
stop_daemon

say "The PIN from a credential, beside a TPM"
start_tpm
blocks ini 'token = pkcs11:token=agents' | here | sed '/^pin_file/d' >holdfastd.conf
blocks ini 'pin_file = credential:hsm-pin' | sed '1d' >>holdfastd.conf
mkdir -m 0700 credentials
mv pin credentials/hsm-pin
export CREDENTIALS_DIRECTORY=$DIR/credentials
rm -rf state agents.d
start_daemon
declare_agent hsm-agent refund.create
{ echo; blocks toml; } >>agents.d/hsm-agent.toml
holdfast apply
sign hsm-agent signed.jws
echo "the document says what is so"
