#!/bin/sh
# systemd-verify SYSTEMD-ANALYZE UNITS HOLDFASTD HOLDFAST: the units are accepted without a word, and a
# broken one is not (so that the first line is worth something); they expose no more than they must, and
# launched agents have what they need; sysusers and tmpfiles are read by their tools.
set -eu
analyze=$1 units=$2 daemon=$3 command=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cp "$units"/*.socket "$folder"
# The programs that were just built stand for those that will be installed.
sed "s|@HOLDFAST_SBINDIR@/holdfastd|$daemon|" "$units/holdfastd.service" > "$folder/holdfastd.service"
sed "s|@HOLDFAST_BINDIR@/holdfast|$command|" "$units/holdfast-agent@.service" > "$folder/holdfast-agent@demo.service"

# Man pages are not installed here, and units of the machine itself are not ours to judge.
verify() {
    "$analyze" verify --man=no --recursive-errors=no "$folder/holdfastd.service" \
        "$folder/holdfast-agent@demo.service" \
        "$folder/holdfast-agent.socket" "$folder/holdfast-admin.socket" 2>&1
}
if ! said=$(verify) || [ -n "$said" ]; then
    echo "systemd-analyze verify: $said"
    exit 1
fi
# What takes away what recognising or launching needs, whatever it would be worth otherwise; agents are
# children of this unit, and inherit it (docs/decisions/0010-unit-and-agents.md).
for setting in PrivateUsers ProtectProc PrivateTmp PrivatePIDs ProtectControlGroups MemoryDenyWriteExecute \
    PrivateNetwork IPAddressDeny; do
    if grep -q "^$setting=" "$folder/holdfastd.service"; then
        echo "$setting= stops agents, or hides them"
        exit 1
    fi
done
for needed in Delegate=yes 'SystemCallFilter=.* seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self$' \
    'CapabilityBoundingSet=.*CAP_SETPCAP'; do
    grep -q "^$needed" "$folder/holdfastd.service" || { echo "without $needed nothing can be launched"; exit 1; }
done

# In tenths of the 0 (none) to 10 of systemd-analyze security; what the daemon's is made of is in 0010.
# 252 knows --threshold; older ones are not asked.
exposure() {  # UNIT TENTHS
    "$analyze" security --help | grep -q -e --threshold || return 0
    "$analyze" security --offline=true --no-pager --threshold="$2" "$folder/$1" > "$folder/exposure" ||
        { tail -n 1 "$folder/exposure"; echo "$1 is exposed to more than $2 tenths"; exit 1; }
}
exposure holdfastd.service 40
exposure holdfast-agent@demo.service 15
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
    for expected in 1771=lib/holdfast 700=lib/holdfast/keys 700=lib/holdfast/launcher 711=lib/holdfast/data \
        755=lib/holdfast/store 750=log/holdfast; do
        [ "$(stat -c %a "$folder/root/var/${expected#*=}")" = "${expected%%=*}" ] ||
            { echo "wrong mode: /var/${expected#*=}"; exit 1; }
    done
fi
