// The policy session that signatures following each other share: what it saves, and that between
// them it authorises nothing. What the chip holds is asked of the chip.
#include <tss2/tss2_sys.h>

#include <sstream>
#include <string>

#include "core/crypto/jws_signature.h"
#include "hsm/tpm/connection.h"
#include "tests/support/catch.h"
#include "tests/support/tpm_host.h"

using namespace holdfast;
using tests::TpmHost;

namespace {

const std::string message = "what is signed";

// Handles of the sessions loaded in the chip.
std::vector<TPM2_HANDLE> sessions(TpmHost& host) {
    REQUIRE(host.chip.run("tpm2_getcap handles-loaded-session") == 0);
    std::istringstream lines(host.chip.output);
    std::vector<TPM2_HANDLE> found;
    for (std::string dash, number; lines >> dash >> number;)
        found.push_back(static_cast<TPM2_HANDLE>(std::stoul(number, nullptr, 16)));
    return found;
}

void check_signs(TpmHost& host, const KeyDescription& key) {
    const auto raw = host.keys().sign(key.id, view_of(message));
    if (!raw) FAIL(raw.error().text());
    CHECK(crypto::verify_es256(key.spki, view_of(message), *raw));
}

// Somebody else with access to the chip, who knows the handle of our session.
class Stranger {
  public:
    explicit Stranger(TpmHost& host) : tpm_(hsm::Connection::open(host.options())) {
        REQUIRE(tpm_);
    }
    Bytes policy_digest(TPM2_HANDLE session) {
        TPM2B_DIGEST digest{};
        digest.size = sizeof(digest.buffer);
        REQUIRE(::Tss2_Sys_PolicyGetDigest(tpm_->sys(), session, nullptr, &digest, nullptr) ==
                TSS2_RC_SUCCESS);
        return {digest.buffer, digest.buffer + digest.size};
    }
    void flush(TPM2_HANDLE session) {
        REQUIRE(::Tss2_Sys_FlushContext(tpm_->sys(), session) == TSS2_RC_SUCCESS);
    }

  private:
    Result<hsm::Connection> tpm_;
};

}  // namespace

TEST_CASE("tpm session: signatures that follow each other share one session, also of many keys",
          "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto first = host.create_agent("a");
    const auto second = host.create_agent("b");
    CHECK(sessions(host).empty());
    check_signs(host, first);
    const auto kept = sessions(host);
    REQUIRE(kept.size() == 1);
    for (int i = 0; i < 5; ++i) {
        check_signs(host, first);
        check_signs(host, second);
    }
    CHECK(sessions(host) == kept);
}

TEST_CASE("tpm session: between signatures nothing in it is satisfied", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("a");
    check_signs(host, key);
    REQUIRE(sessions(host).size() == 1);
    CHECK(Stranger(host).policy_digest(sessions(host).front()) == Bytes(32, 0));
}

TEST_CASE("tpm session: when asked to flush, the chip holds none, not even one saved by others",
          "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("a");
    check_signs(host, key);
    REQUIRE(host.chip.run("tpm2_startauthsession -S saved.ctx --policy-session") == 0);
    REQUIRE(host.keys().flush_sessions());
    CHECK(sessions(host).empty());
    CHECK(host.chip.run("tpm2_policyrestart -S saved.ctx") != 0);
    check_signs(host, key);
}

TEST_CASE("tpm session: at rest the chip holds none", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("a");
    check_signs(host, key);
    host.keys().rest();
    CHECK(sessions(host).empty());
    host.keys().rest();
    check_signs(host, key);
}

TEST_CASE("tpm session: a signature survives the loss of the session", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("a");
    check_signs(host, key);
    Stranger(host).flush(sessions(host).front());
    check_signs(host, key);
    CHECK(sessions(host).size() == 1);
}

TEST_CASE("tpm session: a blown fuse is refused in a kept session too, and ends it",
          "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto revoked = host.create_agent("a");
    const auto other = host.create_agent("b");
    check_signs(host, revoked);
    REQUIRE(host.keys().blow_fuse(revoked.id));
    CHECK(sessions(host).empty());
    check_signs(host, other);
    REQUIRE(sessions(host).size() == 1);
    const auto refused = host.keys().sign(revoked.id, view_of(message));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason() == "fuse_blown");
    CHECK(sessions(host).empty());
    check_signs(host, other);
}
