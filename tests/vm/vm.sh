#!/usr/bin/env bash
# The demo's story on another kernel: a machine in QEMU with UEFI firmware, the distribution's kernel and
# a TPM at its TIS registers (swtpm), so that the daemon meets /dev/tpmrm0 and the kernel's resource
# manager. Its disk has fs-verity: there lies the code of launched agents (launched.sh). What the machine
# hands out is judged here, outside, without that TPM; and swtpm's log says how many commands a signature
# costs.
. "$(dirname "$0")/../e2e/lib.sh"
. "$(dirname "$0")/cost.sh"
. "$(dirname "$0")/launched.sh"
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KERNEL=${HOLDFAST_VM_KERNEL:?a folder for the kernel}

# A count is no timing, so it can be promised. In a row a signature is 3 commands (the session is kept);
# around each the kernel loads key and session, then saves both and flushes the key: 3 + 6 + 6 + 3.
MOST_COMMANDS_PER_SIGNATURE=18
LONGEST=900  # seconds; the test's own limit is a little longer

OUT=$DIR/outside
mkdir "$OUT"

for tool in qemu-system-x86_64 cpio busybox mkfs.ext4 debugfs; do
  command -v $tool >/dev/null || skip "$tool is not installed (scripts/setup --all)"
done
firmware=/usr/share/OVMF
[ -r $firmware/OVMF_CODE_4M.fd ] || skip "OVMF is not installed (scripts/setup --all)"
"$HERE/fetch-kernel" "$KERNEL" || skip "no kernel to boot"

# ── the machine ─────────────────────────────────────────────────────────────────────────────────

SWTPM_PID="" QEMU_PID=""
tidy_up() {
  local pid
  for pid in $QEMU_PID $SWTPM_PID; do
    kill "$pid" 2>/dev/null || continue
    wait_until 10 "process $pid to end" gone "$pid"
  done
  [ ! -s "$DIR/console" ] || [ -e "$OUT/judged" ] || { echo "── the console's end"; tail -n 40 "$DIR/console"; } >&2
}

# A chip with an EK certificate, made by scripts/software-tpm; QEMU powers it on itself.
manufacture_tpm() {
  start_tpm
  stop_tpm
  rm -f "$DIR"/tpm/pid
}

boot() {
  swtpm socket --tpm2 --tpmstate "dir=$DIR/tpm/state" --ctrl "type=unixio,path=$DIR/tpm/ctrl" \
    --log "file=$DIR/tpm/log,level=2" &
  SWTPM_PID=$!
  wait_until 10 "swtpm" test -S "$DIR/tpm/ctrl"
  cp $firmware/OVMF_VARS_4M.fd "$DIR/variables"
  qemu-system-x86_64 -machine q35 -cpu max -accel tcg -m 1024 -smp 2 -no-reboot -nodefaults -net none \
    -display none -monitor none -serial "file:$DIR/console" \
    -drive "if=pflash,format=raw,unit=0,readonly=on,file=$firmware/OVMF_CODE_4M.fd" \
    -drive "if=pflash,format=raw,unit=1,file=$DIR/variables" \
    -chardev "socket,id=chip,path=$DIR/tpm/ctrl" -tpmdev emulator,id=tpm,chardev=chip \
    -device tpm-tis,tpmdev=tpm \
    -drive "if=none,id=store,format=raw,file=$STORE" -device virtio-blk-pci,drive=store \
    -virtfs "local,path=$OUT,mount_tag=outside,security_model=none" \
    -kernel "$KERNEL/vmlinuz" -initrd "$DIR/guest/initramfs" -append "console=ttyS0 quiet panic=-1 no_timer_check" &
  QEMU_PID=$!
}

handed_out() {
  [ -e "$OUT/$1" ] && return
  gone "$QEMU_PID" && fail "the machine ended before it gave $1"
  [ "$SECONDS" -lt "$LONGEST" ] || fail "waited too long for $1"
  return 1
}
from_guest() { until handed_out "$1"; do sleep 0.1; done; }
# to_guest NAME: standard input; the guest sees all of it or nothing.
to_guest() { cat >"$OUT/.$1" && mv "$OUT/.$1" "$OUT/$1"; }
log_lines() { wc -l <"$DIR/tpm/log"; }

say "A machine with $(cat "$KERNEL/release") and a TPM is built and switched on"
manufacture_tpm
nonce=$(head -c 32 /dev/urandom | basenc --base64url -w0 | tr -d =)
prepare_launched "$nonce" https://verifier.example
"$HERE/make-guest" "$DIR/guest" "$KERNEL" "$HOLDFAST_BIN" "$MORE"
mv "$DIR/guest/system.tar" "$OUT/"
to_guest nonce <<<"$nonce"
boot

say "While it tells its story: enrolment, a row of signatures, and a hand on its disk"
"$ROOT/scripts/software-tpm" roots "$DIR" >"$DIR/ek-roots.pem"
from_guest host.json
holdfast enroll challenge --host "$OUT/host.json" --ek-roots "$DIR/ek-roots.pem" \
  --out "$DIR/challenge.json" --secret "$DIR/secret.json"
