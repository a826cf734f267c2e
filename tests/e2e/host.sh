# shellcheck shell=bash
# A host as root sets one up: the daemon's own users, its programs where they can read them, a
# configuration file. Source it after lib.sh; the users go with the script if they came with it.

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

# start_daemon --config "$DIR/holdfastd.conf" is what follows.
set_up_host() {
  make_users
  chmod 0755 "$DIR"
  mkdir "$DIR/libexec"
  cp "$HOLDFAST_BIN"/{holdfastd,holdfast-front,holdfast-keys-tpm,holdfast-measurer,holdfast} "$DIR/libexec"
  cat >"$DIR/holdfastd.conf" <<END
[host]
name = host-1
domain = agents.example
[paths]
state = $DIR/state
agents = $DIR/agents.d
libexec = $DIR/libexec
[listen]
agent_socket = $DIR/agent.sock
admin_socket = $DIR/admin.sock
[tpm]
tcti = swtpm:path=$DIR/tpm/sock
simulator = allow
END
}
