// What every KeyStore must do, whoever keeps the keys: run over the fake and over a software TPM.
#include <algorithm>
#include <memory>
#include <string>

#include "core/crypto/public_key.h"
#include "hsm/tpm/tpm.h"
#include "tests/support/catch.h"
#include "tests/support/fake_key_store.h"
#include "tests/support/swtpm.h"

using namespace holdfast;
using hsm::FuseState;
using hsm::NewKey;

namespace {

// A fresh, empty store of one kind.
class Fixture {
  public:
    virtual ~Fixture() = default;
    virtual hsm::KeyStore& keys() = 0;
};

class FakeFixture final : public Fixture {
  public:
    hsm::KeyStore& keys() override { return keys_; }

  private:
    tests::FakeKeyStore keys_;
};

class TpmFixture final : public Fixture {
  public:
    TpmFixture() {
        auto opened = hsm::Tpm::open({.tcti = chip_.tcti(),
                                      .simulator_allowed = true,
                                      .nv_base = 0x01800100,
                                      .keys_dir = state_.file("keys"),
                                      .owner_auth_file = "",
                                      .endorsement_auth_file = "",
                                      .ek_certificate_dir = "",
                                      .anchor_pcr = default_anchor_pcr});
        if (!opened) FAIL(opened.error().text());
        tpm_ = *std::move(opened);
    }
    hsm::KeyStore& keys() override { return tpm_->keys(); }

  private:
    tests::SoftwareTpm chip_;
    tests::TemporaryDirectory state_;
    std::unique_ptr<hsm::Tpm> tpm_;
};

std::unique_ptr<Fixture> fixture_of(const std::string& kind) {
    if (kind == "fake") return std::make_unique<FakeFixture>();
    return std::make_unique<TpmFixture>();
}

const NewKey bot{
    .purpose = Purpose::action, .agent = "deploy-bot", .algorithm = KeyAlgorithm::es256};
const NewKey ca{.purpose = Purpose::certificate, .agent = "", .algorithm = KeyAlgorithm::es256};
const NewKey ledger{.purpose = Purpose::checkpoint, .agent = "", .algorithm = KeyAlgorithm::es256};
const std::string message = "what is signed";

KeyDescription created(hsm::KeyStore& keys, const NewKey& wanted) {
    auto made = keys.create(wanted);
    if (!made) FAIL(made.error().text());
    return *std::move(made);
}

bool signs(hsm::KeyStore& keys, const KeyDescription& key) {
    auto raw = keys.sign(key.id, view_of(message));
    if (!raw) return false;
    return crypto::verify_es256(key.spki, view_of(message), *raw).has_value();
}

}  // namespace

#define CONTRACT(title)                                                                   \
    static void title(hsm::KeyStore& keys);                                               \
    TEST_CASE("key store contract, fake: " #title, "[contract][key_store]") {             \
        title(fixture_of("fake")->keys());                                                \
    }                                                                                     \
    TEST_CASE("key store contract, software TPM: " #title, "[contract][key_store]") {     \
        if (!tests::has_swtpm()) HOLDFAST_SKIP("swtpm and tpm2-tools are not installed"); \
        title(fixture_of("tpm")->keys());                                                 \
    }                                                                                     \
    static void title(hsm::KeyStore& keys)

CONTRACT(a_new_key_signs_and_its_public_half_verifies) {
    const auto key = created(keys, bot);
    CHECK(key.id == "agent-deploy-bot-1");
    CHECK(key.agent == "deploy-bot");
    CHECK(key.purpose == Purpose::action);
    const auto raw = keys.sign(key.id, view_of(message));
    REQUIRE(raw);
    CHECK(raw->size() == 64);
    CHECK(crypto::verify_es256(key.spki, view_of(message), *raw));
    CHECK_FALSE(crypto::verify_es256(key.spki, view_of("something else"), *raw));
}

CONTRACT(every_key_of_a_name_has_a_number_of_its_own_for_ever) {
    const auto first = created(keys, bot);
    REQUIRE(keys.blow_fuse(first.id));
    REQUIRE(keys.destroy(first.id));
    const auto second = created(keys, bot);
    CHECK(second.id == "agent-deploy-bot-2");
    CHECK(second.spki != first.spki);
}

CONTRACT(there_is_one_ca_key_and_one_ledger_key) {
    CHECK(created(keys, ca).id == "ca");
    CHECK(created(keys, ledger).id == "ledger");
    CHECK(keys.create(ca).error().code() == Code::conflict);
    CHECK(keys.create(ledger).error().code() == Code::conflict);
    CHECK(signs(keys, *keys.describe("ca")));
    CHECK(signs(keys, *keys.describe("ledger")));
}

