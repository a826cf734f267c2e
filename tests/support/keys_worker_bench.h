// KeysWorkerBench: a KeysWorker over a key store without hardware, asked without a link.
#ifndef HOLDFAST_TESTS_SUPPORT_KEYS_WORKER_BENCH_H
#define HOLDFAST_TESTS_SUPPORT_KEYS_WORKER_BENCH_H

#include <string>

#include "core/crypto/svid.h"
#include "daemon/workers/keys.h"
#include "tests/support/catch.h"
#include "tests/support/fake_anchor.h"
#include "tests/support/fake_key_store.h"
#include "tests/support/fake_registrar.h"
#include "tests/support/temporary_directory.h"

namespace holdfast::tests {

using namespace holdfast::daemon;  // NOLINT(google-build-using-namespace): a bench of its parts

class FakeQuoter final : public hsm::Quoter {
  public:
    Result<hsm::Endorsement> endorsement() override {
        return hsm::Endorsement{{}, Bytes{1}, Bytes{2}, "TEST"};
    }
    Result<TpmEvidence> attest(std::string_view, const Sha256&) override { return TpmEvidence{}; }
    Result<SecretBytes> activate(ByteView, ByteView secret) override {
        return SecretBytes(bytes_of(secret));
    }
};

struct KeysWorkerBench {
    TemporaryDirectory folder;
    FakeKeyStore store;
    FakeQuoter quoter;
    FakeRegistrar registrar;
    FakeAnchor anchor;
    std::int64_t now = 1'800'000'000;
    hsm::LiveKeys live_keys = *hsm::LiveKeys::open(folder.path());
    KeysWorker worker{{.store = store,
                       .quoter = quoter,
                       .registrar = registrar,
                       .anchor = anchor,
                       .trust_domain = "test.example",
                       .ca_certificate_file = folder.file("ca.crt"),
                       .now = [this] { return now; },
                       .backend = Backend::tpm,
                       .has_tpm = true,
                       .live_keys = live_keys,
                       .keeps_host_keys = true,
                       .token = "",
                       .check_token = check_no_token}};

    Result<Reply> ask(Operation operation, Bytes payload = {}) {
        Message request;
        request.operation = operation;
        request.payload = std::move(payload);
        return worker.handle(request);
    }
    HostIdentity host() {
        auto reply = ask(Operation::host);
        REQUIRE(reply);
        return *decode_host(reply->body);
    }
    // The CA's signature under a certificate for this agent with this key.
    Result<Reply> certify(const std::string& agent, const Bytes& spki) {
        crypto::SvidRequest request{};
        request.spiffe_id = "spiffe://test.example/agent/" + agent;
        request.subject_spki = spki;
        request.ca_certificate = host().ca_certificate;
        request.serial = Bytes(16, 1);
        request.not_before = now;
        request.not_after = now + 3600;
        request.claims = R"({"assurance":"observed"})";
        const auto tbs = crypto::svid_tbs(request);
        REQUIRE(tbs);
        return ask(Operation::sign, encode(SignRequest{"ca", *tbs}));
    }
    // A key of agent "bot" that the worker of the other backend keeps.
    KeyDescription publish_elsewhere(const std::string& id) {
        KeyDescription key;
        key.id = id;
        key.agent = "bot";
        key.backend = Backend::pkcs11;
        key.spki = SoftwareKey().spki();
        REQUIRE(live_keys.publish(key));
        return key;
    }
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_KEYS_WORKER_BENCH_H
