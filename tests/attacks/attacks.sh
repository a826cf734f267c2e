#!/usr/bin/env bash
# Attacks on the recognition of callers, against a daemon as root sets it up. What becomes of each is
# said in docs/threat-model.md, and is taken from there: table and test cannot drift apart.
. "$(dirname "$0")/../e2e/lib.sh"
. "$(dirname "$0")/../e2e/host.sh"
command -v bindfs >/dev/null || skip "bindfs is not installed"

# ── the table ───────────────────────────────────────────────────────────────────────────────────

TABLE=$ROOT/docs/threat-model.md
# `name` | what it does | outcome | ledger record | test
rows() { awk -F' *[|] *' '/^[|] `[a-z0-9-]*` [|]/ { gsub("`", ""); print $2 "|" $4 "|" $5 "|" $6 }' "$TABLE"; }
mapfile -t NAMES < <(rows | grep '|attacks$' | cut -d'|' -f1)
[ "${#NAMES[@]}" -gt 0 ] || fail "no attacks in $TABLE"
column() { rows | grep "^$1|" | cut -d'|' -f"$2"; }

# ── the parts of an attack ──────────────────────────────────────────────────────────────────────

# Each attack is an agent of its own, so the ledger's records with its name or its uid are its own.
# The same trusted program is declared for all of them.
FIRST_UID=60200
uid_of() {
  local i
  for i in "${!NAMES[@]}"; do [ "${NAMES[$i]}" != "$1" ] || { echo $((FIRST_UID + i)); return; }; done
  fail "no attack $1 in $TABLE"
}
THIRD_UID=60190  # owns files that agents use
TRUSTED=$AGENTS/trusted-agent
ATTACKER=$DIR/attacks/attacker
PRELOAD=$DIR/attacks/attack-preload.so
LEDGER=$DIR/state/ledger
declare -A RUN

# begin NAME: from here on this attack's user and files.
begin() {
  NAME=$1
  U=$(uid_of "$NAME")
  WHO=$U
  as "$U"
  say "$NAME"
  : >"$DIR/said.attack"
}
as() { AS=(setpriv --reuid "$1" --regid "$1" --clear-groups); }

# run COMMAND…: to its end, as this attack's user.
run() { "${AS[@]}" "$@" >"$DIR/said.attack" </dev/null || fail "$NAME could not be carried out"; }

# program KEY COMMAND…: beside this story, spoken to by lines (go_on, said), until finish.
declare -A PROGRAM TO
program() {
  local key=$1 fd
  shift
  rm -f "$DIR/to.$key"
  mkfifo "$DIR/to.$key"
  "${AS[@]}" "$@" >"$DIR/said.$key" <"$DIR/to.$key" &
  PROGRAM[$key]=$!
  exec {fd}>"$DIR/to.$key"
  TO[$key]=$fd
}
go_on() { echo >&"${TO[$1]}"; }
said() { wait_until 30 "$1 of $NAME to say line $2" has_said "$1" "$2"; }
has_said() { [ "$(wc -l <"$DIR/said.$1")" -ge "$2" ]; }
finish() {
  local fd=${TO[$1]}
  exec {fd}>&-
  wait "${PROGRAM[$1]}" || fail "$1 of $NAME could not be carried out"
}

# The daemon looks away: it sees neither connections nor bytes until it looks again.
look_away() {
  FRONT=$(process_of holdfast-front)
  kill -STOP "$FRONT"
  wait_until 10 "the front to stop" stopped "$FRONT"
}
stopped() { grep -q '^State:[[:space:]]*T' "/proc/$1/status"; }
look_again() { kill -CONT "$FRONT"; }
# It has seen all that came before: one loop serves both sockets, in the order of events.
seen() { holdfast status >/dev/null; holdfast status >/dev/null; }

# judge: what was said last, and what was recorded last, are what the table says.
judge() {
  local outcome record
  outcome=$(tail -n 1 "$DIR/said.attack")
  [ "$outcome" = "$(column "$NAME" 2)" ] || fail "$NAME: '$outcome', the table says '$(column "$NAME" 2)'"
  record=$(column "$NAME" 3)
  wait_until 20 "the record '$record' of $NAME, not: $(records | tail -n 3)" recorded_last "$record"
  case $record in action\ stolen*) ;; *) ! records | grep stolen || fail "$NAME: stolen all the same" ;; esac
  echo "$outcome; in the ledger: $record"
  RUN[$NAME]=yes
}
records() { "$ROOT/tests/attacks/records.py" "$LEDGER" "$WHO" "$NAME"; }
recorded_last() { [ "$(records | tail -n 1)" = "$1" ]; }

# attack NAME COMMAND…: one that needs no more than to be run.
attack() {
  begin "$1"
  shift
  run "$@"
  judge
}

