// Evidence bent one way at a time: for tests that name the one rule that must notice.
#ifndef HOLDFAST_TESTS_SUPPORT_BENT_EVIDENCE_H
#define HOLDFAST_TESTS_SUPPORT_BENT_EVIDENCE_H

#include <tss2/tss2_tpm2_types.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/appraisal.h"
#include "tests/support/catch.h"
#include "tests/support/software_attester.h"

namespace holdfast::tests {

using attest::Appraisal;
using attest::Expectations;
using attest::Profile;
using attest::verify_evidence;

using Rules = std::set<std::string>;

inline Appraisal appraise(Bends bends, Profile profile = Profile::production) {
    const SoftwareAttester host(std::move(bends));
    auto appraisal = verify_evidence(host.packed(), host.expectations(profile));
    REQUIRE(appraisal);
    return *std::move(appraisal);
}

struct Row {
    const char* what;
    Bends bends;
    const char* rule;
};

inline void run(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        INFO(row.what);
        const Appraisal appraisal = appraise(row.bends);
        CHECK(failed(appraisal) == Rules{row.rule});
        CHECK_FALSE(appraisal.accepted());
    }
}

// A key in the TPM has no use for them: waived, and not run.
inline const Rules possession_rules = {"possession.format",    "possession.signature",
                                       "possession.challenge", "possession.agent",
                                       "possession.host",      "possession.custody"};
inline Rules and_possession(Rules rules) {
    rules.insert(possession_rules.begin(), possession_rules.end());
    return rules;
}

inline void set_name(TPM2B_NAME& name, std::uint8_t last) {
    name.name[name.size - 1] = static_cast<BYTE>(name.name[name.size - 1] ^ last);
}

// The bend applies to one statement only.
inline std::function<void(Part, TPMS_ATTEST&)> in(Part wanted, void (*bend)(TPMS_ATTEST&)) {
    return [=](Part part, TPMS_ATTEST& attest) {
        if (part == wanted) bend(attest);
    };
}

struct Prefix {
    Part part;
    const char* rule;
};
inline constexpr Prefix prefixes[] = {{Part::key, "key"},
                                      {Part::agent_fuse, "fuse.agent"},
                                      {Part::host_fuse, "fuse.host"},
                                      {Part::event_register, "register"},
                                      {Part::quote, "quote"}};

// For every statement alike.
inline void run_for_all(const char* suffix, std::function<void(Part, TPMS_ATTEST&)> attest,
                        std::function<void(Part, Bytes&)> bytes) {
    for (const Prefix& prefix : prefixes) {
        Bends bends;
        if (attest)
            bends.attest = [&](Part part, TPMS_ATTEST& statement) {
                if (part == prefix.part) attest(part, statement);
            };
        if (bytes)
            bends.bytes = [&](Part part, Bytes& statement) {
                if (part == prefix.part) bytes(part, statement);
            };
        const std::string rule = std::string(prefix.rule) + suffix;
        INFO(rule);
        const SoftwareAttester host(bends);
        const auto appraisal =
            verify_evidence(host.packed(), host.expectations(Profile::production));
        REQUIRE(appraisal);
        CHECK(failed(*appraisal) == Rules{rule});
        CHECK_FALSE(appraisal->accepted());
    }
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_BENT_EVIDENCE_H
