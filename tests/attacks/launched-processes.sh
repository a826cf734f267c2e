#!/usr/bin/env bash
# Attacks on launched agents by other processes of their uid, inside and outside, and by themselves: who
# looks into whom, and who may sign. What becomes of each is said in docs/threat-model.md.
. "$(dirname "$0")/launched.sh"
start_daemon --config "$DIR/holdfastd.conf"

# ── other processes of its uid ──────────────────────────────────────────────────────────────────

running() {  # NAME STEP…: served, then told that
  begin "$1"
  shift
  describe_and_launch
  is_served
  tell "$@"
  judge
}

begin looked-into-from-outside
describe_and_launch
outside look-into "$PID"
judge

running looked-into-by-its-tool tool look-into parent
running looked-into-by-its-child child look-into parent
running link-forged child forge-link
running user-namespace-made child user-namespace
running program-outside-run run-file /usr/bin/env
running host-file-opened open "$DIR/attacks/attack-preload.so"
running child-inherits child ask stolen
running child-connects child ask-anew stolen
running tool-connects tool ask-anew stolen
running tool-from-memory tool-from-memory ask-anew stolen
running socket-to-child give-to-child stolen

begin socket-to-stranger
describe_and_launch
is_served
LINES=$(lines_said)
order give-to-stranger "$DATA/channel"
wait_until 30 "the channel" test -S "$DATA/channel"
outside be-given "$DATA/channel" stolen
judge

begin socket-from-stranger
describe_and_launch
LINES=$(lines_said)
order take-from-stranger "$DATA/channel"
wait_until 30 "the channel" test -S "$DATA/channel"
mkfifo "$DIR/to.stranger"
setpriv --reuid "$U" --regid "$U" --clear-groups "$DIR/attacks/launched-agent" give-own "$DATA/channel" \
  <"$DIR/to.stranger" &
STRANGER=$!
exec {TO_STRANGER}>"$DIR/to.stranger"
heard $((LINES + 1))
exec {TO_STRANGER}>&-
wait "$STRANGER"
judge

begin stranger-connects
describe_and_launch
outside ask-anew stolen
judge

# ── where the manifest lets its children sign ───────────────────────────────────────────────────

tree() {
  begin "$1"
  describe_and_launch --signers tree --readable-entrypoint
  is_served
}

tree tree-child-connects
tell child ask-anew honest
judge

tree tree-tool-connects
tell tool ask-anew honest
judge

tree tree-child-inherits
tell child ask stolen
judge

tree tree-stranger-connects
outside ask-anew stolen
judge

tree tree-tool-from-memory
order tool-from-memory ask-anew stolen
ends
judge

tree tree-looked-into
outside look-into "$PID"
judge

all_were_run
