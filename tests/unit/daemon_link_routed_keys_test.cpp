// Which of a host's keepers a call about keys goes to.
#include "daemon/link/routed_keys.h"
#include "tests/support/catch.h"
#include "tests/support/fake_keys.h"
#include "tests/support/key_samples.h"
#include "tests/support/run_async.h"

using namespace holdfast;
using namespace holdfast::tests;
using daemon::CreateRequest;
using daemon::RoutedKeys;

namespace {

using Calls = std::vector<std::string>;

struct TwoKeepers {
    boost::asio::io_context loop;
    FakeKeys tpm{loop};
    FakeKeys token{loop};

    TwoKeepers() {
        token.tpm = false;
        token.token = {KeyAlgorithm::es256, KeyAlgorithm::ed25519};
    }
    RoutedKeys mixed(Backend host_keys = Backend::tpm) {
        return RoutedKeys({&tpm, &token, host_keys});
    }
    RoutedKeys without_tpm() { return RoutedKeys({nullptr, &token, Backend::pkcs11}); }
    RoutedKeys without_token() { return RoutedKeys({&tpm, nullptr, Backend::tpm}); }
    template <class T>
    Result<T> run(daemon::Async<T> call) {
        return run_async(loop, std::move(call));
    }
};

template <class T>
std::string reason(const Result<T>& result) {
    return result ? "answered" : result.error().reason();
}

}  // namespace

TEST_CASE("routed keys: a key's id says who is asked to sign with it", "[daemon][link][routed]") {
    TwoKeepers world;
    auto keys = world.mixed();
    for (const char* id : {"agent-bot-1", "agent-hsm-bot-1", "ca", "ledger", "hsm-bot-1"})
        REQUIRE(world.run(keys.sign(id, Bytes{1})));
    CHECK(world.tpm.calls ==
          Calls{"sign agent-bot-1", "sign agent-hsm-bot-1", "sign ca", "sign ledger"});
    CHECK(world.token.calls == Calls{"sign hsm-bot-1"});
}

TEST_CASE("routed keys: the host's own keys are asked of where they are kept",
          "[daemon][link][routed]") {
    TwoKeepers world;
    auto keys = world.mixed(Backend::pkcs11);
    for (const char* id : {"ca", "ledger", "agent-bot-1"})
        REQUIRE(world.run(keys.sign(id, Bytes{1})));
    CHECK(world.token.calls == Calls{"sign ca", "sign ledger"});
    CHECK(world.tpm.calls == Calls{"sign agent-bot-1"});
}

TEST_CASE("routed keys: the endings of a key go where it is", "[daemon][link][routed]") {
    TwoKeepers world;
    auto keys = world.mixed();
    REQUIRE(world.run(keys.blow_fuse("hsm-bot-1")));
    REQUIRE(world.run(keys.destroy("hsm-bot-1")));
    REQUIRE(world.run(keys.blow_fuse("agent-bot-1")));
    REQUIRE(world.run(keys.destroy("agent-bot-1")));
    CHECK(world.token.calls == Calls{"blow_fuse hsm-bot-1", "destroy hsm-bot-1"});
    CHECK(world.tpm.calls == Calls{"blow_fuse agent-bot-1", "destroy agent-bot-1"});
}

TEST_CASE("routed keys: a key is made where it was asked for", "[daemon][link][routed]") {
    TwoKeepers world;
    auto keys = world.mixed();
    const auto in_token = world.run(keys.create(
        CreateRequest{"bot", Backend::pkcs11, KeyAlgorithm::ed25519, "pkcs11:token=a"}));
    REQUIRE(in_token);
    CHECK(in_token->id == "hsm-bot-1");
    CHECK(world.token.last_created->token == "pkcs11:token=a");
    CHECK(world.tpm.calls.empty());
    REQUIRE(world.run(keys.create(CreateRequest{"bot", Backend::tpm, KeyAlgorithm::es256, ""})));
    CHECK(world.tpm.calls == Calls{"create bot"});
    const auto listed = world.run(keys.list());
    REQUIRE(listed);
    CHECK(listed->size() == 2);
}

TEST_CASE("routed keys: a keeper that this host lacks is named, and nobody else is asked",
          "[daemon][link][routed]") {
    TwoKeepers world;
    auto no_token = world.without_token();
    const auto refused = world.run(no_token.sign("hsm-bot-1", Bytes{1}));
    CHECK(reason(refused) == "no_pkcs11");
    CHECK(refused.error().code() == Code::conflict);
    CHECK(refused.error().text().find("[pkcs11] module in holdfastd.conf") != std::string::npos);
    CHECK(reason(no_token.available("hsm-bot-1")) == "no_pkcs11");
    CHECK(reason(world.run(no_token.host_of(Backend::pkcs11))) == "no_pkcs11");

    auto no_tpm = world.without_tpm();
    CHECK(reason(world.run(no_tpm.sign("agent-bot-1", Bytes{1}))) == "no_tpm");
    CHECK(reason(world.run(no_tpm.blow_fuse("agent-bot-1"))) == "no_tpm");
    CHECK(reason(world.run(no_tpm.attest_for("hsm-bot-1", "", Sha256{}))) == "no_tpm");
    CHECK(reason(world.run(no_tpm.activate(Bytes{1}, Bytes{2}))) == "no_tpm");
    CHECK(reason(world.run(no_tpm.create(plain_key_of("bot")))) == "no_tpm");
    CHECK(world.token.calls.empty());
}

