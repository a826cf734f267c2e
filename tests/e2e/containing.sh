#!/usr/bin/env bash
# Stopping agents by degrees and by scopes: throttled, approval-only, an environment's, a sponsor's,
# the host's, and the end of every key of a host. Each stop is there again after kill -9.
. "$(dirname "$0")/lib.sh"

state_of() { holdfast agent show "$1" --json | jq -r .state; }
host_is() { holdfast status --json | jq -e ".host.state == \"$1\"" >/dev/null || fail "the host is not $1"; }

# Nothing of it ends in order.
crash_daemon() {
  local pid children
  children=$(descendants "$DAEMON_PID")
  for pid in "$DAEMON_PID" $children; do kill -9 "$pid" 2>/dev/null || true; done
  wait "$DAEMON_PID" 2>/dev/null || true
  for pid in $children; do wait_until 10 "process $pid to end" gone "$pid"; done
  DAEMON_PID=""
}
after_a_crash() { crash_daemon; start_daemon; }

printf '[containment]\nreinstate_by = anyone\n' >"$DIR/holdfastd.conf"
start_tpm
start_daemon
declare_agent refund-agent refund.create
declare_agent spare-agent refund.create
declare_agent other-agent refund.create
sed -i 's/^environment = .*/environment = "production"/' "$DIR/agents.d/spare-agent.toml" "$DIR/agents.d/other-agent.toml"
sed -i 's/^sponsor = .*/sponsor = "sales@example.org"/' "$DIR/agents.d/other-agent.toml"
holdfast apply
for name in refund-agent spare-agent other-agent; do sign "$name" "$DIR/$name.jws"; done

say "Throttled: two actions a minute, and no more"
holdfast throttle refund-agent --rate 2 --reason "spends fast" --json |
  jq -ce '{state, ledger: .stages.ledger} | select(. == {state: "throttled", ledger: "done"})'
sign refund-agent "$DIR/first.jws"
sign refund-agent "$DIR/second.jws"
expect_refusal agent_throttled refund-agent
holdfast agent show refund-agent --json | jq -ce '{rate, reason} | select(. == {rate: 2, reason: "spends fast"})'
expect_exit 1 holdfast throttle refund-agent --rate 3
grep -o already_stricter "$DIR/err"
expect_exit 2 holdfast throttle refund-agent --rate two
expect_exit 2 holdfast throttle
expect_exit 1 holdfast throttle refund-agent --rate 601
after_a_crash
holdfast agent show refund-agent --json | jq -ce '{state, rate} | select(. == {state: "throttled", rate: 2})'
sign refund-agent "$DIR/first.jws"
sign refund-agent "$DIR/second.jws"
expect_refusal agent_throttled refund-agent

say "Approval-only: no action, but credentials"
holdfast approval-only refund-agent
agent refund-agent --only-sign | jq -ce '.reply | select(.state == "pending" and .needed == 1 and .jws == null)'
agent refund-agent >"$DIR/steps" || true  # its last step has no signature
jq -cse 'map(select(.step == "credential") | .reply.spiffe_id) | select(length == 1)' "$DIR/steps"
after_a_crash
[ "$(state_of refund-agent)" = approval_only ] || fail "it is $(state_of refund-agent)"
agent refund-agent --only-sign | jq -ce '.reply | select(.state == "pending" and .jws == null)'
holdfast reinstate refund-agent --reason "explained"
sign refund-agent "$DIR/again.jws"

say "An environment's agents, all at once; then a sponsor's"
holdfast suspend --environment production --reason drill --json |
  jq -ce '[.agents[] | {name, state}] | select(. == [{name: "other-agent", state: "suspended"}, {name: "spare-agent", state: "suspended"}])'
expect_refusal agent_suspended spare-agent
expect_refusal agent_suspended other-agent
sign refund-agent "$DIR/again.jws"
after_a_crash
expect_refusal agent_suspended spare-agent
holdfast reinstate --environment production
sign spare-agent "$DIR/again.jws"
holdfast suspend --sponsor sales@example.org
expect_refusal agent_suspended other-agent
holdfast reinstate --sponsor sales@example.org
expect_exit 4 holdfast suspend --sponsor nobody@example.org
expect_exit 2 holdfast suspend --sponsor sales@example.org --host

say "The host: every agent, and each is what it was when it is lifted"
holdfast throttle spare-agent --rate 5
holdfast suspend --host --reason "fire drill"
for name in refund-agent spare-agent other-agent; do expect_refusal host_suspended "$name"; done
after_a_crash
host_is suspended
expect_refusal host_suspended refund-agent
holdfast reinstate --host
host_is active
sign refund-agent "$DIR/again.jws"
[ "$(state_of spare-agent)" = throttled ] || fail "it is $(state_of spare-agent)"

say "The host fuse: only when its name is said, and then for ever"
stop_daemon
cp -a "$DIR/state" "$DIR/backup"
start_daemon
expect_exit 2 holdfast kill --host --hardware </dev/null
expect_exit 3 holdfast kill --host --hardware --confirm another.host
grep -o not_confirmed "$DIR/err"
sign refund-agent "$DIR/again.jws"
domain=$(holdfast status --json | jq -r .trust_domain)
holdfast kill --host --hardware --confirm "$domain" --reason seized --json |
  jq -ce '.stages | {fuse, ledger} | select(. == {fuse: "done", ledger: "done"})'
expect_refusal host_revoked refund-agent
expect_exit 1 holdfast reinstate --host
grep -o host_revoked "$DIR/err"
after_a_crash
host_is revoked
expect_refusal host_revoked refund-agent

say "The state directory of before: the chip remembers, and the daemon says so"
stop_daemon
rm -rf "$DIR/state"
cp -a "$DIR/backup" "$DIR/state"
: >"$DIR/daemon.log"
start_daemon
wait_until 20 "the daemon to hear it of the chip" host_is revoked
grep -o "the chip says that the host fuse is blown" "$DIR/daemon.log"
holdfast status --json | jq -ce '.host.changed_by | select(. == "chip")'
expect_refusal host_revoked refund-agent
expect_exit 1 holdfast reinstate --host

say "Every stop is a record"
for words in '"verb":"throttle"' '"verb":"approval-only"' '"scope":"environment production"' \
  '"scope":"sponsor sales@example.org"' '"scope":"host"' '"reason":"fire drill"'; do
  grep -qa "$words" <(find "$DIR/backup/ledger" -type f -exec cat {} +) || fail "no record of $words"
  echo "in the ledger: $words"
done
echo "every stop held"
