#!/usr/bin/env bash
# An agent written in Python, from its source to a signed action: described, signed by its sponsor,
# imported, measured, recorded, and only then executed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/host.sh"

set_up_host
start_tpm --group holdfast-keys
start_daemon --config "$DIR/holdfastd.conf"

say "The sponsor's key, the agent's code, and a manifest of it"
ssh-keygen -q -t ed25519 -N '' -C sponsor -f "$DIR/sponsor"
mkdir "$DIR/code"
cp "$ROOT/examples/python-agent/agent.py" "$ROOT/clients/python/holdfast.py" "$DIR/code"
manifest() {  # VERSION DIRECTORY [OPTION…]
  local version=$1 directory=$2
  shift 2
  holdfast manifest create "$directory" --name python-agent --manifest-version "$version" \
    --interpreter /usr/bin/python3 --arg=-I --arg=-S --arg=-B --arg agent.py "$@" \
    --output "$DIR/manifest.$version" >"$DIR/out"
  holdfast manifest sign "$DIR/manifest.$version" --ssh-key "$DIR/sponsor" \
    --output "$DIR/manifest.$version.json" >"$DIR/out"
}
manifest 1 "$DIR/code" --arg=--actions --arg 2
holdfast manifest verify "$DIR/manifest.1.json" --key "$DIR/sponsor.pub"

say "Declared: whose signature counts"
cat >"$DIR/agents.d/python-agent.toml" <<END
name = "python-agent"
actions = ["report.publish"]
audiences = ["https://reports.example"]
[accountability]
sponsor = "sponsor@example.org"
owner = "owner@example.org"
policy_author = "author@example.org"
can_stop = ["oncall@example.org"]
[launch]
manifest_keys = ["$(cat "$DIR/sponsor.pub")"]
END
holdfast apply
holdfast store import "$DIR/manifest.1.json" "$DIR/code"
holdfast store list

say "Launched"
holdfast launch python-agent --json | tee "$DIR/launched" | jq .
sleep 3
holdfast ps
holdfast logs python-agent
