#!/usr/bin/env bash
# Every command in docs/verifying.md and docs/protocol.md, and the README's first two, are run as they
# stand there, but for the sockets' folder, and for the profile: a software TPM is no production.
. "$(dirname "$0")/lib.sh"

# blocks KIND FILE: the contents of its ```KIND blocks, without prompts such as "host$ ".
blocks() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/{/^\`\`\`/d;s/^[a-z]*\\$  *//;p}" "$ROOT/$2"; }
here() { sed -e "s|/run/holdfast/|$DIR/|g" -e 's|--profile production|--profile evaluation|'; }

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
declare_program() {  # NAME PROGRAM AUDIENCE
  cp "$2" "$AGENTS/$1"  # the same digest as the program itself
  AUDIENCE=$3 declare_agent "$1" refund.create
}
curl_program=$(readlink -f "$(type -P curl)")
holdfast_program=$(readlink -f "$HOLDFAST_BIN/holdfast")
declare_program refund-agent "$curl_program" https://payments.example
declare_program shown-agent "$holdfast_program" 'https://payments.example", "https://pay.example'
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

say "docs/protocol.md: curl as a complete client"
blocks sh docs/protocol.md | here | run_all
echo "the documents say what is so"
