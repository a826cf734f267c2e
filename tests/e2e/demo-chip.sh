#!/usr/bin/env bash
# What scripts/demo looks for on the machine is looked for when it is needed: SoftHSM, which the demo
# itself installs a step earlier, and never where no token is wanted. Without it, it says so. No daemon.
# shellcheck disable=SC2016 # what stands in single quotes is for the demo's shell
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-e2e.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# A find for one that meets a closed or missing folder, as the real one ends then.
mkdir "$work/bin"
printf '#!/bin/sh\ncat "%s" 2>/dev/null\nexit 1\n' "$work/found" >"$work/bin/find"
chmod 0755 "$work/bin/find"

# demo BACKEND COMMANDS: in a shell as strict as the demo's, after it has chosen.
demo() {
  PATH=$work/bin:$PATH bash -euo pipefail -c '
    work=$1 backend=$2 dev=yes
    broke() { echo "broke: $*"; exit 3; }
    . scripts/demo-chip.sh
    eval "$3"' demo "$work" "$@"
}

[ "$(demo tpm 'echo "$keys_program"')" = holdfast-keys-tpm ] || fail "the demo with a TPM ended while it chose"
said=$(demo softhsm make_token) && fail "a token was made without a module"
grep -q 'broke: SoftHSM is not installed' <<<"$said" || fail "ends without a word: $said"
settings=$(demo softhsm 'echo /usr/lib/softhsm/libsofthsm2.so >"$work/found"; chip_settings')
grep -qx 'module = /usr/lib/softhsm/libsofthsm2.so' <<<"$settings" ||
  fail "what was installed after the choice is not found: $settings"
echo "looked for when it is needed"
