# The stage of scripts/demo, which sources it: telling, the daemon and its TPM, users, the clean end.
# Expects $keep, $dev and $backend; everything lives in $work and ends with the script.

bold="" dim="" green="" red="" plain=""
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

# ── telling ─────────────────────────────────────────────────────────────────────────────────────

chapter=0
now_ms() { local micros=${EPOCHREALTIME/[.,]/}; echo "${micros%???}"; }
since=$(now_ms)

# Sets $took, the time since the last lap.
lap() {
  local now tenths
  now=$(now_ms)
  tenths=$(((now - since) / 100))
  since=$now
  took="$((tenths / 10)).$((tenths % 10)) s"
}
title() { chapter=$((chapter + 1)); printf '\n%s%d. %s%s\n' "$bold" "$chapter" "$*" "$plain"; }
say() { printf '   %s\n' "$*"; }
# What was just shown to be so, and how long it took since the line before.
held() { lap; printf '   %s✔%s %s %s(%s)%s\n' "$green" "$plain" "$*" "$dim" "$took" "$plain"; }
broke() { printf '   %s✘ %s%s\n' "$red" "$*" "$plain" >&2; exit 1; }
quote() { sed "s/^/   $dim│ /; s/\$/$plain/"; }

# refused REASON WHAT COMMAND…: the daemon must say exactly that reason.
refused() {
  local reason=$1 what=$2 answer code=0
  shift 2
  answer=$("$@" 2>&1) || code=$?
  # A reply of the agent socket, a step of the example, or an error of the command line.
  answer=$(jq -c '.reply // .' <<<"$answer" 2>/dev/null) || broke "$what: $answer"
  [ "$(jq -r .code <<<"$answer")" = "$reason" ] || broke "$what: $answer"
  held "$what: refused"
  jq -r .detail <<<"$answer" | quote
}

# ── the daemon ──────────────────────────────────────────────────────────────────────

work="" daemon="" compiler="" made_users=()

hold() { "$work/libexec/holdfast" "$@"; }

# setsid: with --keep it outlives this terminal, and Ctrl-C reaches only the script, which ends it.
start_daemon() {
  local limit=$((SECONDS + 60)) how=(--config "$work/holdfastd.conf")
  [ "$dev" = no ] || how=(--dev "$work")
  setsid "$work/libexec/holdfastd" "${how[@]}" >>"$work/daemon.log" 2>&1 </dev/null &
  daemon=$!
  # Asks until it answers; the limit only catches what hangs.
  until hold status >/dev/null 2>&1; do
    kill -0 "$daemon" 2>/dev/null || broke "the daemon ended at once"
    [ "$SECONDS" -lt "$limit" ] || broke "no answer: $(hold status 2>&1 | tail -n 1)"
    sleep 0.1
  done
}

daemon_processes() { echo "$daemon" "$(cat "/proc/$daemon/task/$daemon/children" 2>/dev/null)"; }
# Not by /proc/PID/exe: these processes are not dumpable, so only root may read that.
program_of() { local words; mapfile -t -d '' words <"/proc/$1/cmdline"; basename "${words[0]}"; }
# A container's user may have no name.
name_of() {
  local name
  name=$(getent passwd "$1" | cut -d: -f1) || true
  echo "${name:-uid $1}"
}
user_of() { name_of "$(awk '$1 == "Uid:" {print $2}' "/proc/$1/status")"; }

# Every process of the daemon ends with its supervisor; wait until that is so.
stop_daemon() {
  [ -n "$daemon" ] || return 0
  local pid processes limit=$((SECONDS + 10))
  processes=$(daemon_processes)
  kill "$daemon" 2>/dev/null || true
  wait "$daemon" 2>/dev/null || true
  for pid in $processes; do
    while [ -d "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; do
      [ "$SECONDS" -lt "$limit" ] || broke "process $pid of the daemon is still there"
      sleep 0.05
    done
  done
  daemon=""
}

# ── users ───────────────────────────────────────────────────────────────────────────────────────

# Noted before they are made: a Ctrl-C may come while groupadd runs.
make_group() {
  getent group "$1" >/dev/null && return
  made_users+=("group:$1")
  groupadd --system "$1"
}

make_user() {
  make_group "$1"
  getent passwd "$1" >/dev/null && return
  made_users=("$1" "${made_users[@]}")
  useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin --gid "$1" "$1"
}

remove_users() {
  local user
  for user in "${made_users[@]}"; do
    case "$user" in group:*) groupdel "${user#group:}" ;; *) userdel "$user" ;; esac 2>/dev/null || true
  done
  made_users=()
}

# take_policy NAME: what that example may sign, signed by who answers for its policy.
take_policy() {
  if [ ! -e "$work/author" ]; then
    ssh-keygen -q -t ed25519 -N '' -C security@example.org -f "$work/author"
    cat >"$work/operators.toml" <<EOF
[[operator]]
name = "security@example.org"
keys = ["$(cat "$work/author.pub")"]
policies = true
EOF
  fi
  cp "examples/$1/$1.cedar" "$work/policies.d/"
  ssh-keygen -q -Y sign -n holdfast-policy -f "$work/author" "$work/policies.d/$1.cedar" 2>/dev/null
}
say_policy() {
  grep -vE '^//' "$work/policies.d/$1.cedar" | quote
  held "what it may sign, signed by its policy author: $(hold agent show "$1" --json |
    jq -r '.declared.policies[] | "\(.set) version \(.version) by \(.author)"')"
}

# The daemon's users and its settings, as on a real host.
set_up_host() {
  local user
  for user in holdfast holdfast-keys holdfast-measure; do make_user "$user"; done
  make_group holdfast-admin
  [ "${#made_users[@]}" -eq 0 ] || say "users and groups are made for the demo and removed at its end"
  cat >"$work/holdfastd.conf" <<EOF
[host]
name = demo
keys = $([ "$backend" = softhsm ] && echo pkcs11 || echo tpm)
[paths]
state = $work/state
store = $work/store
log = $work/log
agents = $work/agents.d
policies = $work/policies.d
operators = $work/operators.toml
libexec = $work/libexec
[listen]
agent_socket = $work/agent.sock
admin_socket = $work/admin.sock
$(chip_settings)
EOF
}

# ── the end ─────────────────────────────────────────────────────────────────────────────────────

clean_up() {
  local result=$?
  # A second Ctrl-C must not leave half of it behind.
  trap - EXIT
  trap '' INT TERM
  if [ -n "$compiler" ]; then
    kill "$compiler" 2>/dev/null || true
    wait "$compiler" 2>/dev/null || true
  fi
  case "$result" in
    0) ;;
    130 | 143) printf '\n   stopped; cleaning up\n' >&2 ;;
    *) [ -z "$work" ] || [ ! -s "$work/daemon.log" ] ||
         { printf '\n   the daemon'\''s last words:\n'; tail -n 15 "$work/daemon.log"; } >&2 ;;
  esac
  if [ "$keep" = no ] || [ "$result" -ne 0 ]; then
    if [ -n "$work" ]; then
      (stop_daemon) || result=1
      (stop_chip) || result=1
      rm -rf "$work"
    fi
    remove_users
  fi
  exit "$result"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
