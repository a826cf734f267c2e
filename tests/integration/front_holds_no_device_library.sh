#!/usr/bin/env bash
# The front parses hostile input, so it must not even be able to reach a TPM or load a vendor's module.
# The keys worker is looked at too: if it showed no TPM library, this test would look at nothing.
set -euo pipefail
front=$1 keys=$2

linked=$(ldd "$front")
if grep -E 'libtss2|libp11|libpkcs11|libcap' <<<"$linked"; then
  echo "holdfast-front links what only a worker may" >&2
  exit 1
fi
[[ $(ldd "$keys") == *libtss2-esys* ]] || { echo "holdfast-keys-tpm links no TPM library?" >&2; exit 1; }