tidy_up() {
  local mounted
  for mounted in "$DIR/fuse" "$DIR/memory"; do ! mountpoint -q "$mounted" || umount "$mounted"; done
  remove_users
}

# ── the daemon and its agents ───────────────────────────────────────────────────────────────────

set_up_host
mkdir "$DIR/attacks"
cp "$HOLDFAST_BIN"/{attacker,attack-preload.so} "$DIR/attacks"
cp "$HOLDFAST_BIN/trusted-agent" "$TRUSTED"
LOADER=$(ldd "$TRUSTED" | awk '/ld-linux/ { print $1 }')
export ATTACK_JWS=$DIR/jws
: >"$ATTACK_JWS"
chmod 0666 "$ATTACK_JWS"
for name in "${NAMES[@]}"; do
  cp "$TRUSTED" "$AGENTS/$name"
  AGENT_UID=$(uid_of "$name")
  declare_agent "$name" refund.create
done
start_tpm --group holdfast-keys
start_daemon --config "$DIR/holdfastd.conf"
holdfast apply >/dev/null

# ── whose socket, whose bytes ───────────────────────────────────────────────────────────────────

attack fork-exec "$ATTACKER" fork-exec "$TRUSTED" inherit ask stolen
attack socket-given "$ATTACKER" give-socket "$TRUSTED" take ask stolen
attack socket-taken "$ATTACKER" take-socket "$TRUSTED" connect ask honest give wait

begin heir-of-the-dead
program attack "$ATTACKER" heir-of-the-dead
said attack 1
seen
go_on attack
finish attack
judge

begin dead-before-accept
look_away
program attack "$ATTACKER" die-before-accept
said attack 1
look_again
finish attack
judge

# ── which program ───────────────────────────────────────────────────────────────────────────────

attack ld-preload env "LD_PRELOAD=$PRELOAD" "$TRUSTED" connect ask stolen
attack ld-audit env "LD_AUDIT=$PRELOAD" "$TRUSTED" connect ask stolen
attack preload-by-loader "$LOADER" --preload "$PRELOAD" "$TRUSTED" connect ask stolen

begin renamed-over
program attack "$AGENTS/$NAME" connect ask honest ready wait ask stolen
said attack 2
cp "$ATTACKER" "$AGENTS/next"
mv "$AGENTS/next" "$AGENTS/$NAME"
go_on attack
finish attack
judge

begin written-over
program attack "$AGENTS/$NAME" connect ask honest ready wait ask honest
said attack 2
# Not even by its owner: who runs it is protected by the kernel.
[ "$("$ATTACKER" write-file "$AGENTS/$NAME")" = ETXTBSY ] || fail "a running program could be written"
go_on attack
finish attack
judge

attack exec-after-connect "$TRUSTED" connect ask honest become "$ATTACKER" speak

begin deleted-executable
mkdir "$DIR/own"
cp "$TRUSTED" "$DIR/own"
chown "$U" "$DIR/own"
run "$ATTACKER" run-deleted "$DIR/own/trusted-agent" connect ask stolen
judge

attack memfd-executable "$ATTACKER" run-from-memory "$TRUSTED" connect ask stolen

begin agent-writable
chown "$U" "$AGENTS/$NAME"
run "$AGENTS/$NAME" connect ask stolen
judge

begin code-on-fuse
mkdir "$DIR/fuse"
bindfs -o allow_other "$AGENTS" "$DIR/fuse"
run "$DIR/fuse/$NAME" connect ask stolen
umount "$DIR/fuse"
judge

# Owned by somebody else than the agent, who may write it. In memory, where no page is written back
# to a disk meanwhile: that would make the next store one that the kernel looks at again.
mkdir "$DIR/memory"
mount -t tmpfs -o mode=0755 none "$DIR/memory"
LIBRARY=$DIR/memory/library.so
library() {
  rm -f "$LIBRARY"
  cp "$PRELOAD" "$LIBRARY"
  chown "$THIRD_UID" "$LIBRARY"
}
with_library() { program attack "$TRUSTED" load "$LIBRARY" connect ask honest ready wait ask "$1"; }

begin library-written
library
with_library stolen
said attack 2
as "$THIRD_UID"
[ "$("${AS[@]}" "$ATTACKER" write-file "$LIBRARY")" = written ] || fail "not written"
go_on attack
finish attack
judge

stored() {
  library
  as "$THIRD_UID"
  program writer "$ATTACKER" store-into-file "$LIBRARY" "$@"
  said writer 1
  as "$U"
}
store() {
  said attack 2
  go_on writer
  said writer 2
  finish writer
  go_on attack
  finish attack
  judge
}

begin library-stored
stored
with_library stolen
store

begin library-stored-again
stored dirty
with_library honest
store

# ── which user, which process ───────────────────────────────────────────────────────────────────

begin setuid-after-connect
AS=(setpriv --reuid "$U" --regid "$U" --clear-groups --inh-caps +setuid --ambient-caps +setuid)
run "$TRUSTED" connect ask honest become-uid "$THIRD_UID" ask stolen
judge

