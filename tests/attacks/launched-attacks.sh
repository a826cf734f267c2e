#!/usr/bin/env bash
# Attacks on the code of launched agents: before it is stored, in the store, while it runs. What becomes
# of each is said in docs/threat-model.md, and is taken from there.
. "$(dirname "$0")/launched.sh"
tidy_up() {
  if [ -n "${VIEW:-}" ] && mountpoint -q "$VIEW"; then umount "$VIEW"; fi
  remove_users
}

# What the daemon and the operator have set, and no agent may get.
with_variables() {
  PYTHONPATH=$DIR/planted NODE_OPTIONS="--require $DIR/planted/x.js" \
    LD_PRELOAD=$DIR/attacks/attack-preload.so "$@"
}
with_variables start_daemon --config "$DIR/holdfastd.conf"

# ── code, before it is in the store ─────────────────────────────────────────────────────────────

refused_import() {
  try_import 1
  judge
}

begin source-edited
sign_manifest 1
import_code 1
echo "print('stolen')" >>"$CODE/agent.py"
launch
tell ask honest
judge

begin source-edited-before
sign_manifest 1
echo "print('stolen')" >>"$CODE/agent.py"
refused_import

begin pycache-in-source
sign_manifest 1
mkdir "$CODE/__pycache__"
echo stolen >"$CODE/__pycache__/agent.cpython-311.pyc"
refused_import

begin source-file-missing
sign_manifest 1
rm "$CODE/agent.py"
refused_import

begin source-mode-changed
sign_manifest 1
chmod +x "$CODE/agent.py"
refused_import

begin source-names-swapped
echo "# other" >"$CODE/other.py"
sign_manifest 1
mv "$CODE/agent.py" "$CODE/third.py"
mv "$CODE/other.py" "$CODE/agent.py"
mv "$CODE/third.py" "$CODE/other.py"
refused_import

begin source-file-linked
sign_manifest 1
mv "$CODE/agent.py" "$DIR/elsewhere.py"
ln -s "$DIR/elsewhere.py" "$CODE/agent.py"
refused_import

# ── code in the store, by root ──────────────────────────────────────────────────────────────────

refused_launch() {
  try_launch
  judge
}
stored() {
  begin "$1"
  sign_manifest 1
  import_code 1
}

stored stored-file-longer
echo "print('stolen')" >>"$VIEW/agent.py"
refused_launch

stored stored-mode-changed
chmod 0755 "$VIEW/agent.py"
refused_launch

stored pycache-in-store
mkdir "$VIEW/__pycache__"
refused_launch

stored view-linked
mv "$VIEW" "$VIEW.real"
ln -s "$VIEW.real" "$VIEW"
refused_launch
rm "$VIEW"
mv "$VIEW.real" "$VIEW"

stored view-mounted-over
mkdir "$DIR/planted"
mount --bind "$DIR/planted" "$VIEW"
refused_launch
umount "$VIEW"

# change FILE: its first byte.
change() { printf '!' | dd of="$1" bs=1 conv=notrunc status=none; }

stored stored-file-same-size
change "$VIEW/agent.py"
refused_launch

stored stored-file-time-put-back
touch -r "$VIEW/agent.py" "$DIR/time"
change "$VIEW/agent.py"
touch -r "$DIR/time" "$VIEW/agent.py"
launch
tell ask honest
SAID=$OUTCOME
attempt fsck store fsck
judge "$SAID, $OUTCOME"

# ── manifests ───────────────────────────────────────────────────────────────────────────────────

begin manifest-expired
sign_manifest 1 --not-before 1000000000 --not-after 1000000001
import_code 1
refused_launch

begin manifest-of-a-stranger
SIGNER=stranger sign_manifest 1
import_code 1
refused_launch

begin manifest-of-another
try_launch --manifest "$(digest_of source-edited 1)"
judge

begin manifest-downgraded
sign_manifest 1
import_code 1
FIRST=$DIGEST
sign_manifest 2
import_code 2
launch
end_agent
try_launch --manifest "$FIRST"
judge

begin script-as-entrypoint
printf '#!%s/bin/tool\n' "$CODE" >"$CODE/bin/agent"
sign_manifest 1
import_code 1
refused_launch

begin ld-preload-in-manifest
sign_manifest 1 --env "LD_PRELOAD=lib/library.so"
import_code 1
refused_launch

# ── what it is given ────────────────────────────────────────────────────────────────────────────

begin variables-inherited
with_variables describe_and_launch
tell variables
judge

begin sitecustomize-planted
cat >"$CODE/agent.py" <<'END'
import os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import holdfast
me = holdfast.Client(retry_for=10).whoami()
print(me.measurement.assurance, "with" if hasattr(sys, "planted") else "without", flush=True)
import time
time.sleep(600)
END
cp "$ROOT/clients/python/holdfast.py" "$CODE"
sign_manifest 1 --interpreter /usr/bin/python3 --arg=-I --arg=-S --arg=-B --arg agent.py
import_code 1
for folder in "$DATA" "$DATA/.local/lib/$(basename "$CODE"/lib/python3*)/site-packages" "$DIR/planted"; do
  mkdir -p "$folder"
  echo 'import sys; sys.planted = True' | tee "$folder/sitecustomize.py" >"$folder/usercustomize.py"
done
launch
heard 1
judge

# ── its code, while it runs ─────────────────────────────────────────────────────────────────────

with_library() {  # NAME [kill|refuse]
  begin "$@"
  describe_and_launch
  tell map lib/library.so
  must mapped
  is_served
}

with_library library-mapped-late
tell ask honest
judge

with_library mapped-library-written
"$DIR/attacks/attacker" write-file "$VIEW/lib/library.so" >/dev/null
order ask stolen
ends
judge

with_library mapped-library-written-refuse refuse
"$DIR/attacks/attacker" write-file "$VIEW/lib/library.so" >/dev/null
tell ask stolen
SAID=$OUTCOME
tell ask-anew stolen
judge "$SAID, then $OUTCOME"

with_library mapped-library-stored refuse
echo | "$DIR/attacks/attacker" store-into-file "$VIEW/lib/library.so" >/dev/null
tell ask stolen
judge

# Files of the data directory: the agent's own, and one that root put there.
foreign_library() {  # NAME OWNER
  begin "$1" refuse
  describe_and_launch
  is_served
  cp "$DIR/attacks/attack-preload.so" "$DATA/library.so"
  [ -z "$2" ] || chown "$U" "$DATA/library.so"
  tell map "$DATA/library.so"
  must mapped
  tell ask stolen
  SAID=$OUTCOME
  tell ask-anew stolen
  judge "$SAID, then $OUTCOME"
}
foreign_library library-of-its-own own
foreign_library library-of-roots ""

begin library-outside
describe_and_launch
tell map "$DIR/attacks/attack-preload.so"
judge

begin anonymous-code
describe_and_launch
tell map-anonymous
must mapped
tell ask honest
judge

begin another-program
describe_and_launch
is_served
order exec
ends
judge

exec_refused() {
  begin "$1" refuse
  describe_and_launch
  is_served
  tell "$2"
  SAID=$OUTCOME
  wait_until 30 "the refusal to be recorded" recorded exec_refused
  tell ask-anew stolen
  judge "$SAID, then $OUTCOME"
}
exec_refused another-program-refuse exec
exec_refused another-program-from-thread exec-in-thread

all_were_run
