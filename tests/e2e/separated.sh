#!/usr/bin/env bash
# As on a real host: root starts holdfastd with a configuration file, each process is its own user
# with no more than its task needs, and agents are other users than all of these.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/host.sh"

AGENT_UID=60123
AS=(setpriv --reuid "$AGENT_UID" --regid "$AGENT_UID" --clear-groups)
OPERATOR_UID=60124
STRANGER_UID=60125

set_up_host
HOLDFAST=$DIR/libexec/holdfast

say "Started by root with a configuration file"
holdfastd --config "$DIR/holdfastd.conf" --check-config
start_tpm --group holdfast-keys
start_daemon --config "$DIR/holdfastd.conf"
holdfast status --json | jq -ce '{privileges, trust_domain} | select(.privileges == "separated")'

say "Every process is its own user; what each may do is what the kernel says"
# The four uids (real, effective, saved, filesystem) and the capability sets of /proc/PID/status.
field() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
expect_process() {  # PROGRAM USER CAPABILITIES
  local pid uid set
  pid=$(process_of "$1") || fail "$1 does not run"
  uid=$(id -u "$2")
  [ "$(field "$pid" Uid)" = "$uid	$uid	$uid	$uid" ] || fail "$1: uids $(field "$pid" Uid), not $2"
  for set in CapPrm CapEff CapInh CapAmb; do
    [ "$(field "$pid" $set)" = "$(printf %016x "$3")" ] || fail "$1: $set $(field "$pid" $set)"
  done
  [ "$(field "$pid" NoNewPrivs)" -eq 1 ] || fail "$1: could gain privileges by an exec"
  grep -qE '^Max core file size +0 +0 ' "/proc/$pid/limits" || fail "$1: would leave its memory in a core file"
  # proc(5): what is in /proc/PID belongs to root where a process is not dumpable, so nobody of its
  # own uid can look into it either. A sanitizer wants to look into its own.
  is_sanitized || [ "$(stat -c %u "/proc/$pid/environ")" -eq 0 ] || fail "$1: its own uid may look into it"
  printf '%-18s %-17s capabilities %016x\n' "$1" "$2" "$3"
}
dac_read_search=$((1 << 2)) sys_ptrace=$((1 << 19)) checkpoint_restore=$((1 << 40))
expect_process holdfast-front holdfast 0
expect_process holdfast-keys-tpm holdfast-keys 0
expect_process holdfast-measurer holdfast-measure $((dac_read_search | sys_ptrace | checkpoint_restore))
chown=$((1 << 0)) kill=$((1 << 5)) setgid=$((1 << 6)) setuid=$((1 << 7)) setpcap=$((1 << 8))
expect_process holdfast-launcher root $((chown | dac_read_search | kill | setgid | setuid | setpcap))
[ "$(field "$DAEMON_PID" Uid | cut -f1)" -eq 0 ]
[ "$(descendants "$DAEMON_PID" | wc -l)" -eq 4 ] || fail "other processes run as well"

say "The keys folder is the keys worker's alone; the front cannot even replace it"
stat -c '%a %U %n' "$DIR/state" "$DIR/state/keys" "$DIR/state/ledger" | sed "s|$DIR/||"
[ "$(stat -c '%a %U:%G' "$DIR/state")" = "1771 root:holdfast" ] || fail "state/: $(stat -c '%a %U:%G' "$DIR/state")"
[ "$(stat -c '%a %U' "$DIR/state/keys")" = "700 holdfast-keys" ] || fail "keys/"
[ "$(stat -c '%a %U' "$DIR/state/ledger")" = "700 holdfast" ] || fail "ledger/"
as_user() { local user=$1; shift; setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups "$@"; }
may_not() { if "$@" >"$DIR/out" 2>&1; then fail "was possible: $*"; fi; }
for user in holdfast holdfast-measure; do
  may_not as_user "$user" ls "$DIR/state/keys"
  may_not as_user "$user" cat "$DIR/state/keys/ca.pem"
done
as_user holdfast-keys ls "$DIR/state/keys/ca.pem" >/dev/null
may_not as_user holdfast mv "$DIR/state/keys" "$DIR/state/stolen"
may_not as_user holdfast-keys ls "$DIR/state/ledger"
may_not as_user holdfast dd "if=/proc/$(process_of holdfast-keys-tpm)/mem" count=0
echo "refused, each of them"

say "An agent of its own user signs; nothing of it is root's or the daemon's"
declare_agent refund-agent refund.create
holdfast apply
agent refund-agent >"$DIR/steps" || fail "refused: $(tail -n 1 "$DIR/steps")"
jq -nce 'first(inputs | select(.step == "whoami")).reply | {agent, notes}' "$DIR/steps" | tee "$DIR/whoami"
jq -e '.notes | index("privileges: not separated") == null' "$DIR/whoami" >/dev/null || fail "it is separated"
jq -nr 'first(inputs | select(.step == "credential")).reply.chain_pem' "$DIR/steps" >"$DIR/credential.pem"
awk '/BEGIN CERT/{n++} n==2' "$DIR/credential.pem" >"$DIR/ca.pem"
jq -nr 'first(inputs | select(.step == "sign")).reply.jws' "$DIR/steps" >"$DIR/action.jws"
expect_exit 0 holdfast verify action "$DIR/action.jws" --roots "$DIR/ca.pem" --audience "$AUDIENCE" \
  --agent spiffe://host-1.agents.example/agent/refund-agent

say "The same program run by somebody else, and by root, is nobody"
for uid in "$STRANGER_UID" 0; do
  (AS=(setpriv --reuid "$uid" --regid "$uid" --clear-groups) && expect_refusal unrecognised_caller refund-agent)
done

say "An agent that could change its own program is refused, whatever the digest says"
cp "$AGENTS/refund-agent" "$AGENTS/loose-agent"
printf loose >>"$AGENTS/loose-agent"
declare_agent loose-agent refund.create
chown "$AGENT_UID" "$AGENTS/loose-agent"
holdfast apply
expect_refusal writable_executable loose-agent
chown 0 "$AGENTS/loose-agent"
agent loose-agent --only-sign >/dev/null || fail "refused for another reason"

say "Operators are the group holdfast-admin; a second one may undo what the first suspended"
may_not as_uid "$STRANGER_UID" "$STRANGER_UID" "$HOLDFAST" status
expect_exit 5 as_uid "$AGENT_UID" "$AGENT_UID" "$HOLDFAST" agent revoke refund-agent
holdfast agent suspend refund-agent >/dev/null
expect_refusal agent_suspended refund-agent
admins=$(getent group holdfast-admin | cut -d: -f3)
as_uid "$OPERATOR_UID" "$admins" "$HOLDFAST" agent reinstate refund-agent --json | jq -ce '{state} | select(.state == "active")'
holdfast agent show refund-agent --json | jq -r .changed_by
agent refund-agent --only-sign >/dev/null || fail "not reinstated"

say "kill -9 of the supervisor takes every process with it"
children=$(descendants "$DAEMON_PID")
kill -9 "$DAEMON_PID"
wait "$DAEMON_PID" 2>/dev/null || true
DAEMON_PID=""
for child in $children; do wait_until 10 "process $child to end" gone "$child"; done
start_daemon --config "$DIR/holdfastd.conf"
sign_again() { agent refund-agent --only-sign >/dev/null; }
wait_until 20 "signing after a start on what was left" sign_again
echo "separated, as operations.md says"
