# shellcheck shell=bash
# Judges what a row of signatures cost the chip. Source it after lib.sh.
SIGNATURES_COUNTED=20

# expect_cost LOG FROM TO MOST: at most so many commands for a signature, and no fuse was left out.
expect_cost() {
  "$ROOT/tests/vm/count-commands" "$1" "$2" "$3" | tee "$DIR/cost"
  [ "$(counted signatures)" -ge $SIGNATURES_COUNTED ] || fail "only $(counted signatures) signatures were counted"
  [ "$(counted median)" -le "$4" ] || fail "$(counted median) commands for a signature, $4 are the most"
  [ "$(counted PolicyNV)" = 2.0 ] || fail "a signature asks both fuses of its key, the agent's and the host's"
}
counted() { awk -v name="$1" '$1 == name {print $2}' "$DIR/cost"; }