to_guest challenge.json <"$DIR/challenge.json"
from_guest response.json
holdfast enroll finish "$OUT/response.json" --secret "$DIR/secret.json" --out "$DIR/enrolment.json"
from_guest row-begun
row_begun=$(log_lines)
to_guest row-marked </dev/null
from_guest row-long-enough
row_ended=$(log_lines)
to_guest row-counted </dev/null
from_guest store-let-go
change_the_disk
to_guest store-changed </dev/null
from_guest story-ended
wait_until 60 "the machine to switch itself off" gone "$QEMU_PID"
QEMU_PID=""
wait_until 20 "swtpm to end with its machine" gone "$SWTPM_PID"
SWTPM_PID=""
grep -ao '== .*' "$DIR/console"

# ── the judgement ───────────────────────────────────────────────────────────────────────────────

say "On /dev/tpmrm0, and said to be software nevertheless: by the chip's maker, not by the TCTI"
grep -o "TPM: this TPM is a simulator by its manufacturer.*" "$OUT/without-leave.log" | head -n 1
jq -ce '{custody, manufacturer, privileges} | select(.custody == "software-tpm" and .privileges == "separated")' \
  "$OUT/status.json" || fail "status: $(cat "$OUT/status.json")"
sort "$OUT/processes" | diff - <(printf '%s\n' 'holdfast-front 101' 'holdfast-keys-tpm 102' \
  'holdfast-launcher 0' 'holdfast-measurer 103' 'holdfastd 0') || fail "not separated"

say "What the agent is told; the kernel decides whether a pid can have been used twice"
reply() { jq -nce --arg step "$1" 'first(inputs | select(.step == $step)).reply' "$OUT/steps"; }
reply whoami | jq -ce '{agent, custody, fuse, notes} | select(.custody == "software-tpm" and .fuse == "counter")' ||
  fail "whoami: $(reply whoami)"
older_than() { [ "$1" != "$2" ] && printf '%s\n' "$1" "$2" | sort -VC; }
can_be_reused=$(older_than "$(cat "$OUT/kernel")" 6.5 && echo true || echo false)  # SO_PEERPIDFD
reply whoami | jq -e "(.notes | index(\"pid reuse not excluded\") != null) == $can_be_reused" >/dev/null ||
  fail "on $(cat "$OUT/kernel") the notes are $(reply whoami | jq -c .notes)"

say "Verified without that TPM: credential, action, evidence"
reply credential | jq -er .chain_pem >"$DIR/credential.pem"
awk '/BEGIN CERT/{n++} n==2' "$DIR/credential.pem" >"$DIR/ca.pem"
reply sign | jq -er .jws >"$DIR/action.jws"
reply evidence >"$DIR/evidence.json"
subject=spiffe://guest.agents.example/agent/refund-agent
# accepted CLAIM WHAT ARGUMENT…: and what is claimed of the key's place is that.
accepted() {
  local claim=$1
  shift
  expect_exit 0 holdfast verify "$@" --agent "$subject" --roots "$DIR/ca.pem" --json
  jq -e --arg claim "$claim" '.claims[$claim] == "software-tpm"' "$DIR/out" >/dev/null || fail "$1: $(cat "$DIR/out")"
  printf '%-10s accepted, %s software-tpm, %d rules passed\n' "$1" "$claim" \
    "$(jq '[.rules[] | select(.outcome == "pass")] | length' "$DIR/out")"
}
asked=(--nonce "$nonce" --verifier https://verifier.example
  --ek-roots "$DIR/ek-roots.pem" --enrolment "$DIR/enrolment.json")
evidence=("$DIR/evidence.json" "${asked[@]}")
accepted custody_claimed credential "$DIR/credential.pem"
accepted custody_claimed action "$DIR/action.jws" --audience "$AUDIENCE"
accepted custody evidence "${evidence[@]}" --profile evaluation
expect_exit 6 holdfast verify evidence "${evidence[@]}" --roots "$DIR/ca.pem" --profile production --json
jq -e '[.rules[] | select(.required and .outcome != "pass") | .id] == ["custody.hardware"]' "$DIR/out" >/dev/null ||
  fail "production refuses otherwise: $(cat "$DIR/out")"
echo "in production rejected by custody.hardware alone"

judge_import
judge_launches
judge_launched_evidence "${asked[@]}"
judge_changed_disk

say "Restarted with the same key; revoked in the chip, before and after another restart"
key_of() { from_base64url <<<"$(cut -d. -f1 "$1")" | jq -er .kid; }
jq -er .reply.jws "$OUT/signed-after-restart" >"$DIR/again.jws"
[ "$(key_of "$DIR/again.jws")" = "$(key_of "$DIR/action.jws")" ] || fail "another key signed"
jq -ce .stages "$OUT/revoked.json"
jq -e '.stages.fuse == "done"' "$OUT/revoked.json" >/dev/null || fail "revoked: $(cat "$OUT/revoked.json")"
for refused in refused refused-after-restart; do
  [ "$(jq -r '"\(.status) \(.reply.code)"' "$OUT/$refused")" = "403 agent_revoked" ] ||
    fail "$refused: $(cat "$OUT/$refused")"
done

say "Every signature that was given has its record"
tar -xf "$OUT/ledger.tar" -C "$DIR"
jq -r 'select(.status == 200) | "\(.reply.sequence) \(.reply.jws)"' "$OUT/answers" >"$DIR/promised"
promised_to_clerk >>"$DIR/promised"
"$ROOT/tests/judges/ledger_promises.py" "$DIR/ledger" "$DIR/promised"
jq -ce '.ledger' "$OUT/status-at-end.json"

say "What a signature costs the chip, the kernel's swapping included"
expect_cost "$DIR/tpm/log" "$row_begun" "$row_ended" $MOST_COMMANDS_PER_SIGNATURE
: >"$OUT/judged"
