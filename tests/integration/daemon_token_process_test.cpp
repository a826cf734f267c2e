// The real keys worker of a PKCS#11 token, through its link, as the front sees it.
#include "core/crypto/certificate.h"
#include "core/crypto/digest.h"
#include "core/crypto/jwk.h"
#include "core/crypto/jws_signature.h"
#include "core/encode/possession.h"
#include "tests/support/action_input.h"
#include "tests/support/key_samples.h"
#include "tests/support/run_async.h"
#include "tests/support/token_process.h"

using namespace holdfast;
using namespace holdfast::daemon;
using tests::run_async;
using tests::TokenProcess;

namespace {

CreateRequest key_for(std::string agent, KeyAlgorithm algorithm = KeyAlgorithm::es256,
                      std::string token = "pkcs11:token=agents") {
    return {std::move(agent), Backend::pkcs11, algorithm, std::move(token)};
}

Bytes action_of(const KeyDescription& key, const std::string& agent) {
    return tests::action_input(key, "spiffe://test.local.internal/agent/" + agent);
}

Bytes possession_of(const KeyDescription& key, Custody custody, std::optional<Sha256> ak) {
    const encode::Possession said{.agent = "spiffe://test.local.internal/agent/" + key.agent,
                                  .ak = ak,
                                  .challenge = {},
                                  .custody = custody,
                                  .verifier = "bank"};
    encode::JwsHeader header;
    header.alg = jws_alg(key.algorithm);
    header.typ = encode::possession_typ;
    header.kid = *crypto::jwk_thumbprint(key.spki);
    return bytes_of(view_of(encode::signing_input(header, encode::to_json(said))));
}

}  // namespace

TEST_CASE("token process: makes the host's identity once, and keeps it", "[daemon][keys][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    tests::SoftToken soft;
    TokenProcess process(soft);
    process.start();
    const auto host = run_async(process.io, process.keys.host());
    if (!host) FAIL(host.error().text());
    CHECK(host->custody == Custody::software_hsm);
    CHECK(host->manufacturer == "SoftHSM project");
    CHECK(host->token.find("'agents' (serial ") == 0);
    CHECK(host->token.find(host->ca.token) != std::string::npos);
    CHECK(host->algorithms.size() == 7);
    CHECK(host->ca.id == "ca");
    CHECK(host->ca.backend == Backend::pkcs11);
    CHECK(host->ledger.purpose == Purpose::checkpoint);
    CHECK(host->ak_public.empty());
    CHECK(host->ek_public.empty());
    CHECK(host->event_register.state == RegisterState::absent);
    const auto certificate = crypto::parse_certificate(host->ca_certificate);
    REQUIRE(certificate);
    CHECK(certificate->spki == host->ca.spki);

    CHECK(process.end() == 0);
    process.start();
    const auto again = run_async(process.io, process.keys.host());
    REQUIRE(again);
    CHECK(again->ca_certificate == host->ca_certificate);
    CHECK(again->ledger.spki == host->ledger.spki);
}

TEST_CASE("token process: where the TPM keeps the host's keys, it makes none",
          "[daemon][keys][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    tests::SoftToken soft;
    TokenProcess process(soft);
    process.settings.host_keys = "tpm";
    process.start();
    const auto host = run_async(process.io, process.keys.host());
    if (!host) FAIL(host.error().text());
    CHECK(host->ca.id.empty());
    CHECK(host->ledger.id.empty());
    CHECK(host->ca_certificate.empty());
    CHECK(run_async(process.io, process.keys.list())->empty());
    REQUIRE(soft.tool("--list-objects") == 0);
    CHECK(soft.output.find("Key Object") == std::string::npos);
    CHECK(run_async(process.io, process.keys.create(key_for("deploy-bot"))));
}

TEST_CASE("token process: an agent key signs its own actions, nothing else, and never once ended",
          "[daemon][keys][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    tests::SoftToken soft;
    TokenProcess process(soft);
    process.start();
    const auto key = run_async(process.io, process.keys.create(key_for("deploy-bot")));
    if (!key) FAIL(key.error().text());
    CHECK(key->id == "hsm-deploy-bot-1");
    const auto own = action_of(*key, "deploy-bot");
    const auto signature = run_async(process.io, process.keys.sign(key->id, own));
    if (!signature) FAIL(signature.error().text());
    CHECK(crypto::verify_jws(key->algorithm, key->spki, own, *signature));

    const auto refused =
        run_async(process.io, process.keys.sign(key->id, action_of(*key, "other-bot")));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::denied);
    CHECK_FALSE(run_async(process.io, process.keys.sign("ledger", own)));
    CHECK_FALSE(run_async(process.io, process.keys.blow_fuse("ca")));
    REQUIRE(run_async(process.io, process.keys.blow_fuse(key->id)));
    const auto dead = run_async(process.io, process.keys.sign(key->id, own));
    REQUIRE_FALSE(dead);
    CHECK(dead.error().reason() == "fuse_blown");
    CHECK(run_async(process.io, process.keys.destroy(key->id)));
}

