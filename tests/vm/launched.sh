# shellcheck shell=bash
# Launched agents on another kernel: what vm.sh's machine brings for guest-launched, and the judgement.
# Source it after lib.sh; `accepted` is vm.sh's, and reads $subject. The store's file system is an image
# made here; its owner can change it.
MORE=$DIR/more  # laid over the guest's root
STORE=$DIR/store  # the image
VERITY_FLAG=0x100000  # EXT4_VERITY_FL
BLOCK=4096
PADDING=12  # in an ELF file's first bytes: no kernel reads it (e_ident, EI_PAD)
export PATH=$PATH:/usr/sbin:/sbin

# version NUMBER SIGNERS PROGRAM ARGUMENT…: one more manifest of agent clerk, of the same tree.
version() {
  local number=$1 signers=$2 program=$3 arguments=() word
  shift 3
  for word; do arguments+=("--arg=$word"); done
  holdfast manifest create "$MORE/srv/code" --name clerk --manifest-version "$number" \
    --signers "$signers" --entrypoint "$program" "${arguments[@]}" --output "$DIR/manifest.$number" >/dev/null
  holdfast manifest sign "$DIR/manifest.$number" --ssh-key "$DIR/sponsor" \
    --output "$DIR/manifests/clerk.$number.json" >/dev/null
  holdfast manifest verify "$DIR/manifests/clerk.$number.json" --key "$DIR/sponsor.pub" --json |
    jq -er .digest >"$MORE/srv/manifests/clerk.$number.digest"
  cp "$DIR/manifests/clerk.$number.json" "$MORE/srv/manifests/"
}

declare_clerk() {
  cat >"$MORE/etc/holdfast/agents.d/clerk.toml" <<END
name = "clerk"
environment = "test"

[accountability]
sponsor = "sponsor@example.org"
owner = "owner@example.org"
policy_author = "author@example.org"
can_stop = ["oncall@example.org"]

[launch]
manifest_keys = ["$(cat "$DIR/sponsor.pub")"]
END
}

# The guest's libraries are this host's, so what its loader finds is what the guest has.
# prepare_launched NONCE VERIFIER
prepare_launched() {
  mkdir -p "$MORE"/srv/{code,manifests} "$MORE/etc/holdfast/agents.d" "$DIR/manifests"
  for program in refund-agent sign-load; do
    strip -o "$MORE/srv/code/$program" "$HOLDFAST_BIN/$program"
  done
  echo "A refund is paid to the account that was charged." >"$MORE/srv/code/terms.txt"
  : >"$MORE/srv/code/empty"
  ssh-keygen -q -t ed25519 -N '' -C sponsor -f "$DIR/sponsor"
  version 1 tree sign-load /run/holdfast/agent.sock 1 /never "$AUDIENCE"
  version 2 leader refund-agent --nonce "$1" --verifier "$2"
  declare_clerk
  truncate -s 64M "$STORE"
  mkfs.ext4 -q -b $BLOCK -O verity -E root_owner=0:0 "$STORE"
}

# object PROGRAM MODE: where its content lies on the store's file system.
object() {
  local digest
  digest=$(sha256sum "$MORE/srv/code/$1" | cut -d' ' -f1)
  echo "/objects/${digest:0:2}/$digest.$2"
}
in_image() { debugfs -R "$1" "$STORE" 2>/dev/null; }

# One byte of version 2's program, which would run the same without it. Nobody has it mounted.
change_the_disk() {
  local block at
  block=$(in_image "bmap $(object refund-agent 0111) 0")
  [ "$block" -gt 0 ] || fail "refund-agent is not on the disk"
  at=$((block * BLOCK + PADDING))
  [ "$(xxd -p -s $at -l 1 "$STORE")" = 00 ] || fail "no ELF file in block $block"
  printf '\001' | dd of="$STORE" bs=1 seek=$at conv=notrunc status=none
}

# ── the judgement ───────────────────────────────────────────────────────────────────────────────

