# shellcheck shell=bash
# A SoftHSM token of one's own in $DIR, and a daemon that keeps keys in it. Source it after lib.sh.
#   make_token; configure '[tpm]' 'tcti = none'; declare_in_token refund-agent ES256; start_daemon
MODULE=${SOFTHSM_MODULE:-/usr/lib/softhsm/libsofthsm2.so}
[ -e "$MODULE" ] || skip "no SoftHSM at $MODULE"
command -v pkcs11-tool >/dev/null || skip "pkcs11-tool is not installed"
[ -x "$HOLDFAST_BIN/holdfast-keys-pkcs11" ] || skip "built without PKCS#11"
PIN=24681012
export SOFTHSM2_CONF=$DIR/softhsm2.conf

make_token() {
  mkdir -m 0700 "$DIR/tokens"
  printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$DIR/tokens" >"$SOFTHSM2_CONF"
  softhsm2-util --init-token --free --label agents --pin "$PIN" --so-pin 87654321 >/dev/null
  write_pin "$PIN"
}

# A new file each time, as an editor or a secret store would make it.
write_pin() {
  (umask 077 && printf '%s\n' "$1" >"$DIR/pin.new")
  mv "$DIR/pin.new" "$DIR/pin"
}

# configure [LINE…]: the settings of a token, and these lines, for start_daemon --dev.
configure() {
  cat >"$DIR/holdfastd.conf" <<END
[pkcs11]
module = $MODULE
token = pkcs11:token=agents
pin_file = $DIR/pin
environment = SOFTHSM2_CONF=$SOFTHSM2_CONF
software = allow
END
  printf '%s\n' "$@" >>"$DIR/holdfastd.conf"
}

# declare_in_token NAME ALGORITHM [URI]
declare_in_token() {
  declare_agent "$1" refund.create
  printf '\n[key]\nbackend = "%s"\nalgorithm = "%s"\n' "${3:-pkcs11:token=agents}" "$2" >>"$DIR/agents.d/$1.toml"
}

# Past the daemon: what is in the token, as OpenSC sees it.
token_tool() { pkcs11-tool --module "$MODULE" --token-label agents "$@" 2>"$DIR/pkcs11-tool.err"; }
private_keys() { token_tool --login --pin "$PIN" --list-objects --type privkey; }
key_of() { holdfast agent show "$1" --json | jq -er .key_id; }
labels() { private_keys | sed -n 's/^ *label: *//p' | sort; }
token_flags() { pkcs11-tool --module "$MODULE" --list-slots 2>/dev/null | sed -n '/token label *: agents/,/^Slot/p' | sed -n 's/^ *token flags *: *//p'; }
