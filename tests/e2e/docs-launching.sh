#!/usr/bin/env bash
# Every command in docs/launching.md, and those of the examples' README files that launch them, are run as
# they stand there on a host as root sets one up, but for the folders of agent files.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/host.sh"
. "$(dirname "$0")/launching.sh"

set_up_launching
cd "$DIR" || exit
ln -s "$ROOT/examples" "$ROOT/clients" .

# run_all FILE KIND: each command of its ```KIND blocks by itself.
run_all() {
  local line command="" ran=0
  while IFS= read -r line; do
    command+=$line
    if [[ $line == *\\ ]]; then command=${command%\\}; continue; fi
    eval "$command" >"$DIR/out" 2>"$DIR/err" </dev/null || fail "$command: $(cat "$DIR/out" "$DIR/err")"
    # shellcheck disable=SC2001
    echo "ok: $(sed 's/  */ /g' <<<"$command")"
    command="" ran=$((ran + 1))
  done < <(sed -n "/^\`\`\`$2\$/,/^\`\`\`\$/{/^\`\`\`/d;p}" "$ROOT/$1" | sed "s|/etc/holdfast/|$DIR/|g")
  [ "$ran" -gt 0 ] || fail "$1 shows no command"
}

node_can_be_copied() {
  mkdir try
  holdfast manifest create try --name try --manifest-version 1 --interpreter "$(command -v node)" >/dev/null 2>&1
}

say "README files of the examples"
for name in python-agent node-agent tool-runner; do
  if [ $name = node-agent ] && ! node_can_be_copied; then
    echo "this node reads parts of itself from elsewhere, and is refused"
    continue
  fi
  rm -rf launched-agent
  run_all examples/$name/README.md "sh launched"
  [ $name != tool-runner ] || continue
  wait_until 120 "$name to end" nothing_runs $name
  has_step $name signed 2 || fail "$name signed nothing: $(holdfast logs $name)"
done
[ -n "$(running tool-runner)" ] || fail "the tool runner does not run: $(holdfast logs tool-runner)"

say "docs/launching.md: launched, updated beside the old version, and back"
run_all docs/launching.md sh
[ "$(holdfast ps --json | jq -c '[.instances[] | select(.agent == "python-agent") | .version]')" = "[1]" ] || fail "not version 1: $(holdfast ps)"
signs_on python-agent
holdfast stop python-agent >/dev/null
wait_until 60 "python-agent to end" nothing_runs python-agent
echo "the documents say what is so"
