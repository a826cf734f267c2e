# shellcheck shell=bash
# An act of scripts/demo, as root: the agent is a Python program, launched from a manifest that its
# sponsor signed.
more_programs="holdfast-launcher holdfast-importer"
agent=python-agent audience=https://reports.example references=()

# What the agent printed, as JSON; its last line may be on the way.
steps() { hold logs "$1" 2>/dev/null | jq -Rc 'fromjson?'; }
# first STEP MEMBER: of its first such step.
first() { steps python-agent | jq -esr --arg step "$1" "map(select(.step == \$step))[0].$2"; }
count_signed() { steps python-agent | jq -r .step | grep -c signed || true; }
# wait_for WHAT COMMAND…: the limit only catches what hangs.
wait_for() {
  local what=$1 limit=$((SECONDS + 60))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$limit" ] || { hold logs python-agent | tail -n 3; broke "waited too long for $what"; }
    sleep 0.05
  done
}
signed_more_than() { [ "$(count_signed)" -gt "$1" ]; }
signs_on() { wait_for "another signature" signed_more_than "$(count_signed)"; }
gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

# describe NAME VERSION KEY OPTION…: a manifest of $work/code/NAME, signed.
describe() {
  local name=$1 version=$2 key=$3
  shift 3
  hold manifest create "$work/code/$name" --name "$name" --manifest-version "$version" "$@" \
    --output "$work/statement.json" --json >"$work/created"
  hold manifest sign "$work/statement.json" --ssh-key "$key" --output "$work/manifests/$name-$version.json" --json \
    >"$work/signed"
}
import() { hold store import "$work/manifests/$1-$2.json" "$work/code/$1" --json; }
declare_launched() {
  sed "s|@SPONSOR_KEY@|$(cat "$work/sponsor.pub")|" "examples/$1/launched.toml.in" >"$work/agents.d/$1.toml"
  choose_key "$work/agents.d/$1.toml"
  take_policy "$1"
  hold apply >/dev/null || broke "the agent could not be declared"
}

agent_is_made() {
  local python=/usr/bin/python3 code=$work/code/python-agent
  mkdir -p "$code" "$work/manifests" "$work/accepted"
  cp examples/python-agent/agent.py clients/python/holdfast.py "$code"
  title "An agent: $(wc -l <"$code/agent.py") lines of Python. Its sponsor says what its code is, and signs that"
  ssh-keygen -q -t ed25519 -N '' -C sponsor@example.org -f "$work/sponsor"
  describe python-agent 1 "$work/sponsor" --interpreter $python --arg agent.py \
    --arg=--actions --arg 1000000 --arg=--every --arg 0.2 --env LANG=C.UTF-8
  cp "$work/manifests/python-agent-1.json" "$work/accepted"
  references=(--manifest-roots "$work/accepted" --manifest-key "$work/sponsor.pub")
  say "$(jq -r '"every file by its digest: \(.entries) entries, \(.bytes / 1000000 | floor) MB, the interpreter among them"' "$work/created")"
  hold manifest lint "$work/statement.json" "$code" >"$work/lint" || { cat "$work/lint"; broke "lint found something"; }
  held "described, linted, signed with an SSH key: one file, $(du -h "$work/manifests/python-agent-1.json" | cut -f1)"

  title "The host: whose signature counts, a copy of the code that nobody can change, and the launch"
  declare_launched python-agent
  grep -vE '^(#|$)' "$work/agents.d/python-agent.toml" | sed 's/\(ssh-ed25519 .\{12\}\).*/\1…"]/' | quote
  [ "$(hold agent show python-agent --json | jq -r .fuse)" = "$fuse" ] || broke "its key has another fuse"
  held "declared; $key_made"
  say_policy python-agent
  import python-agent 1 >"$work/imported" || broke "the code could not be imported"
  held "imported: each file hashed while it was copied, $(jq .files "$work/imported") files in the store"
  launch
  [ "$(jq -r .manifest "$work/launched")" = "$(jq -r .manifest_sha256 "$work/imported")" ] || broke "other code ran"
  held "launched: signature, code and host files checked, in the ledger$([ "$backend" = softhsm ] || echo " and TPM") before its first instruction"
  say "$(jq -r '"process \(.pid), a user of its own (\(.uid)), no capability, Landlock, seccomp, one exec"' "$work/launched")"
  jq -r '.missing[]' "$work/launched" | sed 's/^/   not on this host: /'
}
launch() {
  hold launch python-agent --json >"$work/launched" || broke "it was not launched"
  pid=$(jq -r .pid "$work/launched")
}