TEST_CASE("token process: a key states the custody it has, and no TPM only where there is none",
          "[daemon][keys][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    for (const bool has_tpm : {false, true}) {
        tests::SoftToken soft;
        TokenProcess process(soft);
        process.settings.tpm_tcti = has_tpm ? "device:/dev/tpmrm0" : "none";
        process.start();
        const auto key = run_async(process.io, process.keys.create(key_for("deploy-bot")));
        if (!key) FAIL(key.error().text());
        const auto may = [&](Custody custody, std::optional<Sha256> ak) {
            auto signing = process.keys.sign(key->id, possession_of(*key, custody, ak));
            return run_async(process.io, std::move(signing)).has_value();
        };
        CHECK(may(Custody::software_hsm, std::nullopt) == !has_tpm);
        CHECK(may(Custody::software_hsm, Sha256{}) == has_tpm);
        CHECK_FALSE(may(Custody::hsm, std::nullopt));
        CHECK_FALSE(may(Custody::hsm, Sha256{}));
    }
}

TEST_CASE("token process: a key is made only where the agent's file wants it",
          "[daemon][keys][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    tests::SoftToken soft;
    TokenProcess process(soft);
    process.start();
    const auto why = [&](CreateRequest wanted) {
        return run_async(process.io, process.keys.create(std::move(wanted))).error().reason();
    };
    CHECK(why(key_for("bot", KeyAlgorithm::es256, "pkcs11:token=others")) == "other_token");
    CHECK(why(key_for("bot", KeyAlgorithm::es256, "pkcs11:token=agents;serial=1")) ==
          "other_token");
    auto elsewhere = key_for("bot");
    elsewhere.backend = Backend::tpm;
    CHECK_FALSE(run_async(process.io, process.keys.create(elsewhere)));
    CHECK_FALSE(
        run_async(process.io, process.keys.create(key_for("bot", KeyAlgorithm::es256, "agents"))));
    const auto keys = run_async(process.io, process.keys.list());
    REQUIRE(keys);
    CHECK(keys->size() == 2);  // the host's own
}

TEST_CASE("token process: what only a TPM can do is refused as such", "[daemon][keys][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    tests::SoftToken soft;
    TokenProcess process(soft);
    process.start();
    auto quote = process.keys.attest_for("hsm-bot-1", "", crypto::sha256({}));
    CHECK(run_async(process.io, std::move(quote)).error().reason() == "no_tpm");
    CHECK(run_async(process.io, process.keys.activate(Bytes{1}, Bytes{2})).error().reason() ==
          "no_tpm");
    CHECK(run_async(process.io, process.keys.extend_register("{}")).error().reason() == "no_tpm");
    const auto status = run_async(process.io, process.keys.register_log());
    REQUIRE(status);
    CHECK(status->state == RegisterState::absent);
}

TEST_CASE("token process: a refused PIN is explained and tried once, whatever is restarted",
          "[daemon][keys][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    tests::SoftToken soft;
    soft.write_pin("9999");
    TokenProcess process(soft);
    process.start();
    const auto refused = run_async(process.io, process.keys.host());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason() == "pin_refused");
    CHECK(refused.error().text().find("pin_file") != std::string::npos);
    CHECK(process.end() == 0);

    // Now it would be right: only another try could tell.
    REQUIRE(soft.tool("--change-pin --new-pin 9999") == 0);
    process.start();
    CHECK(run_async(process.io, process.keys.host()).error().reason() == "pin_refused");
    CHECK(process.status() == exit_try_later);  // by itself, after it was told

    soft.write_pin("9999");
    process.start();
    const auto host = run_async(process.io, process.keys.host());
    if (!host) FAIL(host.error().text());
}

TEST_CASE("token process: what an operator must mend is told to callers",
          "[daemon][keys][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    tests::SoftToken soft;
    TokenProcess process(soft);
    const auto told = [&] {
        process.start();
        auto host = run_async(process.io, process.keys.host());
        process.stop();
        REQUIRE_FALSE(host);
        return host.error();
    };
    process.hands_over_pin = false;
    CHECK(told().reason() == "pin_missing");
    process.hands_over_pin = true;
    process.settings.pkcs11_software_allowed = false;
    CHECK(told().reason() == "software_token");
    process.settings.pkcs11_software_allowed = true;
    process.settings.pkcs11_token = "pkcs11:token=nobody";
    CHECK(told().reason() == "token_missing");
    CHECK(told().text().find("'agents'") != std::string::npos);
    process.settings.pkcs11_token = "pkcs11:token=agents";
    process.settings.pkcs11_module = "/usr/lib/softhsm/no-such-module.so";
    CHECK(told().text().find("no-such-module") != std::string::npos);
    process.settings.pkcs11_module = "/bin/true";
    CHECK(told().code() == Code::unavailable);  // nothing that the caller did wrong
    CHECK(told().text().find("/bin/true") != std::string::npos);
}

TEST_CASE("token process: a token that comes back signs again, with the same key",
          "[daemon][keys][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    tests::SoftToken soft;
    TokenProcess process(soft);
    process.start();
    const auto key = run_async(process.io, process.keys.create(key_for("deploy-bot")));
    if (!key) FAIL(key.error().text());
    CHECK(process.end() == 0);
    soft.take_out();
    process.start();
    const auto gone = run_async(process.io, process.keys.host());
    REQUIRE_FALSE(gone);
    CHECK(gone.error().reason() == "token_missing");
    CHECK(gone.error().retry() == Retry::later);
    CHECK(process.status() == exit_try_later);

    soft.put_back();
    process.start();
    const auto own = action_of(*key, "deploy-bot");
    const auto signature = run_async(process.io, process.keys.sign(key->id, own));
    if (!signature) FAIL(signature.error().text());
    CHECK(crypto::verify_jws(key->algorithm, key->spki, own, *signature));
}