TEST_CASE("routed keys: attestation and the register are the TPM's, also for a key in a token",
          "[daemon][link][routed]") {
    TwoKeepers world;
    auto keys = world.mixed(Backend::pkcs11);
    REQUIRE(world.run(keys.extend_register("{}")));
    REQUIRE(world.run(keys.activate(Bytes{1}, Bytes{2})));
    REQUIRE(world.run(keys.attest_for("hsm-bot-1", "", Sha256{})));
    CHECK(world.tpm.charged == "hsm-bot-1");
    CHECK(world.run(keys.register_log())->state == RegisterState::ready);
    CHECK(world.tpm.events == Calls{"{}"});
    CHECK(world.token.calls.empty());
}

TEST_CASE("routed keys: without a TPM the register is absent, and that is no fault",
          "[daemon][link][routed]") {
    TwoKeepers world;
    auto keys = world.without_tpm();
    const auto status = world.run(keys.register_log());
    REQUIRE(status);
    CHECK(status->state == RegisterState::absent);
    CHECK(status->events == 0);
    CHECK(status->reason.find("no TPM") != std::string::npos);
    CHECK(reason(world.run(keys.extend_register("{}"))) == "register_absent");
    CHECK(world.token.calls.empty());
}

TEST_CASE("routed keys: the anchor counter and the sessions are the TPM's",
          "[daemon][link][routed][anchor]") {
    TwoKeepers world;
    auto keys = world.mixed(Backend::pkcs11);
    CHECK(world.run(keys.advance_anchor(0))->value == 41);
    CHECK(world.run(keys.read_anchor())->value == 41);
    CHECK(world.run(keys.flush_sessions()));
    CHECK(world.tpm.calls == Calls{"advance_anchor 0", "read_anchor ", "flush_sessions "});
    CHECK(world.token.calls.empty());
}

TEST_CASE("routed keys: without a TPM there is no anchor counter, and no session to flush",
          "[daemon][link][routed][anchor]") {
    TwoKeepers world;
    auto keys = world.without_tpm();
    CHECK(reason(world.run(keys.read_anchor())) == "no_tpm");
    CHECK(reason(world.run(keys.advance_anchor(0))) == "no_tpm");
    CHECK(world.run(keys.flush_sessions()));
    CHECK(world.token.calls.empty());
}

TEST_CASE("routed keys: who this host is, told by its TPM, with the keys of where they live",
          "[daemon][link][routed]") {
    TwoKeepers world;
    const auto own = world.run(world.mixed().host());
    REQUIRE(own);
    CHECK(own->manufacturer == "IBM ");

    auto keys_elsewhere = world.mixed(Backend::pkcs11);
    const auto merged = world.run(keys_elsewhere.host());
    REQUIRE(merged);
    CHECK(merged->custody == Custody::software_tpm);
    CHECK(merged->ak_public == Bytes{4, 5, 6});
    CHECK(merged->event_register.state == RegisterState::ready);
    CHECK(merged->ca.id == "ca of the token");
    CHECK(merged->ledger.id == "ledger of the token");
    CHECK(merged->ca_certificate == Bytes{7, 7});

    auto no_tpm = world.without_tpm();
    const auto alone = world.run(no_tpm.host());
    REQUIRE(alone);
    CHECK(alone->manufacturer == "Vendor");
    CHECK(alone->ak_public.empty());
}

TEST_CASE("routed keys: a token that is away keeps nobody from the TPM's keys",
          "[daemon][link][routed]") {
    TwoKeepers world;
    world.token.away = Error(Code::unavailable, "gone").because("keys_unavailable");
    auto keys = world.mixed();
    CHECK(world.run(keys.host()));
    CHECK(keys.available("agent-bot-1"));
    CHECK(world.run(keys.sign("agent-bot-1", Bytes{1})));
    CHECK(reason(keys.available("hsm-bot-1")) == "keys_unavailable");
    CHECK(reason(world.run(keys.sign("hsm-bot-1", Bytes{1}))) == "keys_unavailable");
}

TEST_CASE("routed keys: the host fuse is blown in both, whatever the first one answers",
          "[daemon][link][routed]") {
    TwoKeepers world;
    auto keys = world.mixed();
    world.tpm.fuse_refuses = Error(Code::unavailable, "stuck").because("stuck");
    CHECK(reason(world.run(keys.blow_host_fuse())) == "stuck");
    CHECK(world.token.calls == Calls{"blow_host_fuse "});
}

TEST_CASE("routed keys: the settings say who is there", "[daemon][link][routed]") {
    TwoKeepers world;
    daemon::Settings settings;
    settings.host_keys = "tpm";
    settings.tpm_tcti = "device:/dev/tpmrm0";
    const auto keepers = [&] { return RoutedKeys::keepers_of(settings, world.tpm, world.token); };
    CHECK(keepers().tpm == &world.tpm);
    CHECK(keepers().pkcs11 == nullptr);
    CHECK(keepers().host_keys == Backend::tpm);
    settings.pkcs11_module = "/vendor.so";
    CHECK(keepers().pkcs11 == &world.token);
    settings.tpm_tcti = "none";
    settings.host_keys = "pkcs11";
    CHECK(keepers().tpm == nullptr);
    CHECK(keepers().host_keys == Backend::pkcs11);
}
