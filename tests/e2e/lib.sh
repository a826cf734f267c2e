# shellcheck shell=bash
# A fresh TPM, a fresh daemon and a fresh agent, for one story. Source it:
#   . "$(dirname "$0")/lib.sh"
#   start_tpm; start_daemon; declare_agent refund-agent refund.create; holdfast apply
# Everything lives in $DIR and ends with the script; only processes started here are ended, by pid.
set -euo pipefail
umask 022 # the daemon refuses agent files that a group may write

HOLDFAST_BIN=${HOLDFAST_BIN:?the folder with holdfastd and its workers}
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
DIR=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-e2e.XXXXXX")
# dir of agents: measured executables live here, one copy for each agent
AGENTS=$DIR/bin
mkdir -p "$DIR/agents.d" "$DIR/policies.d" "$AGENTS"
export HOLDFAST_SOCKET=$DIR/agent.sock HOLDFAST_ADMIN_SOCKET=$DIR/admin.sock NO_COLOR=1
export PATH=$HOLDFAST_BIN:$PATH TSS2_LOG=all+none
AUDIENCE=https://payments.example  # what refund-agent asks for unless told otherwise
DAEMON_PID=""
SLOW_TPM_PID=""
AGENT_UID=$(id -u)  # whose processes the agents are; AS is what makes a program one of these
AS=()

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
skip() { printf 'SKIPPED: %s\n' "$*"; exit 0; }

# ── the parts ───────────────────────────────────────────────────────────────────────────────────

# Built with a sanitizer, which keeps what is freed and looks into its own process?
is_sanitized() { [[ $(ldd "$HOLDFAST_BIN/holdfast-front") == *libasan* ]]; }

# module_named FILE: where this system keeps that PKCS#11 module; nothing where it has none.
module_named() { { find /usr/lib /usr/local/lib -name "$1" 2>/dev/null || true; } | head -n 1; }

start_tpm() { "$ROOT/scripts/software-tpm" start "$DIR" "$@"; }
# start_slow_tpm PROFILE [OPTION…]: as slow as a chip, at the same socket (slow-tpm --help).
start_slow_tpm() {
  "$ROOT/scripts/software-tpm" start "$DIR/chip"
  mkdir -p -m 0700 "$DIR/tpm"
  "$HOLDFAST_BIN/slow-tpm" --listen "$DIR/tpm/sock" --to "$DIR/chip/tpm/sock" --profile "$@" \
    >"$DIR/chip/counts" &
  SLOW_TPM_PID=$!
  wait_until 10 "slow-tpm to listen" test -S "$DIR/tpm/sock"
}
# How often each command came is in $DIR/chip/counts then.
stop_slow_tpm() {
  [ -n "$SLOW_TPM_PID" ] || return 0
  kill "$SLOW_TPM_PID"
  wait "$SLOW_TPM_PID" || fail "slow-tpm ended with $?"
  SLOW_TPM_PID=""
  "$ROOT/scripts/software-tpm" stop "$DIR/chip"
}
stop_tpm() { "$ROOT/scripts/software-tpm" stop "$DIR"; }
tpm_pid() { cat "$DIR/tpm/pid"; }

# start_daemon [OPTION…]: with --dev unless told otherwise.
start_daemon() {
  [ $# -gt 0 ] || set -- --dev "$DIR"
  HOLDFAST_LOG_TO=$DIR/daemon.log
  "$HOLDFAST_BIN/holdfastd" "$@" >>"$HOLDFAST_LOG_TO" 2>&1 &
  DAEMON_PID=$!
  wait_until 60 "the daemon to serve" daemon_serves
}

daemon_serves() {
  kill -0 "$DAEMON_PID" 2>/dev/null || fail "the daemon ended: $(tail -n 5 "$DIR/daemon.log")"
  holdfast status >/dev/null 2>&1
}

# Ends it the way an operator does, and waits for every process of it.
stop_daemon() {
  [ -n "$DAEMON_PID" ] || return 0
  local children
  children=$(descendants "$DAEMON_PID")
  kill "$DAEMON_PID" 2>/dev/null || true
  wait "$DAEMON_PID" 2>/dev/null || true
  for child in $children; do wait_until 10 "process $child to end" gone "$child"; done
  DAEMON_PID=""
}

# The kernel lists both sockets, and each accepted connection under its socket's name: those that
# are answered and closed by their callers are lingered over for a moment.
no_connections() { [ "$(grep -cE " ($HOLDFAST_SOCKET|$HOLDFAST_ADMIN_SOCKET)\$" /proc/net/unix)" -eq 2 ]; }

descendants() {
  local child
  for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
    echo "$child"
    descendants "$child"
  done
}

# The pid of one of the daemon's processes by its program: holdfast-front, holdfast-keys-tpm …
process_of() {
  local pid
  for pid in $(descendants "$DAEMON_PID"); do
    [ "$(basename "$(readlink "/proc/$pid/exe")")" = "$1" ] && { echo "$pid"; return; }
  done
  return 1
}

# A zombie is gone: its parent may take a moment to notice.
gone() {
  local state
  state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) || return 0
  [ -z "$state" ] || [ "$state" = Z ]
}

