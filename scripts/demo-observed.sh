# shellcheck shell=bash
# An act of scripts/demo, for holdfastd --dev: the agent is a program that the daemon only looks at.
more_programs=refund-agent
agent=refund-agent audience=https://payments.example references=()

run_agent() { env -i PATH=/usr/bin:/bin HOLDFAST_SOCKET="$work/agent.sock" "$program" "$@"; }
reply() { jq -nce --arg step "$1" 'first(inputs | select(.step == $step)).reply' "$work/steps"; }
sign() { run_agent --only-sign "$@"; }
key_of() { jq -Rer 'split(".")[0] | gsub("-"; "+") | gsub("_"; "/") | @base64d | fromjson.kid'; }

agent_is_made() {
  mkdir "$work/agent"
  program=$work/agent/refund-agent
  cp "$work/libexec/refund-agent" "$program"
  title "An agent is declared: who answers for it, which program it is, what it may do"
  sed -e "s/@UID@/$(id -u)/" -e "s/@DIGEST@/$(sha256sum "$program" | cut -d' ' -f1)/" \
    examples/refund-agent/refund-agent.toml.in >"$work/agents.d/refund-agent.toml"
  choose_key "$work/agents.d/refund-agent.toml"
  take_policy refund-agent
  grep -vE '^(#|$)' "$work/agents.d/refund-agent.toml" | quote
  hold apply >/dev/null || broke "the agent could not be declared"
  [ "$(hold agent show refund-agent --json | jq -r .fuse)" = "$fuse" ] || broke "its key has another fuse"
  held "$key_made"
  say_policy refund-agent
  refused not_launchable "to launch it, instead of only looking at it" hold launch refund-agent --json
  say "with one user for all nobody could keep a launched agent apart: as root, scripts/demo launches one"
}

agent_works() {
  title "The agent at work: no password, no key file; the daemon looks at which program is asking"
  run_agent --nonce "$nonce" --verifier "$verifier" >"$work/steps" ||
    { cat "$work/steps"; broke "the agent was refused"; }
  reply credential | jq -er .chain_pem >"$work/credential.pem"
  reply sign | jq -er .jws >"$work/action.jws"
  reply evidence >"$work/evidence.json"
  say "it is     $(reply whoami | jq -er .agent)"
  say "known by  the program it runs and its user (assurance: $(reply whoami | jq -er .measurement.assurance))"
}

what_ran() { say "which agents ran: nothing was launched, so no register knows of any"; }

agent_works_again() {
  sign >"$work/again" || broke "the agent is not served any more"
  [ "$(jq -er .reply.jws "$work/again" | key_of)" = "$(key_of <"$work/action.jws")" ] || broke "another key signed"
  held "the agent signs again, with the same key"
}

refusals() {
  cp "$program" "$work/agent/as-declared"
  { cat "$work/agent/as-declared"; printf '\0'; } >"$work/agent/changed"
  chmod 0755 "$work/agent/changed"
  mv "$work/agent/changed" "$program"
  refused measurement_mismatch "its program, one byte longer" sign
  mv "$work/agent/as-declared" "$program"
  refused measurement_mismatch "another program of the same user, curl" \
    curl -s --unix-socket "$HOLDFAST_SOCKET" http://holdfast/v1/whoami
  refused action_not_allowed "an action that no policy permits, payout.create" sign --action payout.create
  hold agent revoke refund-agent >/dev/null || broke "revoking failed"
  refused agent_revoked "$key_ended" sign
}

more_to_try() { :; }