CONTRACT(what_cannot_be_a_key_is_refused) {
    CHECK(keys.create({.purpose = Purpose::attest, .agent = "", .algorithm = KeyAlgorithm::es256})
              .error()
              .code() == Code::invalid);
    CHECK_FALSE(keys.create(
        {.purpose = Purpose::action, .agent = "../ca", .algorithm = KeyAlgorithm::es256}));
    CHECK_FALSE(
        keys.create({.purpose = Purpose::action, .agent = "", .algorithm = KeyAlgorithm::es256}));
}

CONTRACT(an_unknown_key_is_not_found) {
    CHECK(keys.describe("agent-nobody-1").error().code() == Code::not_found);
    CHECK(keys.sign("agent-nobody-1", view_of(message)).error().code() == Code::not_found);
    CHECK(keys.describe("../../etc/shadow").error().code() == Code::not_found);
    CHECK(keys.blow_fuse("agent-nobody-1").error().code() == Code::not_found);
    CHECK(keys.destroy("agent-nobody-1").error().code() == Code::not_found);
}

CONTRACT(list_names_every_key_once) {
    CHECK(keys.list()->empty());
    created(keys, bot);
    created(keys,
            {.purpose = Purpose::action, .agent = "other-bot", .algorithm = KeyAlgorithm::es256});
    created(keys, ca);
    const auto all = keys.list();
    REQUIRE(all);
    CHECK(all->size() == 3);
    CHECK(std::count_if(all->begin(), all->end(), [](const auto& key) {
              return key.id == "agent-other-bot-1" && key.agent == "other-bot";
          }) == 1);
}

CONTRACT(a_blown_fuse_ends_exactly_that_key) {
    const auto key = created(keys, bot);
    const auto other = created(
        keys, {.purpose = Purpose::action, .agent = "other-bot", .algorithm = KeyAlgorithm::es256});
    REQUIRE(signs(keys, key));
    CHECK(*keys.fuse_state(key.id) == FuseState::intact);
    REQUIRE(keys.blow_fuse(key.id));
    const auto refused = keys.sign(key.id, view_of(message));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::denied);
    CHECK(refused.error().reason() == "fuse_blown");
    CHECK(*keys.fuse_state(key.id) == FuseState::blown);
    CHECK(signs(keys, other));
}

CONTRACT(blowing_twice_is_blowing_once) {
    const auto key = created(keys, bot);
    CHECK(keys.blow_fuse(key.id));
    CHECK(keys.blow_fuse(key.id));
    CHECK(*keys.fuse_state(key.id) == FuseState::blown);
}

CONTRACT(the_host_fuse_ends_agents_and_ca_but_not_the_ledger) {
    const auto key = created(keys, bot);
    const auto authority = created(keys, ca);
    const auto log = created(keys, ledger);
    REQUIRE(keys.blow_host_fuse());
    CHECK(keys.sign(key.id, view_of(message)).error().reason() == "fuse_blown");
    CHECK(keys.sign(authority.id, view_of(message)).error().reason() == "fuse_blown");
    CHECK(*keys.fuse_state(key.id) == FuseState::blown);
    CHECK(*keys.fuse_state(authority.id) == FuseState::blown);
    CHECK(signs(keys, log));
    CHECK(*keys.fuse_state(log.id) == FuseState::intact);
}

CONTRACT(a_key_made_after_the_host_fuse_works) {
    created(keys, bot);
    REQUIRE(keys.blow_host_fuse());
    CHECK(signs(keys, created(keys, bot)));
}

CONTRACT(host_keys_have_no_fuse_of_their_own) {
    created(keys, ca);
    created(keys, ledger);
    CHECK(keys.blow_fuse("ca").error().code() == Code::conflict);
    CHECK(keys.blow_fuse("ledger").error().code() == Code::conflict);
}

CONTRACT(only_a_blown_key_can_be_destroyed) {
    const auto key = created(keys, bot);
    CHECK(keys.destroy(key.id).error().code() == Code::conflict);
    CHECK(signs(keys, key));
    REQUIRE(keys.blow_fuse(key.id));
    REQUIRE(keys.destroy(key.id));
    CHECK(keys.describe(key.id).error().code() == Code::not_found);
    CHECK(keys.list()->empty());
}
