#!/usr/bin/env bash
# An action by a key of each algorithm, made without hardware: jose and Node's own X.509 take it.
. "$(dirname "$0")/lib.sh"
type npm >/dev/null 2>&1 || skip "npm is not installed"

cp "$ROOT"/tests/judges/{judge-action.mjs,package.json,package-lock.json} "$DIR"
(cd "$DIR" && npm ci --silent --no-audit --no-fund --prefer-offline)

# header JWS: its JSON.
header() {
  local text=${1%%.*}
  while [ $((${#text} % 4)) -ne 0 ]; do text+="="; done
  basenc -d --base64url <<<"$text"
}

declare -A ALG=([ES256]=ES256 [ES384]=ES384 [Ed25519]=EdDSA [PS256-2048]=PS256 [PS256-3072]=PS256
                [RS256-2048]=RS256 [RS256-3072]=RS256)
for algorithm in "${!ALG[@]}"; do
  say "$algorithm"
  mkdir "$DIR/$algorithm"
  "$HOLDFAST_BIN/software-action" "$algorithm" "$DIR/$algorithm"
  jws=$(cat "$DIR/$algorithm/action.jws")
  [ "$(header "$jws" | jq -r .alg)" = "${ALG[$algorithm]}" ] || fail "another alg in the header"
  node "$DIR/judge-action.mjs" "$DIR/$algorithm/action.jws" "$DIR/$algorithm/ca.pem" |
    jq -r '"accepted: \(.action) by \(.agent)"'
done
