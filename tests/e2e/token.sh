# shellcheck shell=bash
# A token in SoftHSM for a story, behind the module that can misbehave. After lib.sh:
#   . "$(dirname "$0")/token.sh"
#   make_token; use_token; start_daemon; declare_agent …; key_in_token refund-agent
command -v softhsm2-util >/dev/null || skip "softhsm2 is not installed"

TOKEN_PIN=1234
export SOFTHSM2_CONF=$DIR/softhsm2.conf
SOFTHSM=$(find /usr/lib /usr/local/lib -name libsofthsm2.so 2>/dev/null | head -n 1)
CHAOS=$DIR/chaos  # the control file; CHAOS.logins has each login

# make_token [LABEL]
make_token() {
  mkdir -p "$DIR/tokens"
  printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$DIR/tokens" >"$SOFTHSM2_CONF"
  softhsm2-util --init-token --free --label "${1:-agents}" --pin "$TOKEN_PIN" --so-pin 5678 >/dev/null
  set_pin "$TOKEN_PIN"
}
# A file of its own each time: a refused PIN is tried again when the file is another one.
set_pin() {
  (umask 077; printf '%s\n' "$1" >"$DIR/pin.new")
  mv "$DIR/pin.new" "$DIR/pin"
}

# use_token [mixed]: settings that `holdfastd --dev` reads; without "mixed" there is no TPM.
use_token() {
  [ "${1:-}" = mixed ] || printf '[host]\nkeys = pkcs11\n[tpm]\ntcti = none\n' >"$DIR/holdfastd.conf"
  cat >>"$DIR/holdfastd.conf" <<CONF
[pkcs11]
module = $HOLDFAST_BIN/p11chaos.so
token = pkcs11:token=agents
pin_file = $DIR/pin
environment = SOFTHSM2_CONF=$SOFTHSM2_CONF P11CHAOS_MODULE=$SOFTHSM P11CHAOS_CONTROL=$CHAOS
software = allow
CONF
}

# key_in_token NAME [ALGORITHM]: after declare_agent.
key_in_token() {
  printf '\n[key]\nbackend = "pkcs11:token=agents"\nalgorithm = "%s"\n' "${2:-ES256}" >>"$DIR/agents.d/$1.toml"
}

# The token's own view, past the module that misbehaves.
token_tool() { pkcs11-tool --module "$SOFTHSM" --token-label agents "$@"; }
private_keys() { token_tool --login --pin "$TOKEN_PIN" --list-objects --type privkey 2>/dev/null | grep -c '^Private Key' || true; }

# fault NAME… [NUMBER]: from now on; replaced as a whole, so that no half of it is ever read.
fault() { printf '%s ' "$@" >"$CHAOS.new"; mv "$CHAOS.new" "$CHAOS"; }
end_fault() { rm -f "$CHAOS"; }
logins() { local count=0; [ ! -e "$CHAOS.logins" ] || count=$(wc -l <"$CHAOS.logins"); echo "$count"; }
