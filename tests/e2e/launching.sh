# shellcheck shell=bash
# Launched agents, for one story. Source it after lib.sh and host.sh.
#   set_up_launching; example python-agent; describe python-agent 1 --arg=--actions --arg 2
#   import python-agent 1; declare_launched python-agent report.publish; holdfast apply; launch python-agent
PYTHON=/usr/bin/python3
[ -r "$(dirname "$(dirname "$(readlink -f $PYTHON)")")/lib/$(basename "$(readlink -f $PYTHON)")/os.py" ] ||
  skip "no Python with its standard library at /usr"

# A host, its daemon, and a sponsor with a key.
set_up_launching() {
  set_up_host
  start_tpm --group holdfast-keys
  start_daemon --config "$DIR/holdfastd.conf"
  ssh-keygen -q -t ed25519 -N '' -C sponsor -f "$DIR/sponsor"
  mkdir "$DIR/manifests" "$DIR/code"
}

# example NAME: its code, and the client that it uses, in $DIR/code/NAME.
example() {
  cp -r "$ROOT/examples/$1" "$DIR/code/$1"
  rm -f "$DIR/code/$1"/{README.md,*.toml.in,*.cedar}
  [ ! -e "$DIR/code/$1/agent.mjs" ] && cp "$ROOT/clients/python/holdfast.py" "$DIR/code/$1"
  return 0
}

# describe NAME VERSION [OPTION…]: a manifest of $DIR/code/NAME, signed by the sponsor.
describe() {
  local name=$1 version=$2
  shift 2
  holdfast manifest create "$DIR/code/$name" --name "$name" --manifest-version "$version" "$@" \
    --output "$DIR/statement" >/dev/null || return
  sign_manifest "$name" "$version" "$DIR/sponsor"
}
sign_manifest() {  # NAME VERSION KEY
  holdfast manifest sign "$DIR/statement" --ssh-key "$3" --output "$DIR/manifests/$1-$2.json" >/dev/null
}
describe_python() {  # NAME VERSION SCRIPT [OPTION…]
  local name=$1 version=$2 script=$3 program=(--interpreter $PYTHON)
  shift 3
  # Copied in for an earlier version.
  [ ! -e "$DIR/code/$name/bin/python3" ] ||
    program=(--entrypoint bin/python3 --arg=-I --arg=-S --arg=-B)
  describe "$name" "$version" "${program[@]}" --arg "$script" "$@"
}
import() { holdfast store import "$DIR/manifests/$1-$2.json" "$DIR/code/$1" >/dev/null; }
# The digest that names this manifest everywhere: of its statement's bytes.
digest_of() { jq -rj .payload "$DIR/manifests/$1-$2.json" | base64 -d | sha256sum | cut -d' ' -f1; }

# launch NAME [OPTION…]: the daemon's answer in $DIR/launched; launched MEMBER shows one of it.
launch() { holdfast launch "$@" --json >"$DIR/launched"; }
launched() { jq -er ".$1" "$DIR/launched"; }
running() { holdfast ps --json | jq -r --arg name "$1" '.instances[] | select(.agent == $name) | .pid'; }
nothing_runs() { [ -z "$(running "$1")" ]; }
# ended INSTANCE: how, as the daemon remembers it.
ended() { holdfast ps --json | jq -r --arg id "$1" '.ended[] | select(.instance == $id) | .how'; }

# refused REASON COMMAND…: for exactly that reason.
refused() {
  local reason=$1
  shift
  if "$@" --json >"$DIR/out" 2>"$DIR/err"; then fail "was possible: $*: $(cat "$DIR/out")"; fi
  [ "$(jq -r .code "$DIR/err")" = "$reason" ] || fail "$(cat "$DIR/err") instead of $reason"
  echo "refused: $reason"
}

# What NAME printed, as JSON; its last line may be on the way.
steps() { holdfast logs "$1" | jq -Rc 'fromjson?'; }
# has_step NAME STEP [COUNT]
has_step() { [ "$(steps "$1" | jq -r .step | grep -cx "$2")" -ge "${3:-1}" ]; }
count_steps() { steps "$1" | jq -r .step | grep -cx "$2" || true; }
signs_on() {  # NAME: more than it has signed until now
  local before
  before=$(count_steps "$1" signed)
  wait_until 60 "$1 to sign again" has_step "$1" signed $((before + 1))
}
payload_of() { cut -d. -f2 | from_base64url; }
