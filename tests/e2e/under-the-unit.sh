#!/usr/bin/env bash
# Agents in Python and Node are launched under what holdfastd.service says of capabilities and system
# calls, which they inherit: the story `launched`, with a daemon that is confined as the unit confines it.
set -euo pipefail
HOLDFAST_BIN=${HOLDFAST_BIN:?the folder with holdfastd and its workers}
here=$(cd "$(dirname "$0")" && pwd)
command -v systemd-analyze >/dev/null || { echo "SKIPPED: systemd-analyze is not installed"; exit 0; }
programs=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-unit.XXXXXX")
trap 'rm -rf "$programs"' EXIT
chmod 0755 "$programs"

setting() { sed -n "s/^$1=//p" "$here/../../systemd/holdfastd.service"; }
# calls_of WORD…: each call by its name, groups (@…) by what is in them.
# shellcheck disable=SC2046
calls_of() {
  local word
  for word in "$@"; do
    case $word in
      @*) calls_of $(systemd-analyze syscall-filter "$word" | sed -n 's/^    \([^ #]*\).*/\1/p') ;;
      *) echo "$word" ;;
    esac
  done
}
# shellcheck disable=SC2046
calls_of $(setting SystemCallFilter) | sort -u >"$programs/allowed"
grep -qx execve "$programs/allowed" || { echo "FAILED: the unit's list was not read"; exit 1; }
capabilities=$(setting CapabilityBoundingSet | tr '[:upper:]' '[:lower:]' | sed 's/cap_/+/g; s/ /,/g')
echo "$(wc -l <"$programs/allowed") system calls, capabilities $capabilities"

ln -s "$HOLDFAST_BIN"/* "$programs"
rm "$programs/holdfastd"
cat >"$programs/holdfastd" <<END
#!/bin/sh
exec setpriv --bounding-set=-all,$capabilities --inh-caps=-all --no-new-privs \
  "$HOLDFAST_BIN/allow-calls" "$programs/allowed" "$HOLDFAST_BIN/holdfastd" "\$@"
END
chmod 0755 "$programs/holdfastd"
HOLDFAST_BIN=$programs "$here/launched.sh"