# permit AUDIENCE NAME ACTION…: the policy set of that name; a newer version where it says something
# else. AUDIENCE any: whoever is meant to act on it.
permit() {
  local resource="resource == Audience::\"$1\"" name=$2 file=$DIR/policies.d/$2.cedar version=1 actions policy
  [ "$1" != any ] || resource=resource
  shift 2
  actions=$(printf 'Action::"%s", ' "$@")
  policy="@id(\"$name\") permit(principal == Agent::\"$name\", action in [${actions%, }], $resource);"
  if [ -e "$file" ]; then
    [ "$(tail -n +2 "$file")" != "$policy" ] || return 0
    version=$(($(sed -n '1s/[^0-9]//gp' "$file") + 1))
  fi
  printf '//! version = %s\n%s\n' "$version" "$policy" >"$file"
}

# declare_agent NAME ACTION…: an agent file, a policy set and, if there is none yet, a program of its own: two
# agents of one user must be two programs, so a copy for another name has that name at its end.
declare_agent() {
  local name=$1
  permit "$AUDIENCE" "$@"
  if [ ! -e "$AGENTS/$name" ]; then
    cp "$HOLDFAST_BIN/refund-agent" "$AGENTS/$name"
    [ "$name" = refund-agent ] || printf '%s' "$name" >>"$AGENTS/$name"
  fi
  cat >"$DIR/agents.d/$name.toml" <<EOF
name = "$name"
environment = "test"

[accountability]
sponsor = "sponsor@example.org"
owner = "owner@example.org"
policy_author = "author@example.org"
can_stop = ["oncall@example.org"]

[recognise]
uid = $AGENT_UID
executable_sha256 = "$(sha256sum "$AGENTS/$name" | cut -d' ' -f1)"
EOF
}

# agent NAME OPTIONS…: runs that agent's program; one JSON line a step.
agent() { local name=$1; shift; "${AS[@]}" "$AGENTS/$name" "$@"; }

# A whole signature, kept in a file: sign NAME FILE
sign() { agent "$1" --only-sign | jq -er .reply.jws >"$2"; }

# from_base64url: JOSE leaves the padding out, basenc wants it.
from_base64url() {
  local text
  text=$(cat)
  while [ $((${#text} % 4)) -ne 0 ]; do text=$text=; done
  basenc --base64url -d <<<"$text"
}
jws_header() { cut -d. -f1 "$1" | from_base64url; }

# ── checks ──────────────────────────────────────────────────────────────────────────────────────

# wait_until SECONDS WHAT COMMAND…: asks again until it is so; the limit only catches what hangs.
wait_until() {
  local limit=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ "$SECONDS" -lt "$limit" ] || fail "waited too long for $what"
    sleep 0.05
  done
}

# expect_exit CODE COMMAND…
expect_exit() {
  local wanted=$1 got=0
  shift
  "$@" >"$DIR/out" 2>"$DIR/err" || got=$?
  [ "$got" -eq "$wanted" ] || fail "exit $got instead of $wanted: $*: $(cat "$DIR/out" "$DIR/err")"
}

# expect_refusal REASON AGENT OPTIONS…: that agent's signature is refused, for exactly that reason.
expect_refusal() {
  local wanted=$1 name=$2 line
  shift 2
  if line=$(agent "$name" --only-sign "$@"); then fail "was signed: $line"; fi
  local got
  got=$(jq -r '.reply.code // .error' <<<"$line")
  [ "$got" = "$wanted" ] || fail "refused with $got instead of $wanted: $line"
  echo "refused: $got"
}

ledger_size() { holdfast status --json | jq .ledger.size; }

# ── end ─────────────────────────────────────────────────────────────────────────────────────────

tidy_up() { :; }  # a story that leaves something outside $DIR defines its own

clean_up() {
  local result=$?
  trap - EXIT
  if [ "$result" -ne 0 ] && [ -s "$DIR/daemon.log" ]; then
    echo "── the daemon's last words" >&2
    tail -n 30 "$DIR/daemon.log" >&2
  fi
  stop_daemon || true
  stop_slow_tpm || true
  [ ! -e "$DIR/tpm/pid" ] || stop_tpm || true
  tidy_up || true
  rm -rf "$DIR"
  exit "$result"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