judge_import() {
  say "Imported with fs-verity; every object is sealed, for root and by what the disk says"
  jq -ce '{version: 1, files, reused, verity} | select(.verity == "on" and .reused == 0)' "$OUT/imported-1.json" ||
    fail "$(cat "$OUT/imported-1.json")"
  jq -ce '{version: 2, files, reused, verity} | select(.verity == "on" and .reused == 2)' "$OUT/imported-2.json" ||
    fail "$(cat "$OUT/imported-2.json")"
  objects=("refund-agent 0555" "refund-agent 0111" "sign-load 0111" "sign-load 0555" "terms.txt 0444" "empty 0444")
  local one flags
  for one in "${objects[@]}"; do
    # shellcheck disable=SC2086
    one=$(object $one)
    flags=$(in_image "stat $one" | grep -o 'Flags: 0x[0-9a-f]*' | cut -d' ' -f2)
    [ $((${flags:-0} & VERITY_FLAG)) -ne 0 ] || fail "$one has no fs-verity: flags ${flags:-none}"
    grep -qx "$(basename "$one") Operation not permitted" "$OUT/written" || fail "$(cat "$OUT/written")"
  done
  [ "$(wc -l <"$OUT/written")" -eq ${#objects[@]} ] || fail "other objects: $(cat "$OUT/written")"
  grep -qx "beside written" "$OUT/written-beside" || fail "nobody could write there: $(cat "$OUT/written-beside")"
  jq -ce 'select(.differing == 0 and .objects == 6 and .unread == 0)' "$OUT/checked.json" ||
    fail "$(cat "$OUT/checked.json")"
}

# What was given to whoever was killed counts too, and guest-launched waited until there was something.
promised_to_clerk() {
  jq -Rr 'fromjson? | select(.reply.jws?) | "\(.reply.sequence) \(.reply.jws)"' "$OUT/printed"
}

judge_launches() {
  say "Launched with nothing missing, killed with its key"
  jq -ce '{version, missing} | select(.version == 1 and .missing == [])' "$OUT/launched.json" ||
    fail "$(cat "$OUT/launched.json")"
  jq -ce '.stages | select(.processes == "done" and .ledger == "done")' "$OUT/killed.json" ||
    fail "$(cat "$OUT/killed.json")"

  say "The launched agent's own proofs, verified without that TPM"
  # The last line of who was killed may be half a line.
  clerk() { jq -nRce --arg step "$1" 'first(inputs | fromjson? | select(.step == $step)).reply' "$OUT/printed"; }
  clerk whoami | jq -ce '{agent, assurance: .measurement.assurance, notes} |
    select(.assurance == "launched" and .notes == [])' || fail "$(clerk whoami)"
  clerk sign | jq -er .jws >"$DIR/clerk.jws"
  clerk evidence >"$DIR/clerk.json"
  subject=spiffe://guest.agents.example/agent/clerk
  accepted custody_claimed action "$DIR/clerk.jws" --audience "$AUDIENCE"
  jq -e '.claims.assurance == "launched"' "$DIR/out" >/dev/null || fail "$(cat "$DIR/out")"
}

# judge_launched_evidence OPTION…: what a verifier adds to say whose evidence it wants.
judge_launched_evidence() {
  local options=("$DIR/clerk.json" "$@" --manifest-key "$DIR/sponsor.pub")
  accepted custody evidence "${options[@]}" --manifest-roots "$DIR/manifests" --profile evaluation
  jq -ce '.launches[] | {agent, version, ended}' "$DIR/out"
  [ "$(jq -c '[.launches[] | [.agent, .version, .ended]]' "$DIR/out")" = '[["clerk",1,"kill"],["clerk",2,null]]' ] ||
    fail "other launches: $(jq -c .launches "$DIR/out")"
  for rule in register.anchor register.launch register.manifests; do
    jq -e --arg id $rule '.rules[] | select(.id == $id) | .outcome == "pass"' "$DIR/out" >/dev/null ||
      fail "$(jq -c --arg id $rule '.rules[] | select(.id == $id)' "$DIR/out")"
  done
  mkdir "$DIR/older"
  cp "$DIR/manifests/clerk.1.json" "$DIR/older/"
  expect_exit 6 holdfast verify evidence "${options[@]}" --manifest-roots "$DIR/older" --profile evaluation \
    --roots "$DIR/ca.pem" --json
  jq -e '[.rules[] | select(.required and .outcome != "pass") | .id] == ["register.manifests"]' "$DIR/out" >/dev/null ||
    fail "without version 2's manifest: $(cat "$DIR/out")"
  echo "without version 2's manifest rejected by register.manifests alone"
}

judge_changed_disk() {
  say "One byte of the disk is another: fsck names the file, and it does not run"
  local changed
  changed=$(object refund-agent 0111)
  jq -ce '.differences[]' "$OUT/checked-again.json"
  jq -e --arg object "${changed#/}" --arg view "/refund-agent" '.differing == 2 and
    .differences[0].path == $object and (.differences[1].path | startswith("views/") and endswith($view)) and
    all(.differences[]; .what | endswith("Input/output error"))' "$OUT/checked-again.json" >/dev/null ||
    fail "$(cat "$OUT/checked-again.json")"
  grep -o 'exec .*/refund-agent: Input/output error' "$OUT/launch-refused" || fail "$(cat "$OUT/launch-refused")"

  say "Repaired as docs/store.md says, it runs again"
  jq -ce '{version: 2, files, reused, verity} | select(.verity == "on" and .reused == 3)' "$OUT/imported-again.json" ||
    fail "$(cat "$OUT/imported-again.json")"
  jq -ce 'select(.differing == 0 and .objects == 6)' "$OUT/checked-repaired.json" ||
    fail "$(cat "$OUT/checked-repaired.json")"
}
