# shellcheck shell=bash
# Attacks on launched agents, for the stories about them. Source it: it sets up a host, and takes from
# docs/threat-model.md what must become of each attack.
#   begin NAME; sign_manifest 1; import_code 1; launch; tell ask stolen; judge
. "$(dirname "$0")/../e2e/lib.sh"
. "$(dirname "$0")/../e2e/host.sh"

# ── the table ───────────────────────────────────────────────────────────────────────────────────

TABLE=$ROOT/docs/threat-model.md
STORY=$(basename "$0" .sh)
# `name` | what is done | outcome | ledger record | test
rows() { awk -F' *[|] *' '/^[|] `[a-z0-9-]*` [|]/ { gsub("`", ""); print $2 "|" $4 "|" $5 "|" $6 }' "$TABLE"; }
mapfile -t NAMES < <(rows | grep "|$STORY\$" | cut -d'|' -f1)
[ "${#NAMES[@]}" -gt 0 ] || fail "no attacks in $TABLE"
column() { rows | grep "^$1|" | cut -d'|' -f"$2"; }
declare -A RUN

# ── an agent of one attack ──────────────────────────────────────────────────────────────────────

# begin NAME [kill|refuse]: an agent of that name, with code and files of its own, so that what is done
# to them is done to nobody else. The second word: what happens when its code is not what was launched.
begin() {
  NAME=$1
  CODE=$DIR/code/$NAME
  DATA=$DIR/state/data/$NAME
  LOG=$DIR/log/$NAME.log
  OUTCOME=""
  say "$NAME"
  mkdir -p "$CODE/bin" "$CODE/lib"
  copy_as_own "$HOLDFAST_BIN/launched-agent" "$CODE/bin/agent"
  copy_as_own "$HOLDFAST_BIN/launched-agent" "$CODE/bin/tool"
  copy_as_own "$HOLDFAST_BIN/attack-preload.so" "$CODE/lib/library.so"
  echo "# $NAME" >"$CODE/agent.py"
  declare_launched "$NAME" "${2:-kill}"
}
copy_as_own() { cp "$1" "$2" && printf '%s' "$NAME" >>"$2"; }

declare_launched() {
  permit "$AUDIENCE" "$1" refund.create
  cat >"$DIR/agents.d/$1.toml" <<END
name = "$1"
[accountability]
sponsor = "sponsor@example.org"
owner = "owner@example.org"
policy_author = "author@example.org"
can_stop = ["oncall@example.org"]
[launch]
manifest_keys = ["$(cat "$DIR/sponsor.pub")"]
on_change = "$2"
END
  holdfast apply >/dev/null
}

# sign_manifest VERSION [OPTION…]: of the code as it is now, by the sponsor (or, SIGNER).
sign_manifest() {
  local version=$1
  shift
  [[ " $* " == *" --interpreter "* ]] || set -- --entrypoint bin/agent "$@"
  holdfast manifest create "$CODE" --name "$NAME" --manifest-version "$version" "$@" \
    --output "$DIR/statement" >/dev/null
  holdfast manifest sign "$DIR/statement" --ssh-key "$DIR/${SIGNER:-sponsor}" \
    --output "$(manifest "$version")" >/dev/null
}
manifest() { echo "$DIR/manifests/$NAME.$1.json"; }

# attempt WHAT COMMAND…: the CLI's reason is the outcome where it says no; its answer is in $DIR/answer.
attempt() {
  local what=$1
  shift
  if holdfast --json "$@" >"$DIR/answer" 2>"$DIR/err"; then OUTCOME="$what"; return; fi
  OUTCOME="$what refused: $(tail -n 1 "$DIR/err" | jq -r .code)"
}
must() { [ "$OUTCOME" = "$1" ] || fail "$NAME: '$OUTCOME' instead of '$1': $(cat "$DIR/err")"; }

