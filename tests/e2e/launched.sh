#!/usr/bin/env bash
# Agents in Python and Node, from source to signed action: described, signed by their sponsor, imported,
# measured, recorded, and only then executed; their tools, their next version, and what is not launched.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/host.sh"
. "$(dirname "$0")/launching.sh"

set_up_launching
field() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }

say "Declared is not launched: first its code must be in the store, as its sponsor signed it"
example python-agent
describe_python python-agent 1 agent.py --arg=--actions --arg 1000000 --arg=--every --arg 0.2 \
  --env LANG=C.UTF-8
declare_launched python-agent report.publish
holdfast apply
refused manifest_not_imported holdfast launch python-agent
echo '# one line more' >>"$DIR/code/python-agent/agent.py"
refused tree_mismatch holdfast store import "$DIR/manifests/python-agent-1.json" "$DIR/code/python-agent"
sed -i '$d' "$DIR/code/python-agent/agent.py"
import python-agent 1
holdfast store list --json | jq -e --arg digest "$(digest_of python-agent 1)" \
  '.manifests[0] | .manifest_sha256 == $digest and .name == "python-agent"' >/dev/null
holdfast store fsck --json | jq -ce 'select(.differing == 0 and .unread == 0 and .objects > 0)' || fail "fsck"

say "Launched: its own user, no privilege, no way to look into it, exactly the stated environment"
launch python-agent
jq . "$DIR/launched"
[ "$(launched manifest)" = "$(digest_of python-agent 1)" ] || fail "another manifest"
pid=$(launched pid) uid=$(launched uid) instance=$(launched instance)
[ "$uid" -ge 2100000000 ] || fail "uid $uid is not of the range"
[ "$(field "$pid" Uid)" = "$uid	$uid	$uid	$uid" ] || fail "uids: $(field "$pid" Uid)"
[ -z "$(field "$pid" Groups)" ] || fail "groups: $(field "$pid" Groups)"
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
  [ "$(field "$pid" $set)" = 0000000000000000 ] || fail "$set: $(field "$pid" $set)"
done
[ "$(field "$pid" NoNewPrivs)" -eq 1 ] && [ "$(field "$pid" Seccomp)" -eq 2 ] || fail "not confined"
[ "$(stat -c %u "/proc/$pid/environ")" -eq 0 ] || fail "its own user may look into it"
tr '\0' '\n' <"/proc/$pid/environ" | sort | tee "$DIR/environment"
data=$DIR/state/data/python-agent
printf '%s\n' "HOLDFAST_DATA=$data" "HOLDFAST_INSTANCE=$instance" "HOLDFAST_SOCKET=$DIR/agent.sock" \
  "HOME=$data" LANG=C.UTF-8 | diff - "$DIR/environment" || fail "another environment"
[ "$(stat -c '%a %u' "$data")" = "700 $uid" ] || fail "its folder: $(stat -c '%a %u' "$data")"

say "It is known as launched, by its manifest; its actions say so and verify"
wait_until 60 "python-agent to sign" has_step python-agent signed 3
steps python-agent | head -n 5 | jq -c 'del(.jws, .chain_pem)'
[ "$(steps python-agent | jq -r .step | head -n 5 | xargs)" = "whoami credential signed signed signed" ] || fail "other steps"
steps python-agent | jq -se '.[0] | .assurance == "launched" and .notes == []' >/dev/null || fail "not launched"
steps python-agent | jq -r 'select(.step == "credential").chain_pem' | awk '/BEGIN CERT/{n++} n==2' >"$DIR/ca.pem"
steps python-agent | jq -r 'select(.number == 3).jws' >"$DIR/action.jws"
holdfast verify action "$DIR/action.jws" --roots "$DIR/ca.pem" --audience https://reports.example >/dev/null
payload_of <"$DIR/action.jws" | jq -ce --arg digest "$(digest_of python-agent 1)" --arg instance "$instance" \
  'select(.measurement == $digest and .assurance == "launched" and .instance == $instance)
   | {agent, assurance, measurement, instance}'

say "logs --follow shows what is there and what comes"
holdfast logs python-agent --follow >"$DIR/followed" &
follower=$!
signs_on python-agent
holdfast stop python-agent >/dev/null
wait_until 60 "python-agent to end" nothing_runs python-agent
[ "$(ended "$instance")" = "signal 15" ] || fail "ended: $(ended "$instance")"
everything_followed() { holdfast logs python-agent | cmp -s - "$DIR/followed"; }
wait_until 30 "the follower to have it all" everything_followed
kill "$follower"
[ "$(grep -c '"signed"' "$DIR/followed")" -gt 3 ] || fail "nothing was followed"
[ "$(stat -c '%a %U:%G' "$DIR/log/python-agent.log")" = "640 root:holdfast-admin" ] || fail "who may read it"

say "Node: the program is copied into the tree, JIT and all"
example node-agent
node=$(readlink -f "$(type -P node)")
if describe node-agent 1 --interpreter "$node" --arg agent.mjs --arg=--every --arg 0.2; then
  declare_launched node-agent report.publish
  holdfast apply >/dev/null
  import node-agent 1
  launch node-agent
  instance=$(launched instance)
  wait_until 120 "node-agent to end" nothing_runs node-agent
  [ "$(steps node-agent | jq -r .step | xargs)" = "whoami credential signed signed signed" ] ||
    fail "node-agent: $(holdfast logs node-agent)"
  steps node-agent | jq -sce '.[0] | select(.assurance == "launched")'
  [ "$(ended "$instance")" = "exit status 0" ] || fail "ended: $(ended "$instance")"