begin effective-uid-only
AS=(setpriv --euid "$U")
run "$TRUSTED" connect ask stolen
judge

begin foreign-user-namespace
WHO=$THIRD_UID
as "$THIRD_UID"
run unshare --user --map-user="$U" "$TRUSTED" connect ask stolen
judge

begin peer-stopped
look_away
program attack "$ATTACKER" stop-peer "$TRUSTED" connect tell honest ready hear
said attack 1
look_again
other=$("${AS[@]}" "$TRUSTED" connect ask honest)
[ "$other" = "200 observed" ] || fail "another caller, meanwhile: $other"
both_recorded() { [ "$(records | grep -c action)" -eq 2 ]; }
wait_until 20 "the stopped caller's request to be served" both_recorded
go_on attack
finish attack
judge

begin peers-gone
run "$ATTACKER" leave-at-once 40
run "$TRUSTED" connect ask honest
judge

begin pid-reused-after-accept
AS=()
program attack "$ATTACKER" reuse-pid-after-accept "$U" "$TRUSTED" wait
said attack 1
seen
go_on attack
said attack 2
finish attack
judge

reuse_pid_before_accept() {
  look_away
  AS=()
  program attack "$ATTACKER" reuse-pid-before-accept "$U" "$TRUSTED" ready wait
  said attack 1
  look_again
  said attack 2
  finish attack
  judge
}
knows_peer_pidfd() { [ "$(printf '%s\n6.5\n' "$(uname -r)" | sort -V | head -n 1)" = 6.5 ]; }
if knows_peer_pidfd; then
  begin pid-reused
  reuse_pid_before_accept
else
  echo "this kernel is older than 6.5: pid-reused is pid-reused-before-6-5"
  RUN[pid-reused]=yes
fi

# ── what cannot be seen from outside: it gains nothing above `observed` ─────────────────────────

attack preload-hidden env HIDE=1 "LD_PRELOAD=$PRELOAD" "$TRUSTED" connect ask honest
attack memory-written "$ATTACKER" rewrite-memory "$TRUSTED" connect ready wait ask honest
attack exe-link-forged "$ATTACKER" forge-executable "$TRUSTED"

begin sender-forged
program attack "$ATTACKER" forge-sender "$TRUSTED" ready wait
said attack 1
finish attack
judge

begin exec-into-trusted
look_away
program attack "$ATTACKER" send-then-become "$TRUSTED" ready wait
said attack 1
look_again
said attack 2
finish attack
judge

stop_daemon
"$ATTACKER" old-kernel "$HOLDFAST_BIN/holdfastd" --config "$DIR/holdfastd.conf" >>"$DIR/daemon.log" 2>&1 &
DAEMON_PID=$!
wait_until 60 "the daemon to serve" daemon_serves
begin pid-reused-before-6-5
reuse_pid_before_accept

say "Whoever verifies what was signed above is told so"
while read -r jws; do
  echo "$jws" >"$DIR/action.jws"
  jws_header "$DIR/action.jws" | jq -r '.x5c[1]' | base64 -d | openssl x509 -inform der >"$DIR/ca.pem"
  holdfast verify action "$DIR/action.jws" --roots "$DIR/ca.pem" --audience "$AUDIENCE" >"$DIR/out" ||
    fail "does not verify: $(cat "$DIR/out")"
  grep -q "assurance observed" "$DIR/out" || fail "the credential says otherwise: $(cat "$DIR/out")"
done <"$ATTACK_JWS"
echo "$(wc -l <"$ATTACK_JWS") signatures, each of them and its credential: observed"

# ── a daemon that cannot name its callers ───────────────────────────────────────────────────────

stop_daemon
stop_tpm
begin unmapped-uid
WHO=65534
mkdir "$DIR/nested"
chmod 0755 "$DIR/nested"
"$ROOT/scripts/software-tpm" start "$DIR/nested"
HOLDFAST_ADMIN_SOCKET=$DIR/nested/admin.sock
unshare --user --map-root-user "$HOLDFAST_BIN/holdfastd" --dev "$DIR/nested" >>"$DIR/daemon.log" 2>&1 &
DAEMON_PID=$!
wait_until 60 "the daemon to serve" daemon_serves
chmod 0666 "$DIR/nested/agent.sock"
LEDGER=$DIR/nested/state/ledger
run env "HOLDFAST_SOCKET=$DIR/nested/agent.sock" "$TRUSTED" connect ask stolen
judge
stop_daemon
"$ROOT/scripts/software-tpm" stop "$DIR/nested"

say "Every attack of the table was run"
for name in "${NAMES[@]}"; do
  [ -n "${RUN[$name]:-}" ] || fail "$name is in the table and was not run"
done
echo "${#RUN[@]} attacks, each as the table says"