try_import() { attempt import store import "$(manifest "$1")" "$CODE"; }
import_code() {
  try_import "$1"
  must import
  DIGEST=$(digest_of "$NAME" "$1")
  VIEW=$(echo "$DIR"/store/views/*-"$DIGEST")
}
digest_of() {  # NAME VERSION
  holdfast store list --json | jq -r --arg name "$1" --argjson version "$2" \
    '.manifests[] | select(.name == $name and .version == $version) | .manifest_sha256'
}

# launch [OPTION…]: to its exec; try_launch may also be refused.
try_launch() { attempt launch launch "$NAME" "$@"; }
launch() {
  local lines
  lines=$(lines_said)
  try_launch "$@"
  must launch
  PID=$(jq -r .pid "$DIR/answer")
  U=$(jq -r .uid "$DIR/answer")
  INSTANCE=$(jq -r .instance "$DIR/answer")
  wait_until 30 "$NAME to begin" has_said $((lines + 1))
}

# describe_and_launch [OPTION…]: what most attacks begin with.
describe_and_launch() {
  sign_manifest 1 "$@"
  import_code 1
  launch
}

# ── what it is told, and says ───────────────────────────────────────────────────────────────────

lines_said() { if [ -e "$LOG" ]; then wc -l <"$LOG"; else echo 0; fi; }
has_said() { [ "$(lines_said)" -ge "$1" ]; }
# Never waits for who reads: an agent that is gone reads nothing.
order() { echo "$*" 1<>"$DATA/steps"; }
# tell STEP WORD…: its next line is the outcome.
tell() {
  local lines
  lines=$(lines_said)
  order "$@"
  heard $((lines + 1))
}
heard() {
  wait_until 30 "$NAME to answer" has_said "$1"
  OUTCOME=$(tail -n 1 "$LOG")
}
# It is served, and known for what it is. Not an outcome, so not among its records either.
is_served() {
  tell ask before
  must "200 launched"
}
# outside STEP WORD…: the same program as another process of the agent's uid, outside everything.
outside() {
  OUTCOME=$(setpriv --reuid "$U" --regid "$U" --clear-groups "$DIR/attacks/launched-agent" "$@" 2>&1) || true
}
ends() { wait_until 30 "$NAME to end" gone "$PID"; OUTCOME=killed; }

# ── what became of it ───────────────────────────────────────────────────────────────────────────

uid_of() { sed -n 's/^uid //p' "$DIR/state/launcher/$1" 2>/dev/null || echo -1; }
records() {
  "$ROOT/tests/attacks/records.py" "$DIR/state/ledger" "$(uid_of "$NAME")" "$NAME" |
    grep -v -e '^launch$' -e '^action before launched$' | LC_ALL=C sort -u
}
as_one() { local all; all=$(paste -sd'|' | sed 's/|/, /g'); echo "${all:-none}"; }
recorded() { [ "$1" = "its launches and their ends" ] || [ "$(records | as_one)" = "$1" ]; }

# judge [OUTCOME]: what came of it, and all that was recorded of it, are what the table says.
judge() {
  local outcome=${1:-$OUTCOME} record
  [ "$outcome" = "$(column "$NAME" 2)" ] || fail "$NAME: '$outcome', the table says '$(column "$NAME" 2)'"
  record=$(column "$NAME" 3)
  wait_until 30 "the record '$record' of $NAME, not: $(records | as_one)" recorded "$record"
  echo "$outcome; in the ledger: $record"
  RUN[$NAME]=yes
  end_agent
}
# With its ending recorded before the next begins.
end_agent() {
  holdfast stop "$NAME" >/dev/null 2>&1 || return 0
  wait_until 30 "$NAME to stop" nothing_runs "$NAME"
}
nothing_runs() { [ "$(holdfast ps --json | jq --arg name "$1" '[.instances[] | select(.agent == $name)] | length')" = 0 ]; }

all_were_run() {
  local name
  say "Every attack of the table was run"
  for name in "${NAMES[@]}"; do
    [ -n "${RUN[$name]:-}" ] || fail "$name is in the table and was not run"
  done
  echo "${#RUN[@]} attacks, each as the table says"
}

# ── the daemon ──────────────────────────────────────────────────────────────────────────────────

set_up_host
mkdir "$DIR/attacks" "$DIR/manifests" "$DIR/code"
cp "$HOLDFAST_BIN"/{attacker,attack-preload.so,launched-agent} "$DIR/attacks"
for key in sponsor stranger; do ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$DIR/$key"; done
start_tpm --group holdfast-keys
