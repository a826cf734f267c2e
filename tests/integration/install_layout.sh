#!/usr/bin/env bash
# What `cmake --install` puts down fits together: the unit starts the installed daemon, the daemon
# looks for its workers where they were installed, and each socket names that unit.
#   install_layout.sh CMAKE BUILD-FOLDER
set -euo pipefail

fail() { echo "install_layout: $*" >&2; exit 1; }
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
DESTDIR=$root "$1" --install "$2" >"$root/log" 2>&1 || { tail -n 5 "$root/log" >&2; fail "cmake --install failed"; }

unit=$(find "$root" -name holdfastd.service)
[ -n "$unit" ] || fail "no unit was installed"
daemon=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit")
[ -x "$root$daemon" ] || fail "the unit starts $daemon, which was not installed"

printf '[tpm]\ntcti = device:/dev/tpmrm0\n' >"$root/least.conf"
libexec=$("$root$daemon" --config "$root/least.conf" --dump-config | sed -n 's|^libexec *= *\([^ ]*\).*|\1|p')
for worker in holdfast-front holdfast-keys-tpm holdfast-measurer holdfast-launcher holdfast-importer; do
  [ -x "$root$libexec/$worker" ] || fail "the daemon looks for $libexec/$worker, which was not installed"
done

agents=$(dirname "$unit")/holdfast-agent@.service
command=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$agents")
[ -x "$root$command" ] || fail "holdfast-agent@.service starts $command, which was not installed"

for socket in $(sed -n 's/^Sockets=//p' "$unit"); do
  grep -qx "Service=$(basename "$unit")" "$(dirname "$unit")/$socket" || fail "$socket is not of the unit"
done
[ -n "$(find "$root" -path '*/share/holdfast/python/holdfast.py')" ] || fail "the Python client was not installed"
