// The verifier: pure functions from bytes to an appraisal. No TPM, no daemon, no clock, no network.
#ifndef HOLDFAST_VERIFIER_H
#define HOLDFAST_VERIFIER_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::attest {

// "not run" never counts as pass.
enum class Outcome : std::uint8_t { pass, fail, not_run };

struct Rule {
    std::string id;  // stable, listed in docs/verifying.md: "quote.nonce", "key.policy"
    Outcome outcome = Outcome::not_run;
    bool required = true;  // by the profile in force
    std::string detail;    // what was compared, in words
};

// Code that ran as an agent since this host booted, by a register whose rules passed.
struct Launch {
    std::string agent;
    std::string instance;
    std::string manifest;                 // digest of its signed statement, lower-case hex
    std::int64_t time = 0;                // Unix seconds, the host's word
    std::optional<std::int64_t> version;  // of the reference manifest it is; nothing without one
    std::string ended;                    // "stop", "kill", "suspend" …; empty while it runs
};

struct Appraisal {
    std::vector<Rule> rules;
    std::string subject;  // SPIFFE ID, where one was established
    // What was read behind passed rules: "custody", "assurance", "measurement", "action" …
    std::map<std::string, std::string> claims;
    std::vector<Launch> launches;  // in their order; of evidence only
    // True only if no rule failed and every required rule passed.
    bool accepted() const noexcept;
};

enum class Profile : std::uint8_t {
    evaluation,  // software TPMs and unenrolled hosts are accepted; every failure still fails
    production,  // EK chain to a given root and AK enrolment are required
};

// A manifest the relying party accepts: what may have been launched.
struct ReferenceManifest {
    Sha256 digest{};  // of the signed statement: the measurement of what is launched from it
    Sha256 root{};    // of its tree
    std::string agent;
    std::int64_t version = 0;
};

// What the relying party already knows. Fields without a default must be said by each caller.
struct Expectations {
    std::int64_t now;  // Unix seconds
    Profile profile;
    std::vector<Bytes> ca_roots;          // DER: accepted credential issuers
    std::vector<Bytes> ek_roots;          // DER: accepted TPM vendors
    std::optional<Bytes> nonce;           // required for evidence
    std::optional<std::string> verifier;  // our own id, as sent with the nonce
    std::optional<std::string> audience;  // required value of an action's audience
    std::optional<std::string> agent;     // required SPIFFE ID
    std::optional<Bytes> enrolment;       // bytes of the file `holdfast enroll finish` wrote
    // Then every launch in the register must be of one of these.
    std::optional<std::vector<ReferenceManifest>> manifests;
    // Production only. A host without a TPM: its boot may stay unproven, but not a launch.
    bool accept_unproven_boot;
    // Production only. A key in a token: the credential's word that it is in an HSM is taken.
    bool accept_claimed_hsm;
    std::uint8_t anchor_pcr;  // where the host anchors its register; default_anchor_pcr if in doubt
};

// Each returns an Error only if the input cannot be read at all; everything else is a rule.
Result<Appraisal> verify_credential(std::string_view pem_chain, const Expectations& expected);
Result<Appraisal> verify_action(std::string_view jws, const Expectations& expected);
Result<Appraisal> verify_evidence(std::string_view json, const Expectations& expected);
// `record`: one leaf of a ledger, an action that operators approved; `operators_toml`: the people
// as they were then. What the record says of itself: that it is in a ledger is for its proof to
// show.
Result<Appraisal> verify_approvals(std::string_view record, std::string_view operators_toml,
                                   const Expectations& expected);
// `jws`: a host's word that an agent's key has ended, by the key of a CA in ca_roots, whichever of
// its certificates that is. An accepted one says of that key, and of no other of the same name,
// that its agent was revoked or retired.
Result<Appraisal> verify_tombstone(std::string_view jws, const Expectations& expected);

}  // namespace holdfast::attest

#endif  // HOLDFAST_VERIFIER_H
