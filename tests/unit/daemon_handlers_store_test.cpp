// /v1/store…: an importer is asked through the launcher, and what it imported is recorded.
#include "daemon/link/codec_store.h"
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using Calls = std::vector<std::string>;

namespace {

constexpr const char* import_body = R"({"directory":"/srv/bot","manifest":"/srv/bot.json"})";

struct StoreHandlerWorld : HandlerWorld {
    StoreHandlerWorld() {
        settings.store_dir = "/var/lib/holdfast/store";
        peer.pidfd = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
    }
    Result<daemon::Answer> ask(daemon::Handler handler, const std::string& body = "") {
        return as_operator(handler, "", body);
    }
};

}  // namespace

TEST_CASE("store import: read as the operator, and recorded", "[daemon][store]") {
    StoreHandlerWorld world;
    attest::Imported imported{{1}, {2}, 3, 4, 5, true};
    world.launcher.store_says = daemon::encode(imported);
    const auto answer = world.ask(handlers::store_import, import_body);
    REQUIRE(answer);
    CHECK(text_at(json_of(answer), {"files"}) == "3");
    CHECK(world.launcher.calls == Calls{"store 48"});
    const auto asked = daemon::decode_import(world.launcher.last_payload);
    REQUIRE(asked);
    CHECK(asked->store == "/var/lib/holdfast/store");
    CHECK(asked->source == "/srv/bot");
    CHECK(asked->manifest == "/srv/bot.json");
    CHECK(asked->reader.uid == ::getuid());
    REQUIRE(world.ledger.count("import") == 1);
    const encode::Json record(world.ledger.records.front().members);
    CHECK(text_at(record, {"by"}) == "login:1000");
    CHECK(text_at(record, {"directory"}) == "/srv/bot");
    CHECK(text_at(record, {"manifest"}).starts_with("01"));
    CHECK(text_at(record, {"tree"}).starts_with("02"));
}

TEST_CASE("store import: what could not be recorded is not answered as done", "[daemon][store]") {
    StoreHandlerWorld world;
    world.launcher.store_says = daemon::encode(attest::Imported{{1}, {2}, 3, 4, 5, true});
    world.ledger.disk_full = true;
    CHECK(reason_of(world.ask(handlers::store_import, import_body)) == "ledger_failed");
}

TEST_CASE("store import: what the importer refuses is not recorded", "[daemon][store]") {
    StoreHandlerWorld world;
    world.launcher.store_says = Error(Code::denied, "other contents").because("tree_mismatch");
    CHECK(reason_of(world.ask(handlers::store_import, import_body)) == "tree_mismatch");
    CHECK(world.ledger.records.empty());
    world.launcher.store_says = Bytes{1, 2, 3};
    CHECK_FALSE(world.ask(handlers::store_import, import_body));
    CHECK(world.ledger.records.empty());
}

TEST_CASE("store: each route asks its own question", "[daemon][store]") {
    StoreHandlerWorld world;
    world.launcher.store_says = daemon::encode(std::vector<attest::StoredManifest>());
    CHECK(text_at(json_of(world.ask(handlers::store_list)), {"manifests"}) == "[]");
    CHECK(*daemon::decode_store(world.launcher.last_payload) == "/var/lib/holdfast/store");
    world.launcher.store_says = daemon::encode(attest::Collected{1, 2, 3, 4});
    CHECK(text_at(json_of(world.ask(handlers::store_collect)), {"objects"}) == "3");
    // What is in use the launcher knows: the front has no say in what is kept.
    CHECK(world.launcher.last_payload.empty());
    world.launcher.store_says = daemon::encode(attest::CheckReport{});
    CHECK(text_at(json_of(world.ask(handlers::store_check)), {"differing"}) == "0");
    CHECK(world.launcher.calls == Calls{"store 49", "store 50", "store 51"});
    CHECK(world.ledger.records.empty());
}

TEST_CASE("store: with --dev, without a launcher and with a wrong body nothing is asked",
          "[daemon][store]") {
    StoreHandlerWorld world;
    const auto reasons = [&](const std::string& body) {
        std::vector<std::string> all;
        for (const auto handler :
             {handlers::store_list, handlers::store_collect, handlers::store_check})
            all.push_back(reason_of(world.ask(handler, body)));
        all.push_back(
            reason_of(world.ask(handlers::store_import, body.empty() ? import_body : "{}")));
        return all;
    };
    CHECK(reasons("{\"x\":1}") == std::vector<std::string>(4, "malformed_request"));
    world.launcher.available_says = Error(Code::unavailable, "away").because("away");
    CHECK(reasons("") == std::vector<std::string>(4, "away"));
    world.settings.dev = true;
    CHECK(reasons("") == std::vector<std::string>(4, "not_separated"));
    CHECK(world.launcher.calls.empty());
}