else
  echo "this node reads parts of itself from elsewhere, and is refused as it should be"
fi

say "A tool runner: it signs each call, its tools cannot, although they inherit everything"
example tool-runner
describe_python tool-runner 1 runner.py
declare_launched tool-runner tool.call
holdfast apply >/dev/null
import tool-runner 1
launch tool-runner
tools=$DIR/state/data/tool-runner/tools.sock
wait_until 60 "the runner's socket" test -S "$tools"
# call TOOL ARGUMENTS: one line in, one line out, over a Unix socket.
call() {
  jq -nc --arg name "$1" --argjson arguments "$2" '{jsonrpc: "2.0", id: 1, method: "tools/call",
    params: {name: $name, arguments: $arguments}}' | $PYTHON -c '
import socket, sys
tools = socket.socket(socket.AF_UNIX)
tools.connect(sys.argv[1])
tools.sendall(sys.stdin.buffer.read())
print(tools.makefile().readline(), end="")' "$tools"
}
call count_words '{"text":"to be or not to be"}' >"$DIR/reply"
[ "$(jq -r '.result.content[0].text' "$DIR/reply")" = 6 ] || fail "$(cat "$DIR/reply")"
jq -er '.result._meta."holdfast/jws"' "$DIR/reply" | payload_of | jq -ce '{action, resource, assurance}'
call sign_by_itself '{}' | jq -r '.result.content[0].text' | tee "$DIR/reply"
jq -e '. == {signed: false, status: 403, code: "not_the_leader"}' "$DIR/reply" >/dev/null || fail "a tool signed"
call count_words '{"text":"still here"}' >"$DIR/reply"
[ "$(jq -r '.result.content[0].text' "$DIR/reply")" = 2 ] || fail "the runner suffers for it: $(cat "$DIR/reply")"
holdfast stop tool-runner >/dev/null
wait_until 60 "the runner to end" nothing_runs tool-runner

say "The next version beside the old one; then the old one goes"
describe_python python-agent 2 agent.py --arg=--actions --arg 1000000 --arg=--every --arg 0.2
import python-agent 2
launch python-agent
second=$(launched instance)
[ "$(launched version)" -eq 2 ] || fail "not the newest version"
describe_python python-agent 3 agent.py --arg=--actions --arg 1000000 --arg=--every --arg 0.1
import python-agent 3
launch python-agent
[ "$(holdfast ps --json | jq -c '[.instances[].version] | sort')" = "[2,3]" ] || fail "not side by side"
holdfast ps
holdfast stop python-agent --instance "$second" >/dev/null
only_the_third() { [ "$(holdfast ps --json | jq -c '[.instances[].version]')" = "[3]" ]; }
wait_until 60 "version 2 to end" only_the_third
signs_on python-agent
holdfast stop python-agent >/dev/null
wait_until 60 "version 3 to end" nothing_runs python-agent

say "Back to an older version only when somebody says so"
older=$(digest_of python-agent 2)
refused manifest_downgraded holdfast launch python-agent --manifest "$older"
launch python-agent --manifest "$older" --allow-downgrade
[ "$(launched version)" -eq 2 ] || fail "not version 2"
holdfast stop python-agent >/dev/null
wait_until 60 "version 2 to end" nothing_runs python-agent

say "What is out of its time, signed by somebody else, or for another agent is not launched"
describe_python python-agent 4 agent.py --not-before 1700000000 --not-after 1700000001
import python-agent 4
refused manifest_expired holdfast launch python-agent
describe_python python-agent 5 agent.py --not-before 4000000000 --not-after 4000000001
import python-agent 5
refused manifest_not_yet_valid holdfast launch python-agent --manifest "$(digest_of python-agent 5)"
ssh-keygen -q -t ed25519 -N '' -f "$DIR/stranger"
sign_manifest python-agent 6 "$DIR/stranger"
import python-agent 6
refused manifest_unsigned holdfast launch python-agent --manifest "$(digest_of python-agent 6)"
refused manifest_not_imported holdfast launch node-agent --manifest "$(digest_of python-agent 5)"
launch python-agent --manifest "$(digest_of python-agent 3)"
holdfast stop python-agent >/dev/null

say "Whoever changes the store as root is found out before anything runs"
view=$(find "$DIR/store/views" -maxdepth 1 -name "*-$(digest_of python-agent 3)")
echo 'print("hello")' >"$view/sitecustomize.py"
refused store_changed holdfast launch python-agent --manifest "$(digest_of python-agent 3)"
rm "$view/sitecustomize.py"

say "With --dev nothing is launched, and it says why"
stop_daemon
stop_tpm
rm -rf "$DIR/state" "$DIR/agent.sock" "$DIR/admin.sock"
start_tpm
start_daemon
holdfast apply >/dev/null
refused not_separated holdfast launch python-agent
echo "what was signed is what ran"
