// The folder by which the keys workers of two backends know each other's agents' keys.
#include <filesystem>
#include <fstream>

#include "core/encode/base64.h"
#include "hsm/live_keys.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using hsm::LiveKey;
using hsm::LiveKeys;

namespace {

KeyDescription key_of(const std::string& id, const std::string& agent, Backend backend,
                      std::uint8_t filling) {
    KeyDescription key;
    key.id = id;
    key.agent = agent;
    key.backend = backend;
    key.spki = Bytes(91, filling);
    return key;
}

struct Fixture {
    Fixture() {
        REQUIRE(live.publish(in_tpm));
        REQUIRE(live.publish(in_token));
    }
    void overwrite(const std::string& id, const std::string& text) const {
        std::ofstream(folder.file("live/" + id + ".json")) << text;
    }

    tests::TemporaryDirectory folder;
    LiveKeys live = *LiveKeys::open(folder.path());
    KeyDescription in_tpm = key_of("agent-bot-1", "bot", Backend::tpm, 1);
    KeyDescription in_token = key_of("hsm-bot-2", "bot", Backend::pkcs11, 2);
};

}  // namespace

TEST_CASE("live keys: what one worker publishes the other one finds", "[hsm][live_keys]") {
    const Fixture fixture;
    const auto other = LiveKeys::open(fixture.folder.path());
    REQUIRE(other);
    CHECK(other->is_live("bot", fixture.in_tpm.spki));
    CHECK(other->is_live("bot", fixture.in_token.spki));
    CHECK(*other->ids(Backend::tpm) == std::vector<std::string>{"agent-bot-1"});
    CHECK(*other->ids(Backend::pkcs11) == std::vector<std::string>{"hsm-bot-2"});
}

TEST_CASE("live keys: a key lives for its own agent, and whole", "[hsm][live_keys]") {
    const Fixture fixture;
    for (const char* agent : {"other", "bo", "bot-1", ""})
        CHECK(fixture.live.is_live(agent, fixture.in_tpm.spki).error().code() == Code::denied);
    const Bytes& spki = fixture.in_tpm.spki;
    CHECK_FALSE(fixture.live.is_live("bot", ByteView(spki).first(spki.size() - 1)));
    CHECK_FALSE(fixture.live.is_live("bot", {}));
}

TEST_CASE("live keys: what is withdrawn is dead, and withdrawing twice is withdrawing once",
          "[hsm][live_keys]") {
    Fixture fixture;
    REQUIRE(fixture.live.withdraw("agent-bot-1"));
    CHECK(fixture.live.is_live("bot", fixture.in_tpm.spki).error().code() == Code::denied);
    CHECK(fixture.live.is_live("bot", fixture.in_token.spki));
    CHECK(fixture.live.withdraw("agent-bot-1"));
}

TEST_CASE("live keys: only an agent's key under its own id is published", "[hsm][live_keys]") {
    Fixture fixture;
    for (const auto& [id, agent, backend] :
         {std::tuple{"ca", "bot", Backend::tpm}, std::tuple{"agent-bot-1", "other", Backend::tpm},
          std::tuple{"agent-bot-3", "bot", Backend::pkcs11},
          std::tuple{"hsm-bot-3", "bot", Backend::tpm},
          std::tuple{"agent-../ca-1", "../ca", Backend::tpm},
          std::tuple{"agent-bot-", "bot", Backend::tpm},
          std::tuple{"agent-bot-01", "bot", Backend::tpm}})
        CHECK(fixture.live.publish(key_of(id, agent, backend, 3)).error().code() == Code::invalid);
    auto host_key = key_of("agent-bot-3", "bot", Backend::tpm, 3);
    host_key.purpose = Purpose::certificate;
    CHECK(fixture.live.publish(host_key).error().code() == Code::invalid);
}

TEST_CASE("live keys: no other file can be withdrawn", "[hsm][live_keys]") {
    Fixture fixture;
    const std::string outside = fixture.folder.file("agent-bot-1.json");
    std::ofstream(outside) << "{}";
    REQUIRE(fixture.live.withdraw("../agent-bot-1"));
    CHECK(std::filesystem::exists(outside));
}

TEST_CASE("live keys: a damaged file is an error for its own agent, and nobody's key",
          "[hsm][live_keys]") {
    Fixture fixture;
    REQUIRE(fixture.live.publish(key_of("agent-other-1", "other", Backend::tpm, 4)));
    const std::string good = to_text(LiveKey{.agent = "bot", .spki = Bytes(91, 1)});
    for (const std::string& text :
         {std::string(), std::string("{}"), good + " x", good.substr(0, good.size() - 1),
          std::string(R"({"agent":"bot","spki":"AQ","more":1})"),
          to_text(LiveKey{.agent = "other", .spki = Bytes(91, 1)})}) {
        fixture.overwrite("agent-bot-1", text);
        const auto damaged = fixture.live.is_live("bot", fixture.in_tpm.spki);
        REQUIRE_FALSE(damaged);
        CHECK(damaged.error().code() != Code::denied);
        CHECK(fixture.live.is_live("other", Bytes(91, 4)));
    }
    fixture.overwrite("agent-bot-1", good);
    CHECK(fixture.live.is_live("bot", fixture.in_tpm.spki));
}

TEST_CASE("live keys: a file is read up to its limit and not past it", "[hsm][live_keys]") {
    const Fixture fixture;
    const std::string good = to_text(LiveKey{.agent = "bot", .spki = Bytes(91, 1)});
    fixture.overwrite("agent-bot-1", good + std::string(hsm::max_live_file - good.size(), ' '));
    CHECK(fixture.live.is_live("bot", fixture.in_tpm.spki));
    fixture.overwrite("agent-bot-1", good + std::string(hsm::max_live_file + 1 - good.size(), ' '));
    CHECK(fixture.live.is_live("bot", fixture.in_tpm.spki).error().code() == Code::unavailable);
}

TEST_CASE("live keys: the folder is the workers' alone", "[hsm][live_keys]") {
    const Fixture fixture;
    const auto mode = std::filesystem::status(fixture.folder.file("live")).permissions();
    CHECK(mode == std::filesystem::perms::owner_all);
    std::filesystem::permissions(fixture.folder.file("live"), std::filesystem::perms(0755));
    CHECK(LiveKeys::open(fixture.folder.path()).error().code() == Code::denied);
}