answered() { [ ! -e "$1/challenge.json" ]; }
agent_works() {
  local folder=$work/state/data/python-agent
  title "The agent at work: no password, no key file; the daemon knows which process it started"
  wait_for "its first signature" signed_more_than 0
  first credential chain_pem >"$work/credential.pem"
  first signed jws >"$work/action.jws"
  say "it is     $(first whoami agent)"
  say "known by  the manifest it was launched from (assurance: $(first whoami assurance))"
  # A verifier asks: its question is laid into the agent's own folder, the answer lies beside it.
  jq -nc --arg nonce "$nonce" --arg verifier "$verifier" '{$nonce, $verifier}' >"$work/question"
  chmod 0644 "$work/question"
  mv "$work/question" "$folder/challenge.json"
  wait_for "its evidence" answered "$folder"
  cp "$folder/evidence.json" "$work/evidence.json"
}

what_ran() {
  say "$log_says"
  [ "$backend" = tpm ] || return 0
  jq -r '.launches[] | "\(.agent), version \(.version), manifest \(.manifest[:16])…, \(.ended // "running")"' \
    "$work/appraisal.json" | quote
}

agent_works_again() {
  local before
  before=$(count_signed)
  launch
  wait_for "another signature" signed_more_than "$before"
  key_of() { jq -r 'select(.step == "signed").jws' | jq -Rr 'split(".")[0] | gsub("-"; "+") | gsub("_"; "/") | @base64d | fromjson.kid'; }
  [ "$(steps python-agent | key_of | sort -u | wc -l)" -eq 1 ] || broke "another key signed"
  held "launched again, the agent signs with the same key"
}

refusals() {
  local code=$work/code/python-agent
  refused unrecognised_caller "anybody else at the socket, curl" \
    curl -s --unix-socket "$HOLDFAST_SOCKET" http://holdfast/v1/whoami
  echo 'print("one line more")' >>"$code/agent.py"
  refused tree_mismatch "its code, one line longer, for the same manifest" import python-agent 1
  ssh-keygen -q -t ed25519 -N '' -C stranger -f "$work/stranger"
  describe python-agent 2 "$work/stranger" --entrypoint bin/python3 --arg=-I --arg=-S --arg=-B --arg agent.py
  import python-agent 2 >"$work/imported" || broke "the code could not be imported"
  refused manifest_unsigned "a manifest of the new code, signed by somebody else" \
    hold launch python-agent --manifest "$(jq -r .manifest_sha256 "$work/imported")" --json
  tool_of_an_agent
  signs_on
  hold kill python-agent --json >"$work/killed" || broke "killing failed"
  wait_for "its end" gone "$pid"
  held "holdfast kill: process $pid is gone, the agent suspended"
  refused agent_suspended "to launch it again" hold launch python-agent --json
  hold agent revoke python-agent >/dev/null || broke "revoking failed"
  refused agent_revoked "$key_ended: to launch it again" hold launch python-agent --json
}

# A tool that a model talked into signing by itself: a process of the agent, with all it inherits.
tool_of_an_agent() {
  local runner=$work/code/tool-runner tools=$work/state/data/tool-runner/tools.sock
  cp -r examples/tool-runner "$runner"
  rm "$runner"/{README.md,*.toml.in,*.cedar}
  cp clients/python/holdfast.py "$runner"
  describe tool-runner 1 "$work/sponsor" --interpreter /usr/bin/python3 --arg runner.py
  declare_launched tool-runner
  import tool-runner 1 >"$work/imported" || broke "the tool runner could not be imported"
  hold launch tool-runner --json >"$work/launched-tools" || broke "the tool runner was not launched"
  wait_for "the runner's socket" test -S "$tools"
  ask_tool count_words '{"text":"to be or not to be"}' | jq -e '.result.content[0].text | tonumber == 6' >/dev/null ||
    broke "a tool call was not signed and run"
  held "a second agent signs each call of its tools, then runs it"
  overstep() { ask_tool sign_by_itself '{}' | jq -r '.result.content[0].text | fromjson + {detail: "asked by the tool itself, over the inherited socket"}'; }
  refused not_the_leader "a tool of it that asks for a signature by itself" overstep
}
ask_tool() {
  jq -nc --arg name "$1" --argjson arguments "$2" \
    '{jsonrpc: "2.0", id: 1, method: "tools/call", params: {name: $name, arguments: $arguments}}' |
    /usr/bin/python3 -c 'import socket, sys
tools = socket.socket(socket.AF_UNIX)
tools.connect(sys.argv[1])
tools.sendall(sys.stdin.buffer.read())
print(tools.makefile().readline(), end="")' "$work/state/data/tool-runner/tools.sock"
}

more_to_try() {
  echo "  holdfast ps; holdfast logs tool-runner; holdfast store list"
  echo "  holdfast stop tool-runner; holdfast launch tool-runner"
}
