#!/bin/sh
# systemd-verify SYSTEMD-ANALYZE UNITS HOLDFASTD: the units are accepted without a word, and a broken
# one is not (so that the first line is worth something); sysusers and tmpfiles are read by their tools.
set -eu
analyze=$1 units=$2 daemon=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cp "$units"/*.socket "$folder"
# The program that was just built stands for the one that will be installed.
sed "s|@HOLDFAST_SBINDIR@/holdfastd|$daemon|" "$units/holdfastd.service" > "$folder/holdfastd.service"

# Man pages are not installed here, and units of the machine itself are not ours to judge.
verify() {
    "$analyze" verify --man=no --recursive-errors=no "$folder/holdfastd.service" \
        "$folder/holdfast-agent.socket" "$folder/holdfast-admin.socket" 2>&1
}
if ! said=$(verify) || [ -n "$said" ]; then
    echo "systemd-analyze verify: $said"
    exit 1
fi
if grep -q '^PrivateUsers=' "$folder/holdfastd.service"; then
    echo "PrivateUsers= makes every caller uid 65534"
    exit 1
fi
sed -i 's/^ProtectSystem=.*/ProtectSystm=strict/' "$folder/holdfastd.service"
if [ -z "$(verify || true)" ]; then
    echo "a misspelt setting went unnoticed"
    exit 1
fi
if command -v systemd-sysusers > /dev/null; then
    mkdir -p "$folder/root/etc"
    systemd-sysusers --root="$folder/root" - < "$units/holdfast.sysusers.conf" > /dev/null
    for user in holdfast holdfast-keys holdfast-measure; do
        grep -q "^$user:" "$folder/root/etc/passwd" || { echo "no user $user"; exit 1; }
    done
    grep -q '^tss:.*:holdfast-keys$' "$folder/root/etc/group" || { echo "not in tss"; exit 1; }
fi
if command -v systemd-tmpfiles > /dev/null && [ -f "$folder/root/etc/passwd" ]; then
    systemd-tmpfiles --root="$folder/root" --create - < "$units/holdfast.tmpfiles.conf" || {
        echo "systemd-tmpfiles refuses holdfast.tmpfiles.conf"; exit 1; }
    [ "$(stat -c %a "$folder/root/var/lib/holdfast")" = 1771 ] || { echo "wrong mode"; exit 1; }
fi
