#include "core/crypto/certificate.h"
#include "core/crypto/svid.h"
#include "daemon/state/issuer.h"
#include "tests/support/catch.h"
#include "tests/support/run_async.h"
#include "tests/support/software_key.h"

using namespace holdfast;
using daemon::Async;
using daemon::CredentialRequest;
using daemon::HostIdentity;

namespace {

constexpr const char* trust_domain = "host.example";
constexpr std::int64_t now = 1'700'000'000;

// The CA key of a keys worker, in memory.
class CaKeys final : public daemon::Keys {
  public:
    explicit CaKeys(std::int64_t ca_lifetime) {
        crypto::CaRequest request;
        request.trust_domain = trust_domain;
        request.spki = ca_key.spki();
        request.serial = Bytes(16, 0x11);
        request.not_before = now - crypto::clock_skew;
        request.not_after = now + ca_lifetime;
        const auto tbs = crypto::ca_tbs(request);
        REQUIRE(tbs);
        const auto der = crypto::assemble_certificate(*tbs, ca_key.sign(*tbs));
        REQUIRE(der);
        identity.custody = Custody::software_tpm;
        identity.ak_public = {4, 5, 6};
        identity.ca.id = "ca";
        identity.ca.spki = ca_key.spki();
        identity.ca_certificate = *der;
    }

    Done available(std::string_view) const override { return done(); }
    Async<HostIdentity> host() override { co_return identity; }
    Async<HostIdentity> host_of(Backend) override { co_return identity; }
    Async<Bytes> sign_for(std::string charged_key, std::string key_id, Bytes preimage) override {
        charged = std::move(charged_key);
        ++signatures;
        if (key_id != "ca") co_return Error(Code::denied, "not the CA key");
        // What the worker itself would check before it signs.
        HOLDFAST_CO_TRY(facts, crypto::check_tbs(preimage, trust_domain));
        (void)facts;
        Bytes signature = broken ? Bytes(64, 1) : ca_key.sign(preimage);
        co_return signature;
    }
    Async<KeyDescription> create(daemon::CreateRequest) override { co_return unused(); }
    Async<std::vector<KeyDescription>> list() override { co_return unused(); }
    Async<std::monostate> blow_fuse(std::string) override { co_return unused(); }
    Async<std::monostate> blow_host_fuse() override { co_return unused(); }
    Async<std::monostate> destroy(std::string) override { co_return unused(); }
    Async<TpmEvidence> attest_for(std::string, std::string, Sha256) override { co_return unused(); }
    Async<Bytes> activate(Bytes, Bytes) override { co_return unused(); }
    Async<RegisterPosition> extend_register(std::string) override { co_return unused(); }
    Async<RegisterStatus> register_log() override { co_return unused(); }
    Async<AnchorReading> read_anchor() override { co_return unused(); }
    Async<AnchorReading> advance_anchor(std::uint64_t) override { co_return unused(); }
    Async<std::monostate> flush_sessions() override { co_return unused(); }

    tests::SoftwareKey ca_key;
    HostIdentity identity;
    int signatures = 0;
    std::string charged;  // whose turn the last one took
    bool broken = false;

  private:
    static Error unused() { return {Code::internal, "not part of issuing"}; }
};

struct Bench {
    explicit Bench(std::int64_t ca_lifetime = crypto::max_ca_lifetime - 120) : keys(ca_lifetime) {
        key.id = "agent-bot-1";
        key.spki = agent_key.spki();
        key.agent_fuse.kind = FuseKind::counter;
    }
    Result<daemon::IssuedCredential> issue(std::int64_t lifetime) {
        daemon::LocalIssuer issuer(keys, trust_domain, [this] { return clock; });
        Measurement measurement;
        measurement.digest.fill(0xab);
        return tests::run_async(loop, issuer.issue(CredentialRequest{"bot", &key, "instance-1",
                                                                     measurement, lifetime}));
    }
    boost::asio::io_context loop;
    tests::SoftwareKey agent_key;
    KeyDescription key;
    CaKeys keys;
    std::int64_t clock = now;
};

crypto::Certificate leaf_of(const daemon::IssuedCredential& issued) {
    REQUIRE(issued.chain.size() == 2);
    const auto leaf = crypto::parse_certificate(issued.chain[0]);
    REQUIRE(leaf);
    return *leaf;
}

}  // namespace

TEST_CASE("issuer: a credential for the agent's key that chains to the host's CA",
          "[daemon][issuer]") {
    Bench bench;
    const auto issued = bench.issue(3600);
    REQUIRE(issued);
    CHECK(issued->spiffe_id == "spiffe://host.example/agent/bot");
    CHECK(issued->not_after == now + 3600);
    CHECK(issued->renew_after == now + 1800);
    const crypto::Certificate leaf = leaf_of(*issued);
    CHECK(leaf.uris == std::vector<std::string>{"spiffe://host.example/agent/bot"});
    CHECK(leaf.spki == bench.key.spki);
    CHECK(leaf.not_before == now - 60);
    CHECK(leaf.not_after == now + 3600);
    CHECK(leaf.serial == issued->serial);
    CHECK(issued->chain[1] == bench.keys.identity.ca_certificate);
    const std::vector<Bytes> roots = {bench.keys.identity.ca_certificate};
    const crypto::ChainRules rules{now, false};
    CHECK(crypto::verify_chain(issued->chain[0], {}, roots, rules));
}

TEST_CASE("issuer: the chip's time for a credential is the agent's own", "[daemon][issuer]") {
    Bench bench;
    bench.key.id = "agent-bot-1";
    REQUIRE(bench.issue(3600));
    CHECK(bench.keys.charged == "agent-bot-1");
}

TEST_CASE("issuer: the claims say custody, fuse, assurance and measurement, canonically",
          "[daemon][issuer]") {
    Bench bench;
    const auto issued = bench.issue(3600);
    REQUIRE(issued);
    std::string digest;
    for (int i = 0; i < 32; ++i)
        digest += "ab";
    CHECK(leaf_of(*issued).holdfast_claims ==
          R"({"assurance":"observed","custody":"software-tpm","fuse":"counter","measurement":")" +
              digest + R"("})");
}

TEST_CASE("issuer: no two credentials share a serial", "[daemon][issuer]") {
    Bench bench;
    const auto first = bench.issue(3600);
    const auto second = bench.issue(3600);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->serial != second->serial);
}

TEST_CASE("issuer: the longest lifetime still fits the profile", "[daemon][issuer]") {
    Bench bench;
    const auto issued = bench.issue(crypto::max_svid_lifetime);
    REQUIRE(issued);
    const crypto::Certificate leaf = leaf_of(*issued);
    CHECK(leaf.not_after - leaf.not_before == crypto::max_svid_lifetime);
}

TEST_CASE("issuer: a credential never outlives its CA", "[daemon][issuer]") {
    Bench bench(600);
    const auto issued = bench.issue(3600);
    REQUIRE(issued);
    CHECK(issued->not_after == now + 600);
    CHECK(issued->renew_after == now + 300);
    bench.clock = now + 600;
    const auto refused = bench.issue(3600);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::unavailable);
    CHECK(bench.keys.signatures == 1);
}

TEST_CASE("issuer: a signature that does not verify is not handed out", "[daemon][issuer]") {
    Bench bench;
    bench.keys.broken = true;
    CHECK_FALSE(bench.issue(3600));
}
