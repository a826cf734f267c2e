# shellcheck shell=bash
# A token in SoftHSM for a story, used through SoftHSM's own module or through the one that can misbehave
# in front of it (tests/support/p11chaos.cpp). After lib.sh:
#   . "$(dirname "$0")/token.sh"
#   make_token; use_token softhsm "${NO_TPM[@]}"; declare_in_token refund-agent ES256; start_daemon
SOFTHSM=${SOFTHSM_MODULE:-$(module_named libsofthsm2.so)}
[ -e "$SOFTHSM" ] || skip "SoftHSM's module is not installed"
command -v softhsm2-util >/dev/null || skip "softhsm2-util is not installed"
command -v pkcs11-tool >/dev/null || skip "pkcs11-tool is not installed"
[ -x "$HOLDFAST_BIN/holdfast-keys-pkcs11" ] || skip "built without PKCS#11"

TOKEN_PIN=24681012
export SOFTHSM2_CONF=$DIR/softhsm2.conf
CHAOS=$DIR/chaos  # the control file; CHAOS.logins has each login
# shellcheck disable=SC2034 # for the stories
NO_TPM=('[host]' 'keys = pkcs11' '[tpm]' 'tcti = none')

# make_token: another one each time, with the same label.
make_token() {
  (umask 077 && mkdir -p "$DIR/tokens")
  printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$DIR/tokens" >"$SOFTHSM2_CONF"
  softhsm2-util --init-token --free --label agents --pin "$TOKEN_PIN" --so-pin 87654321 >/dev/null
  set_pin "$TOKEN_PIN"
}
# A file of its own each time: a refused PIN is tried again when the file is another one.
set_pin() {
  (umask 077 && printf '%s\n' "$1" >"$DIR/pin.new")
  mv "$DIR/pin.new" "$DIR/pin"
}

# use_token softhsm|chaos [LINE…]: settings that `holdfastd --dev` reads, and these lines.
use_token() {
  local module=$SOFTHSM environment=SOFTHSM2_CONF=$SOFTHSM2_CONF
  if [ "$1" = chaos ]; then
    module=$HOLDFAST_BIN/p11chaos.so
    environment="$environment P11CHAOS_MODULE=$SOFTHSM P11CHAOS_CONTROL=$CHAOS"
  fi
  shift
  cat >"$DIR/holdfastd.conf" <<CONF
[pkcs11]
module = $module
token = pkcs11:token=agents
pin_file = $DIR/pin
environment = $environment
software = allow
CONF
  [ $# -eq 0 ] || printf '%s\n' "$@" >>"$DIR/holdfastd.conf"
}

# declare_in_token NAME ALGORITHM [URI]
declare_in_token() {
  declare_agent "$1" refund.create
  printf '\n[key]\nbackend = "%s"\nalgorithm = "%s"\n' "${3:-pkcs11:token=agents}" "$2" >>"$DIR/agents.d/$1.toml"
}

# The token's own view, past the daemon and past the module that misbehaves.
token_tool() { pkcs11-tool --module "$SOFTHSM" --token-label agents "$@" 2>"$DIR/pkcs11-tool.err"; }
private_keys() { token_tool --login --pin "$TOKEN_PIN" --list-objects --type privkey; }
count_private_keys() { private_keys | grep -c '^Private Key Object' || true; }
# chaos_tool OPTION…: the same through the module that misbehaves.
chaos_tool() { P11CHAOS_MODULE=$SOFTHSM P11CHAOS_CONTROL=$CHAOS pkcs11-tool --module "$HOLDFAST_BIN/p11chaos.so" "$@"; }

# fault NAME [NUMBER]: from now on; replaced as a whole, so that no half of it is ever read.
fault() { printf '%s ' "$@" >"$CHAOS.new"; mv "$CHAOS.new" "$CHAOS"; }
end_fault() { rm -f "$CHAOS"; }
logins() { local count=0; [ ! -e "$CHAOS.logins" ] || count=$(wc -l <"$CHAOS.logins"); echo "$count"; }
