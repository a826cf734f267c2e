#!/usr/bin/env bash
# Every command in docs/verifying.md, docs/manifests.md, docs/protocol.md, docs/agents.md and the
# examples' README files, and the README's first two, are run as they stand there, but for the folders
# of sockets and agent files, and for the profile: a software TPM is no production.
. "$(dirname "$0")/lib.sh"

# blocks KIND FILE: the contents of its ```KIND blocks, without prompts such as "host$ ".
blocks() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/{/^\`\`\`/d;s/^[a-z]*\\$  *//;p}" "$ROOT/$2"; }
here() { sed -e "s|/run/holdfast/|$DIR/|g" -e "s|/etc/holdfast/|$DIR/|g" -e 's|--profile production|--profile evaluation|'; }

# run_all: each command of standard input by itself; an HTTP error or an exit code is a failure.
curl() { command curl --fail-with-body "$@"; }
run_all() {
  local line command="" ran=0
  while IFS= read -r line; do
    command+=$line
    if [[ $line == *\\ ]]; then command=${command%\\}; continue; fi
    eval "$command" >"$DIR/out" 2>"$DIR/err" </dev/null || fail "$command: $(cat "$DIR/out" "$DIR/err")"
    # shellcheck disable=SC2001
    echo "ok: $(sed 's/  */ /g' <<<"$command")"
    command="" ran=$((ran + 1))
  done
  [ "$ran" -gt 0 ] || fail "the document shows no command"
}

start_tpm
start_daemon
"$ROOT/scripts/software-tpm" roots "$DIR" >"$DIR/tpm-vendors.pem"

# Agents are known by their programs: one of them is curl, the other the `holdfast` command.
declare_program() {  # NAME PROGRAM
  cp "$2" "$AGENTS/$1"  # the same digest as the program itself
  declare_agent "$1" refund.create
}
curl_program=$(readlink -f "$(type -P curl)")
holdfast_program=$(readlink -f "$HOLDFAST_BIN/holdfast")
declare_program refund-agent "$curl_program"
declare_program shown-agent "$holdfast_program"
permit any shown-agent refund.create
holdfast apply
cd "$DIR" || exit
NONCE=$(head -c 32 /dev/urandom | basenc --base64url -w0 | tr -d =)
export NONCE

mkdir accepted-manifests  # nothing is launched here, so none is needed
ssh-keygen -q -t ed25519 -N '' -f sponsor

say "docs/verifying.md: what the agent gets, enrolling, verifying"
blocks sh docs/verifying.md | here | run_all

say "README.md: the two commands an agent and its relying party start with"
cp host-ca.pem ca.pem
blocks console README.md | here | sed -n '/^holdfast sign/,/^holdfast verify/p' | run_all

say "docs/manifests.md: describing an agent's code and signing that"
rm sponsor sponsor.pub  # it makes its own
blocks sh docs/manifests.md | run_all

say "docs/protocol.md: curl as a complete client"
blocks sh docs/protocol.md | here | run_all

say "docs/agents.md: an agent in Python, declared and run"
ln -s "$ROOT/examples" "$ROOT/clients" .
blocks sh docs/agents.md | here | run_all
jq -se 'map(.step) == ["whoami", "credential", "signed", "signed"]' "$DIR/out" >/dev/null || fail "$(cat "$DIR/out")"
blocks python docs/agents.md >my-agent/first.py
/usr/bin/python3 -I -S -B my-agent/first.py | tee "$DIR/out" | cut -c1-80
grep -qE '^[0-9]+ [^.]+\.[^.]+\.[^.]+$' "$DIR/out" || fail "it signed nothing"

say "README files of the examples"
# One of them at a time is this interpreter: two agents of one user must be two programs.
for example in python-agent=/usr/bin/python3 tool-runner=/usr/bin/python3 "node-agent=$(type -P node)"; do
  name=${example%%=*}
  rm -f agents.d/{python-agent,tool-runner,node-agent}.toml
  sed -e "s/@UID@/$(id -u)/" -e "s/@DIGEST@/$(sha256sum "${example#*=}" | cut -d' ' -f1)/" \
    "$ROOT/examples/$name/$name.toml.in" >"agents.d/$name.toml"
  cp "$ROOT/examples/$name/$name.cedar" policies.d/
  holdfast apply >/dev/null
  rm -rf my-agent
  blocks sh "examples/$name/README.md" | here | run_all
  grep -qE '"step": ?"signed"|\\"signed\\": true' "$DIR/out" || fail "$name signed nothing: $(cat "$DIR/out")"
done
echo "the documents say what is so"
