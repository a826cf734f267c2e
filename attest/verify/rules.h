// Every rule there is, in the order it is shown. The ids are stable; docs/verifying.md explains
// each.
#ifndef HOLDFAST_ATTEST_VERIFY_RULES_H
#define HOLDFAST_ATTEST_VERIFY_RULES_H

#include <array>

#include "attest/verify/sheet.h"

namespace holdfast::attest {

inline constexpr auto credential_rules = std::to_array<RuleRow>({
    {"credential.parses", Need::always},
    {"credential.chain", Need::always},
    {"credential.one_uri", Need::always},
    {"credential.spiffe_id", Need::always},
    {"credential.key_usage", Need::always},
    {"credential.extended_key_usage", Need::always},
    {"credential.not_ca", Need::always},
    {"credential.lifetime", Need::always},
    {"credential.current", Need::always},
    {"credential.claims", Need::always},
    {"credential.agent", Need::never},  // required as soon as an agent is expected
});

inline constexpr auto action_rules = std::to_array<RuleRow>({
    {"action.jws", Need::always},
    {"action.typ", Need::always},
    {"action.statement", Need::always},
    {"action.signature", Need::always},
    {"action.kid", Need::always},
    {"action.agent", Need::always},
    {"action.claims", Need::always},
    {"action.time", Need::always},
    {"action.audience", Need::production},
});

inline constexpr auto approval_rules = std::to_array<RuleRow>({
    {"approvals.record", Need::always},
    {"approvals.action", Need::always},
    {"approvals.operators", Need::always},
    {"approvals.signatures", Need::always},
    {"approvals.enough", Need::always},
    {"approvals.time", Need::always},
    {"approvals.agent", Need::never},  // required as soon as an agent is expected
});

inline constexpr auto tombstone_rules = std::to_array<RuleRow>({
    {"tombstone.jws", Need::always},
    {"tombstone.typ", Need::always},
    {"tombstone.statement", Need::always},
    {"tombstone.ca", Need::always},
    {"tombstone.signature", Need::always},
    {"tombstone.host", Need::always},
    {"tombstone.key", Need::always},
    {"tombstone.time", Need::always},
    {"tombstone.fuse", Need::never},   // what ended is no less ended without
    {"tombstone.agent", Need::never},  // required as soon as an agent is expected
});

inline constexpr auto evidence_rules = std::to_array<RuleRow>({
    {"evidence.format", Need::always},
    {"evidence.nonce", Need::always},
    {"evidence.verifier", Need::production},
    {"boot.stated", Need::always},
    {"ak.public", Need::always},
    {"ak.attributes", Need::always},
    {"ak.hierarchy", Need::always},
    {"quote.format", Need::always},
    {"quote.signature", Need::always},
    {"quote.challenge", Need::always},
    {"quote.pcrs", Need::always},
    {"quote.boot_pcrs", Need::always},
    {"quote.pcr_digest", Need::always},
    {"key.public", Need::always},
    {"key.attributes", Need::always},
    {"key.scheme", Need::always},
    {"key.format", Need::always},
    {"key.signature", Need::always},
    {"key.challenge", Need::always},
    {"key.name", Need::always},
    {"key.description", Need::always},
    {"key.policy", Need::always},
    {"key.credential", Need::production},
    // Of a key in a token; a key in a TPM has no use for them.
    {"possession.format", Need::always},
    {"possession.signature", Need::always},
    {"possession.challenge", Need::always},
    {"possession.agent", Need::production},  // required as soon as there is a credential
    {"possession.host", Need::always},
    {"possession.custody", Need::always},
    {"fuse.kind", Need::always},
    {"fuse.agent.attributes", Need::always},
    {"fuse.agent.format", Need::always},
    {"fuse.agent.signature", Need::always},
    {"fuse.agent.challenge", Need::always},
    {"fuse.agent.name", Need::always},
    {"fuse.agent.intact", Need::always},
    {"fuse.host.attributes", Need::always},
    {"fuse.host.format", Need::always},
    {"fuse.host.signature", Need::always},
    {"fuse.host.challenge", Need::always},
    {"fuse.host.name", Need::always},
    {"fuse.host.intact", Need::always},
    // Required as soon as there is a register; the last two as soon as a launch is claimed, or
    // reference manifests are given.
    {"register.public", Need::never},
    {"register.format", Need::never},
    {"register.signature", Need::never},
    {"register.challenge", Need::never},
    {"register.name", Need::never},
    {"register.log", Need::never},
    {"register.value", Need::never},
    {"register.anchor", Need::never},
    {"register.launch", Need::production},
    {"register.manifests", Need::never},
    {"clock.same_boot", Need::always},
    {"clock.order", Need::always},
    {"ek.public", Need::always},
    {"ek.certificate", Need::production},
    {"ek.chain", Need::production},
    {"ek.key", Need::production},
    {"ek.enrolment", Need::production},
    {"custody.claim", Need::production},
    {"custody.hardware", Need::production},
});

// What must hold before a host is given a credential to open.
inline constexpr auto enrolment_rules = std::to_array<RuleRow>({
    {"ek.public", Need::always},
    {"ek.certificate", Need::always},
    {"ek.chain", Need::always},
    {"ek.key", Need::always},
    {"ak.public", Need::always},
    {"ak.attributes", Need::always},
});

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_VERIFY_RULES_H
