// A host without a TPM: the statements a TPM would make, correct until a test bends one of them.
#ifndef HOLDFAST_TESTS_SUPPORT_SOFTWARE_ATTESTER_H
#define HOLDFAST_TESTS_SUPPORT_SOFTWARE_ATTESTER_H

#include <tss2/tss2_tpm2_types.h>

#include <functional>
#include <string>
#include <vector>

#include "attest/eventlog/register_log.h"
#include "core/encode/jws.h"
#include "core/encode/possession.h"
#include "holdfast/action.h"
#include "holdfast/evidence.h"
#include "holdfast/verifier.h"
#include "tests/support/ek_certificate.h"
#include "tests/support/software_key.h"

namespace holdfast::tests {

// Where the agent's key is, and whether there is a TPM to speak of the host.
enum class Kind : std::uint8_t { tpm, mixed, without_tpm };

// Which statement a bend is offered: in the order a host makes them.
enum class Part : std::uint8_t { key, agent_fuse, host_fuse, event_register, quote };

// Each bend is applied before anything is named, bound or signed over it, so that everything else
// stays consistent and exactly the rule under test must notice.
struct Bends {
    std::function<void(TPMT_PUBLIC&)> ak = {};
    std::function<void(TPMT_PUBLIC&)> key = {};
    std::function<void(TPMT_PUBLIC&)> ek = {};
    std::function<void(TPMS_NV_PUBLIC&)> agent_index = {};
    std::function<void(TPMS_NV_PUBLIC&)> host_index = {};
    std::function<void(TPMS_NV_PUBLIC&)> register_index = {};
    std::function<void(attest::Anchor&)> anchor = {};
    std::function<void(std::vector<std::string>&)> events = {};  // contents, before they are logged
    std::function<void(KeyDescription&)> description = {};       // before the policy is computed
    std::function<void(Part, TPMS_ATTEST&)> attest = {};         // before it is signed
    std::function<void(Part, Bytes&)> bytes = {};                // marshalled, before it is signed
    std::function<void(Part, TPMT_SIGNATURE&)> signature = {};
    std::function<void(Evidence&)> evidence = {};  // last
    std::function<void(EkCertificate&)> ek_certificate = {};
    std::string claimed_custody = "tpm";
    std::string claimed_fuse = {};  // the key's, if empty
    bool bank = false;              // the agent fuse is a bit of a bank
    bool no_agent_fuse = false;     // the chip had no room
    bool no_register = false;       // neither for it
    std::string assurance = "launched";
    Kind kind = Kind::tpm;
    std::function<void(encode::Possession&)> possession = {};  // before it is signed
    std::function<void(encode::JwsHeader&)> possession_header = {};
    // Of the agent's key: of the other algorithms there are credentials and actions, but no TPM.
    KeyAlgorithm algorithm = KeyAlgorithm::es256;
};

class SoftwareAttester {
  public:
    explicit SoftwareAttester(Bends bends = {});

    Evidence evidence() const;
    std::string packed() const;
    // What a relying party that enrolled this host would expect.
    attest::Expectations expectations(attest::Profile profile) const;

    std::vector<Bytes> credential() const;
    std::string credential_pem() const;
    Statement statement() const;
    std::string action(const Statement& statement) const;

    // A launch of the agent's, as its credential and its key have it.
    std::string launch_content() const;

    // What its agent's key and its TPM would be asked, and what its TPM says to that.
    Sha256 challenge(const Evidence& evidence) const;
    TpmEvidence tpm_statements(const Sha256& challenge) const;

    // Parts of the whole, for tests that build their own.
    const SoftwareKey& ca_key() const noexcept { return ca_key_; }
    const SoftwareKey& agent_key() const noexcept { return agent_key_; }
    const Bytes& ca_certificate() const noexcept { return ca_certificate_; }

    // Of the one manifest the expectations name.
    static Sha256 manifest_digest();
    static Sha256 tree_root();

    static constexpr std::int64_t now = 1'800'000'000;
    static constexpr const char* trust_domain = "h1.example.org";
    static constexpr const char* agent = "spiffe://h1.example.org/agent/deploy-bot";
    static constexpr const char* verifier = "relying-party.example";

  private:
    void make_key();
    void make_token_key();
    void make_register();
    Attested signed_statement(Part part, TPMS_ATTEST statement) const;
    TPMS_ATTEST statement_of(Part part, const Sha256& challenge) const;
    std::string possession(const Evidence& evidence, const Sha256& challenge) const;

    Bends bends_;
    SoftwareKey ca_key_, agent_key_, ak_key_, ek_key_, vendor_key_;
    Bytes ca_certificate_;
    Bytes vendor_root_;
    Bytes ek_certificate_;
    Bytes ak_area_, ek_area_;
    KeyDescription key_;
    Bytes register_area_;
    std::string register_log_;
    Sha256 register_value_{}, anchored_pcr_{};
    std::uint64_t register_events_ = 0;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_SOFTWARE_ATTESTER_H
