// The real keys worker on a software TPM, through its link, as the front sees it.
#include "core/crypto/certificate.h"
#include "core/crypto/digest.h"
#include "core/crypto/jws_signature.h"
#include "core/crypto/svid.h"
#include "tests/support/action_input.h"
#include "tests/support/key_samples.h"
#include "tests/support/run_async.h"
#include "tests/support/swtpm.h"
#include "tests/support/worker_process.h"

using namespace holdfast;
using namespace holdfast::daemon;
using tests::run_async;

namespace {

class KeysProcess final : public tests::WorkerProcess {
  public:
    explicit KeysProcess(const tests::SoftwareTpm& chip)
        : WorkerProcess(KEYS_PROGRAM, WorkerKind::keys) {
        settings.tpm_tcti = chip.tcti();
        start();
    }
};

Bytes action_of(const KeyDescription& key, const std::string& agent) {
    return tests::action_input(key, "spiffe://test.local.internal/agent/" + agent);
}

}  // namespace

TEST_CASE("keys process: makes the host's identity once, and keeps it", "[daemon][keys][swtpm]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("no swtpm");
    const tests::SoftwareTpm chip;
    KeysProcess process(chip);
    const auto host = run_async(process.io, process.keys.host());
    if (!host) FAIL(host.error().text());
    CHECK(host->ca.id == "ca");
    CHECK(host->ca.purpose == Purpose::certificate);
    CHECK(host->ledger.purpose == Purpose::checkpoint);
    CHECK(host->custody != Custody::tpm);
    const auto certificate = crypto::parse_certificate(host->ca_certificate);
    REQUIRE(certificate);
    CHECK(certificate->spki == host->ca.spki);
    CHECK(certificate->is_ca);
    CHECK(certificate->not_after - certificate->not_before <= crypto::max_ca_lifetime);

    CHECK(process.end() == 0);
    process.start();
    const auto again = run_async(process.io, process.keys.host());
    REQUIRE(again);
    CHECK(again->ca_certificate == host->ca_certificate);
    CHECK(again->ledger.spki == host->ledger.spki);
}

TEST_CASE("keys process: an agent key signs its own actions, nothing else, and never once blown",
          "[daemon][keys][swtpm]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("no swtpm");
    const tests::SoftwareTpm chip;
    KeysProcess process(chip);
    const auto key = run_async(process.io, process.keys.create(tests::plain_key_of("deploy-bot")));
    if (!key) FAIL(key.error().text());
    CHECK(key->id == "agent-deploy-bot-1");

    const auto own = action_of(*key, "deploy-bot");
    const auto signature = run_async(process.io, process.keys.sign(key->id, own));
    if (!signature) FAIL(signature.error().text());
    CHECK(crypto::verify_es256(key->spki, own, *signature));

    const auto foreign = action_of(*key, "other-bot");
    const auto refused = run_async(process.io, process.keys.sign(key->id, foreign));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::denied);
    CHECK_FALSE(run_async(process.io, process.keys.sign("ledger", own)));
    CHECK_FALSE(run_async(process.io, process.keys.sign("ca", own)));

    // The host's own keys cannot be ended one by one.
    CHECK_FALSE(run_async(process.io, process.keys.blow_fuse("ca")));
    REQUIRE(run_async(process.io, process.keys.blow_fuse(key->id)));
    const auto dead = run_async(process.io, process.keys.sign(key->id, own));
    REQUIRE_FALSE(dead);
    CHECK(dead.error().reason() == "fuse_blown");
    const auto list = run_async(process.io, process.keys.list());
    REQUIRE(list);
    CHECK(list->size() >= 3);
    CHECK(run_async(process.io, process.keys.destroy(key->id)));
    CHECK(process.link.attached());
}

TEST_CASE("keys process: evidence crosses the link", "[daemon][keys][swtpm]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("no swtpm");
    const tests::SoftwareTpm chip(tests::SoftwareTpm::Made::certified);
    KeysProcess process(chip);
    const auto key = run_async(process.io, process.keys.create(tests::plain_key_of("deploy-bot")));
    if (!key) FAIL(key.error().text());
    auto quote = process.keys.attest_for(key->id, key->id, crypto::sha256({}));
    const auto evidence = run_async(process.io, std::move(quote));
    if (!evidence) FAIL(evidence.error().text());
    CHECK(evidence->key.id == key->id);
    CHECK(evidence->pcrs.size() == 9);  // 0–7, and the anchor of the register
    CHECK(evidence->event_register);
    CHECK_FALSE(evidence->ek_certificates.empty());
    CHECK_FALSE(evidence->quote.signature.empty());
}

TEST_CASE("keys process: a TPM that is gone ends it, the next one works when the TPM is back",
          "[daemon][keys][swtpm]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("no swtpm");
    tests::SoftwareTpm chip;
    KeysProcess process(chip);
    const auto key = run_async(process.io, process.keys.create(tests::plain_key_of("deploy-bot")));
    if (!key) FAIL(key.error().text());
    chip.kill();
    const auto own = action_of(*key, "deploy-bot");
    CHECK_FALSE(run_async(process.io, process.keys.sign(key->id, own)));
    CHECK(process.status() == exit_try_later);

    process.start();
    CHECK(process.status() == exit_try_later);
    const auto down = run_async(process.io, process.keys.sign(key->id, own));
    REQUIRE_FALSE(down);
    CHECK(down.error().reason() == "keys_unavailable");

    chip.start();
    process.start();
    const auto signature = run_async(process.io, process.keys.sign(key->id, own));
    if (!signature) FAIL(signature.error().text());
    CHECK(crypto::verify_es256(key->spki, own, *signature));
}

TEST_CASE("keys process: a stopped one fails its callers and is reported",
          "[daemon][keys][swtpm]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("no swtpm");
    const tests::SoftwareTpm chip;
    KeysProcess process(chip);
    REQUIRE(run_async(process.io, process.keys.host()));
    REQUIRE(::kill(process.pid(), SIGSTOP) == 0);
    const auto signature = run_async(process.io, process.keys.sign("ledger", Bytes{1}));
    REQUIRE_FALSE(signature);
    CHECK(signature.error().reason() == "keys_unavailable");
    while (process.failed.empty())
        process.io.run_one();
    CHECK(process.failed[0].generation == 1);
}

TEST_CASE("keys process: on another TPM its callers are told why", "[daemon][keys][swtpm]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("no swtpm");
    tests::SoftwareTpm chip;
    KeysProcess process(chip);
    REQUIRE(run_async(process.io, process.keys.host()));
    CHECK(process.end() == 0);
    // The same address, another chip behind it: a state directory carried elsewhere.
    tests::SoftwareTpm other;
    chip.kill();
    const std::string socket = chip.tcti().substr(std::string("swtpm:path=").size());
    const std::string others = other.tcti().substr(std::string("swtpm:path=").size());
    for (const char* suffix : {"", ".ctrl"}) {
        (void)::unlink((socket + suffix).c_str());
        REQUIRE(::symlink((others + suffix).c_str(), (socket + suffix).c_str()) == 0);
    }
    process.start();
    const auto host = run_async(process.io, process.keys.host());
    REQUIRE_FALSE(host);
    CHECK(host.error().code() == Code::unavailable);
    CHECK(process.status() == exit_try_later);
}
