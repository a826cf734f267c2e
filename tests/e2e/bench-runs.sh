#!/usr/bin/env bash
# The bench cannot rot: each row it is asked for is there, in the samples and in the table, and every
# number is above zero. How large the numbers are is nobody's promise here.
set -euo pipefail

bench=$(cd "$(dirname "$0")/../../bench" && pwd)
samples=$(mktemp) table=$(mktemp)
trap 'rm -f "$samples" "$table"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

"$bench/run" --quick --rows floor,holdfast,verify,policy --samples "$samples" "$@" >"$table"
cat "$table"

for row in floor-each floor-kept floor-free holdfast-1 holdfast-8 verify-action verify-evidence decide load; do
  awk -F'\t' -v row="$row" '$1 == row && NF == 6 && $3 > 0 && $4 > 0 && $5 >= $4 && $6 > 0 {found = 1}
    END {exit !found}' "$samples" || fail "$row was not measured: $(cat "$samples")"
done
rows=9
! type npm >/dev/null 2>&1 || rows=11  # cedar-wasm's two
[ "$(grep -c '^| ' "$table")" -eq $((rows + 2)) ] || fail "the table has not $rows rows and its head"
grep -q "^a decision at 100 policies" "$table" || fail "no ratio of decisions"
grep -q '^p50, 1 client, over the floor' "$table" || fail "no ratio"
