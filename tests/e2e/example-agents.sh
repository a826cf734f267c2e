#!/usr/bin/env bash
# The example agents in Python and Node, and the tool runner, as their README files declare them: they
# sign what they do, wait for what passes, give up when refused for good, and renew at half life.
. "$(dirname "$0")/lib.sh"

# declare_example NAME PROGRAM: its agent file as it is, its interpreter a copy with a byte of its own.
declare_example() {
  cp "$(readlink -f "$2")" "$AGENTS/$1"
  printf '%s' "$1" >>"$AGENTS/$1"
  sed -e "s/@UID@/$AGENT_UID/" -e "s/@DIGEST@/$(sha256sum "$AGENTS/$1" | cut -d' ' -f1)/" \
    "$ROOT/examples/$1/$1.toml.in" >"$DIR/agents.d/$1.toml"
  cp "$ROOT/examples/$1/$1.cedar" "$DIR/policies.d/"
  mkdir -p "$DIR/$1"
  cp -r "$ROOT/examples/$1/." "$ROOT/clients/python/holdfast.py" "$DIR/$1/"
}
python-agent() { "$AGENTS/python-agent" -I -S -B "$DIR/python-agent/agent.py" "$@"; }
node-agent() { "$AGENTS/node-agent" "$DIR/node-agent/agent.mjs" "$@"; }
tool-runner() { "$AGENTS/tool-runner" -I -S -B "$DIR/tool-runner/runner.py"; }

# How often a signature was given up, which its caller is told by 503.
given_up() { grep -c 'the front reports it as failed' "$DIR/daemon.log" || true; }
refused_more_than() { [ "$(given_up)" -gt "$1" ]; }

start_tpm
start_daemon
declare_example python-agent /usr/bin/python3
declare_example node-agent "$(type -P node)"
declare_example tool-runner /usr/bin/python3
holdfast apply

for agent in python-agent node-agent; do
  say "$agent: who it is, a credential, three signed reports; one connection for all of it"
  "$agent" --every 0 | tee "$DIR/steps" | cut -c1-160
  [ "$(jq -r .step "$DIR/steps" | xargs)" = "whoami credential signed signed signed" ] || fail "other steps"
  jq -se --arg agent "/agent/$agent" '.[0] | .agent | endswith($agent)' "$DIR/steps" >/dev/null
  jq -rse '[.[] | select(.step == "signed").jws | split(".")[1]] | .[]' "$DIR/steps" |
    while read -r payload; do from_base64url <<<"$payload" | jq -r .instance; done | sort -u >"$DIR/instances"
  [ "$(wc -l <"$DIR/instances")" -eq 1 ] || fail "more than one connection: $(cat "$DIR/instances")"

  say "$agent: the chip stands still for a while, and it waits"
  before=$(given_up)
  kill -STOP "$(tpm_pid)"
  "$agent" --every 0 >"$DIR/steps" &
  running=$!
  wait_until 30 "the daemon to answer 503" refused_more_than "$before"
  kill -CONT "$(tpm_pid)"
  wait "$running" || fail "it gave up: $(cat "$DIR/steps")"
  [ "$(jq -r .step "$DIR/steps" | grep -c signed)" -eq 3 ] || fail "not all signed: $(cat "$DIR/steps")"

  say "$agent: refused for good, it ends"
  expect_exit 1 "$agent" --every 0 --action payout.create
  jq -se 'last | .code == "action_not_allowed" and .retry == "never"' "$DIR/out"
done

say "tool-runner: a tool call is signed, then run"
request() { jq -nc --argjson id "$1" --arg method "$2" '{jsonrpc: "2.0", id: $id, method: $method}'; }
call() {
  jq -nc --argjson id "$1" --arg name "$2" --argjson arguments "$3" \
    '{jsonrpc: "2.0", id: $id, method: "tools/call", params: {name: $name, arguments: $arguments}}'
}
# asked LINE…: the runner's replies to these lines, in $DIR/replies; reply ID shows one.
asked() { printf '%s\n' "$@" | tool-runner >"$DIR/replies"; }
reply() { jq -nce --argjson id "$1" 'first(inputs | select(.id == $id))' "$DIR/replies"; }
asked "$(request 1 initialize)" '{"jsonrpc":"2.0","method":"notifications/initialized"}' \
  "$(request 2 tools/list)" "$(call 3 count_words '{"text":"to be or not to be"}')"
[ "$(wc -l <"$DIR/replies")" -eq 3 ] || fail "a notification was answered: $(cat "$DIR/replies")"
reply 1 | jq -e .result.capabilities.tools >/dev/null
[ "$(reply 2 | jq -r '[.result.tools[].name] | join(" ")')" = "count_words sign_by_itself" ] || fail "$(reply 2)"
[ "$(reply 3 | jq -r '.result.content[0].text')" = 6 ] || fail "$(reply 3)"
reply 3 | jq -er '.result._meta."holdfast/jws" | split(".")[1]' | from_base64url |
  jq -c '{action, resource, params}' | tee "$DIR/statement"
jq -e '.action == "tool.call" and .params.text == "to be or not to be"' "$DIR/statement" >/dev/null

say "tool-runner: what is not signed is not run, and what is no request is told so"
long=$(head -c 70000 /dev/zero | tr '\0' x)
asked 'no json' '{"jsonrpc":"2.0","id":1}' "$(request 2 tools/nothing)" "$(call 3 rm '{}')" \
  "$(call 4 count_words '{"text":0.5}')" "$(call 5 count_words "{\"text\":\"$long\"}")" "$(request 6 ping)"
[ "$(jq -c '.error.code' "$DIR/replies" | xargs)" = "-32700 -32600 -32601 -32602 null -32700 null" ] ||
  fail "$(cat "$DIR/replies")"
reply 4 | jq -e '.result.isError and (.result.content[0].text | contains("malformed_request"))' >/dev/null ||
  fail "$(reply 4)"

say "A tool that asks by itself. Observed, it is the same program of the same user, so it is served: an
   honest limit, which launching with signers = leader ends"
asked "$(call 1 sign_by_itself '{}')"
reply 1 | jq -r '.result.content[0].text'
reply 1 | jq -e '.result.content[0].text | fromjson | .signed == true' >/dev/null || fail "$(reply 1)"

say "Another program with the same socket is refused, and the tool says how"
/usr/bin/python3 -I -S -B "$DIR/tool-runner/tools/sign_by_itself.py" | tee "$DIR/out"
jq -e '. == {signed: false, status: 403, code: "measurement_mismatch"}' "$DIR/out" >/dev/null

say "A suspended runner runs nothing"
holdfast agent suspend tool-runner >/dev/null
asked "$(call 1 count_words '{"text":"a b"}')"
reply 1 | jq -e '.result.isError and (.result.content[0].text | contains("agent_suspended"))' >/dev/null ||
  fail "$(reply 1)"

say "At half life the agents renew; a 503 they wait out (a daemon that is made up has short lives)"
"$ROOT/tests/e2e/agent_renews.py" "$AGENTS/python-agent" -I -S -B "$DIR/python-agent/agent.py"
"$ROOT/tests/e2e/agent_renews.py" "$AGENTS/node-agent" "$DIR/node-agent/agent.mjs"
echo "the examples do what they say"
