#!/usr/bin/env bash
# Random policies and requests, answered by Holdfast: Cedar's own implementation answers the same, to
# the decision, the rules that decided and the rules that failed.
#   judge-cedar.sh [--pairs N] [--seed S]
. "$(dirname "$0")/lib.sh"
type npm >/dev/null 2>&1 || skip "npm is not installed"
pairs=5000 seed=1
while [ $# -gt 0 ]; do
  case "$1" in
    --pairs) pairs=$2; shift ;;
    --seed) seed=$2; shift ;;
    *) fail "unknown option $1" ;;
  esac
  shift
done

cp "$ROOT"/tests/judges/cedar/{judge.mjs,package.json,package-lock.json} "$DIR"
(cd "$DIR" && npm ci --silent --no-audit --no-fund --prefer-offline)

say "$pairs pairs from seed $seed"
cedar-pairs "$seed" "$pairs" 2>"$DIR/operators" >"$DIR/pairs"
node "$DIR/judge.mjs" --shares <"$DIR/pairs"

say "every operator was written"
column -c 100 "$DIR/operators" 2>/dev/null || cat "$DIR/operators"
while read -r operator; do
  awk -F'\t' -v operator="$operator" '$1 == operator && $2 > 0 {found = 1} END {exit !found}' \
    "$DIR/operators" ||
    fail "nothing was written with $operator"
done <<'END'
permit
forbid
when
unless
scope ==
scope in
scope in []
scope is
scope is … in
if
&&
||
!
==
!=
<
<=
>
>=
in
is
is … in
has
like
contains
containsAll
containsAny
+
-
*
unary -
attribute
set
record
END

say "an answer that differs is noticed"
sed '1s/"decision":"deny"/"decision":"allow"/;1s/"decision":"allow"/"decision":"other"/' "$DIR/pairs" |
  head -n 3 | node "$DIR/judge.mjs" >"$DIR/changed" 2>&1 && fail "a changed answer passed"
grep -q '^differs: Cedar says' "$DIR/changed" || fail "the judge failed for another reason: $(cat "$DIR/changed")"
