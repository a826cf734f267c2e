# shellcheck shell=bash
# A host as root sets one up: the daemon's own users, its programs where they can read them, a
# configuration file. Source it after lib.sh; it ends the story with a skip where that cannot be. The
# users go with the script if they came with it.
#   set_up_host '[limits]' 'connections = 4160'; start_tpm --group holdfast-keys
#   start_daemon --config "$DIR/holdfastd.conf"
[ "$(id -u)" -eq 0 ] || skip "only root can change users"
command -v systemd-sysusers >/dev/null || skip "systemd-sysusers is not installed"

# Agents and operators need no account: any uid is one.
as_uid() { local uid=$1 groups=$2; shift 2; setpriv --reuid "$uid" --regid "$uid" --groups "$groups" "$@"; }

made=()
make_users() {
  local user group
  for user in holdfast holdfast-keys holdfast-measure; do
    getent passwd "$user" >/dev/null || made+=("$user")
  done
  for group in holdfast-admin tss; do getent group "$group" >/dev/null || made+=("group:$group"); done
  systemd-sysusers "$ROOT/systemd/holdfast.sysusers.conf"
}

remove_users() {
  local one
  for one in "${made[@]}"; do
    case "$one" in group:*) groupdel "${one#group:}" ;; *) userdel "$one" ;; esac
  done
}
tidy_up() { remove_users; }

# set_up_host [LINE…]: these lines at the end of the configuration file.
set_up_host() {
  make_users
  chmod 0755 "$DIR"
  mkdir "$DIR/libexec"
  cp "$HOLDFAST_BIN"/{holdfastd,holdfast-{front,keys-tpm,measurer,launcher,importer},holdfast} "$DIR/libexec"
  [ ! -e "$HOLDFAST_BIN/holdfast-keys-pkcs11" ] || cp "$HOLDFAST_BIN/holdfast-keys-pkcs11" "$DIR/libexec"
  cat >"$DIR/holdfastd.conf" <<END
[host]
name = host-1
domain = agents.example
[paths]
state = $DIR/state
agents = $DIR/agents.d
policies = $DIR/policies.d
libexec = $DIR/libexec
store = $DIR/store
log = $DIR/log
operators = $DIR/operators.toml
[listen]
agent_socket = $DIR/agent.sock
admin_socket = $DIR/admin.sock
[policy]
unsigned = allow
[tpm]
tcti = swtpm:path=$DIR/tpm/sock
simulator = allow
END
  printf '%s\n' "$@" >>"$DIR/holdfastd.conf"
}

# declare_launched NAME ACTION…: an agent file and a policy set of an agent that is launched; whatever $DIR/sponsor signs.
declare_launched() {
  local name=$1
  permit any "$@"
  cat >"$DIR/agents.d/$name.toml" <<END
name = "$name"
environment = "test"
[accountability]
sponsor = "sponsor@example.org"
owner = "owner@example.org"
policy_author = "author@example.org"
can_stop = ["oncall@example.org"]
[launch]
manifest_keys = ["$(cat "$DIR/sponsor.pub")"]
END
}
