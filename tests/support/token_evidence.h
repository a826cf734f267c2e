// Evidence of a key in a token, in both its kinds, and who takes whose word for it.
#ifndef HOLDFAST_TESTS_SUPPORT_TOKEN_EVIDENCE_H
#define HOLDFAST_TESTS_SUPPORT_TOKEN_EVIDENCE_H

#include <string>
#include <utility>

#include "tests/support/bent_evidence.h"

namespace holdfast::tests {

inline const Rules of_the_keys_tpm = {"key.public",
                                      "key.attributes",
                                      "key.scheme",
                                      "key.format",
                                      "key.signature",
                                      "key.challenge",
                                      "key.name",
                                      "key.description",
                                      "key.policy",
                                      "fuse.kind",
                                      "fuse.agent.attributes",
                                      "fuse.agent.format",
                                      "fuse.agent.signature",
                                      "fuse.agent.challenge",
                                      "fuse.agent.name",
                                      "fuse.agent.intact",
                                      "fuse.host.attributes",
                                      "fuse.host.format",
                                      "fuse.host.signature",
                                      "fuse.host.challenge",
                                      "fuse.host.name",
                                      "fuse.host.intact"};
inline const Rules of_the_hosts_tpm = {
    "ak.public",          "ak.attributes",   "ak.hierarchy",    "quote.format",
    "quote.signature",    "quote.challenge", "quote.pcrs",      "quote.boot_pcrs",
    "quote.pcr_digest",   "register.public", "register.format", "register.signature",
    "register.challenge", "register.name",   "register.log",    "register.value",
    "register.anchor",    "register.launch", "clock.same_boot", "clock.order",
    "ek.public",          "ek.certificate",  "ek.chain",        "ek.key",
    "ek.enrolment"};

inline Rules both(const Rules& a, const Rules& b) {
    Rules all = a;
    all.insert(b.begin(), b.end());
    return all;
}
inline Rules with(Rules rules, const std::string& more) {
    rules.insert(more);
    return rules;
}

inline Bends in_token(Kind kind, std::string custody = "hsm") {
    Bends bends;
    bends.kind = kind;
    // Without a register production believes no more.
    if (kind == Kind::without_tpm) bends.assurance = "observed";
    bends.claimed_custody = custody;
    bends.description = [custody](KeyDescription& key) { key.custody = *parse_custody(custody); };
    return bends;
}

// What a relying party says that takes the issuer's word, and knows its host has no TPM.
inline Expectations taking_words(const SoftwareAttester& host, Kind kind) {
    Expectations expected = host.expectations(Profile::production);
    expected.accept_claimed_hsm = true;
    if (kind == Kind::mixed) return expected;
    expected.accept_unproven_boot = true;
    expected.enrolment.reset();
    expected.manifests.reset();
    return expected;
}

inline Appraisal appraise_as(Bends bends, const Expectations& expected) {
    const SoftwareAttester host(std::move(bends));
    Expectations own = expected;
    own.ca_roots = {host.ca_certificate()};
    own.ek_roots = host.expectations(Profile::production).ek_roots;
    if (own.enrolment) own.enrolment = host.expectations(Profile::production).enrolment;
    return *verify_evidence(host.packed(), own);
}

inline Appraisal appraise_taking_words(Bends bends) {
    const Kind kind = bends.kind;
    return appraise_as(std::move(bends), taking_words(SoftwareAttester(), kind));
}

inline Rules required_but_not_run(const Appraisal& appraisal) {
    Rules out;
    for (const auto& rule : appraisal.rules)
        if (rule.required && rule.outcome == attest::Outcome::not_run) out.insert(rule.id);
    return out;
}

// Each in both kinds.
template <class Bend>
void fails(const char* what, const Rules& rules, Bend bend) {
    for (const Kind kind : {Kind::mixed, Kind::without_tpm}) {
        INFO(what << (kind == Kind::mixed ? ", mixed" : ", without a TPM"));
        Bends bends = in_token(kind);
        bend(bends);
        const Appraisal appraisal = appraise_taking_words(std::move(bends));
        CHECK(failed(appraisal) == rules);
        CHECK_FALSE(appraisal.accepted());
    }
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_TOKEN_EVIDENCE_H
