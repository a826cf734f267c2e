#include <poll.h>
#include <sys/mount.h>

#include <chrono>

#include "tests/support/catch.h"
#include "tests/support/importer_process.h"
#include "tests/support/store_world.h"

using holdfast::Bytes;
using holdfast::Code;
using holdfast::Result;
using holdfast::Sha256;
namespace attest = holdfast::attest;
using namespace holdfast::daemon;
using attest::Use;
using holdfast::test::envelope_of;
using holdfast::test::ImporterProcess;
using holdfast::test::StoreWorld;

namespace {

constexpr uid_t operator_uid = 12345;

Reader myself() {
    return {::geteuid(), ::getegid(), {}};
}

ImportRequest request_for(const StoreWorld& world, const Reader& reader) {
    std::ofstream(world.file("manifest.json")) << envelope_of(world.manifest());
    (void)::chmod(world.file("manifest.json").c_str(), 0644);
    return {world.store(), world.source(), world.file("manifest.json"), reader};
}

Result<Reply> answered(Operation operation, Bytes payload) {
    ImporterProcess process(IMPORTER_PROGRAM);
    process.ask(operation, std::move(payload));
    auto reply = process.answer();
    CHECK(process.ended() == 0);
    return reply;
}

Result<attest::Imported> imported(const StoreWorld& world, const Reader& reader) {
    HOLDFAST_TRY(reply, answered(Operation::import_code, encode(request_for(world, reader))));
    return decode_imported(reply.body);
}

std::string reason_of(const Result<attest::Imported>& outcome) {
    if (outcome) return "imported";
    UNSCOPED_INFO(outcome.error().text());
    return outcome.error().reason();
}

void check_nothing_copied(const StoreWorld& world) {
    if (!std::filesystem::exists(world.store("objects"))) return;
    CHECK(world.count("objects") == 0);
    CHECK(world.names("views").empty());
    CHECK(world.names("partial").empty());
}

std::uint64_t differences(const StoreWorld& world) {
    const auto folders = world.folders_for(Use::look);
    REQUIRE(folders);
    const auto report = attest::check_store(*folders);
    REQUIRE(report);
    return report->differing;
}

}  // namespace

TEST_CASE("importer: imports, lists, checks and collects, one request a process",
          "[daemon][importer]") {
    const StoreWorld world;
    world.fill();
    const Bytes store = encode_store(world.store());

    auto listed = answered(Operation::list_store, store);
    REQUIRE(listed);
    CHECK(decode_stored(listed->body)->empty());

    const auto first = imported(world, myself());
    REQUIRE(reason_of(first) == "imported");
    CHECK(first->files == 7);

    listed = answered(Operation::list_store, store);
    REQUIRE(listed);
    const auto list = decode_stored(listed->body);
    REQUIRE(list);
    REQUIRE(list->size() == 1);
    CHECK(list->front().digest == first->manifest);

    const auto checked = answered(Operation::check_store, store);
    REQUIRE(checked);
    CHECK(decode_check(checked->body)->differing == 0);
    CHECK(decode_check(checked->body)->objects == 6);
    if (::geteuid() == 0) CHECK(decode_check(checked->body)->unread == 0);

    const auto kept = answered(Operation::collect_store,
                               encode(CollectRequest{world.store(), {first->manifest}}));
    REQUIRE(kept);
    CHECK(decode_collected(kept->body)->objects == 0);
    const auto rest = answered(Operation::collect_store, encode(CollectRequest{world.store(), {}}));
    REQUIRE(rest);
    CHECK(decode_collected(rest->body)->objects == 6);
}

TEST_CASE("importer: more files than one message, and many folders, arrive whole",
          "[daemon][importer]") {
    const StoreWorld world;
    world.file("agent", "agent", 0755);
    for (int i = 0; i < 1200; ++i) {
        const std::string folder = "folder-" + std::to_string(i % 40);
        if (i < 40) world.folder(folder);
        world.file(folder + "/" + std::to_string(i), std::to_string(i), 0644);
    }
    const auto outcome = imported(world, myself());
    REQUIRE(reason_of(outcome) == "imported");
    CHECK(outcome->files == 1201);
    CHECK(differences(world) == 0);
}

TEST_CASE("importer: what the operator may not read is not copied", "[daemon][importer]") {
    if (::geteuid() != 0) HOLDFAST_SKIP("only root reads as somebody else");
    const StoreWorld world;
    world.fill();
    const Reader reader{operator_uid, operator_uid, {}};
    std::string expected = "source_unreadable";
    SECTION("a file of root's") {}
    SECTION("a file in a folder of root's") {
        world.file("lib/a/x", "x", 0644);
        REQUIRE(::chmod(world.source("lib/a").c_str(), 0700) == 0);
    }
    SECTION("a file that root mounted over one of the operator's") {
        world.file("lib/a/x", "x", 0644);
        std::ofstream(world.file("secret")) << "x";
        REQUIRE(::chmod(world.file("secret").c_str(), 0600) == 0);
        if (::mount(world.file("secret").c_str(), world.source("lib/a/x").c_str(), nullptr, MS_BIND,
                    nullptr) != 0)
            HOLDFAST_SKIP("only a root that may mount");
    }
    SECTION("what only root's group may read") {
        world.file("lib/a/x", "x", 0640);
    }
    const auto outcome = imported(world, reader);
    (void)::umount2(world.source("lib/a/x").c_str(), MNT_DETACH);
    CHECK(reason_of(outcome) == expected);
    check_nothing_copied(world);
}

TEST_CASE("importer: reads with the operator's groups", "[daemon][importer]") {
    if (::geteuid() != 0) HOLDFAST_SKIP("only root reads as somebody else");
    const StoreWorld world;
    world.fill();
    world.file("lib/a/x", "x", 0640);
    REQUIRE(::chown(world.source("lib/a/x").c_str(), 0, 23456) == 0);
    CHECK(reason_of(imported(world, {operator_uid, operator_uid, {34567}})) == "source_unreadable");
    CHECK(reason_of(imported(world, {operator_uid, operator_uid, {34567, 23456}})) == "imported");
    // And what it wrote is root's all the same.
    CHECK(differences(world) == 0);
}

TEST_CASE("importer: a manifest the operator may not read is refused, one that is none too",
          "[daemon][importer]") {
    const StoreWorld world;
    world.fill();
    auto request = request_for(world, myself());
    const auto reason = [&] {
        const auto reply = answered(Operation::import_code, encode(request));
        return reply ? "imported" : reply.error().reason();
    };
    request.manifest = world.file("missing");
    CHECK(reason() == "manifest_not_found");
    request.manifest = world.source();
    CHECK(reason() == "manifest_malformed");
    std::ofstream(world.file("odd.json")) << "[]";
    request.manifest = world.file("odd.json");
    CHECK(reason() == "manifest_malformed");
    if (::geteuid() != 0) return;
    request = request_for(world, {operator_uid, operator_uid, {}});
    REQUIRE(::chmod(request.manifest.c_str(), 0600) == 0);
    CHECK(reason() == "source_unreadable");
    check_nothing_copied(world);
}

TEST_CASE("importer: a mismatch is refused through both halves, with the path",
          "[daemon][importer]") {
    const StoreWorld world;
    world.fill();
    const auto request = request_for(world, myself());
    world.file("lib/a.py", "print('b')", 0644);
    const auto reply = answered(Operation::import_code, encode(request));
    REQUIRE_FALSE(reply);
    CHECK(reply.error().reason() == "tree_mismatch");
    CHECK(reply.error().text().find("lib/a.py") != std::string::npos);
    check_nothing_copied(world);
}

TEST_CASE("importer: while somebody else writes the store it is busy", "[daemon][importer]") {
    const StoreWorld world;
    world.fill();
    const auto writer = world.folders_for(Use::write);
    REQUIRE(writer);
    const auto outcome = imported(world, myself());
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code() == Code::busy);
}

TEST_CASE("importer: killed at any time it leaves all or nothing", "[daemon][importer]") {
    const StoreWorld world;
    world.fill();
    for (int i = 0; i < 300; ++i)
        world.file("f" + std::to_string(i), std::to_string(i), 0644);
    const Bytes payload = encode(request_for(world, myself()));
    const Sha256 digest = attest::read_manifest_unverified(envelope_of(world.manifest()))->digest;
    int killed = 0;
    for (int round = 0; round < 30; ++round) {
        ImporterProcess process(IMPORTER_PROGRAM);
        process.ask(Operation::import_code, payload);
        // Not a wait for something to be ready: the moment of the kill is what varies.
        (void)::poll(nullptr, 0, round * 3);
        killed += WIFSIGNALED(process.end()) ? 1 : 0;
        CHECK(differences(world) == 0);
        const auto envelope = world.opened().envelope(digest);
        if (!envelope) continue;
        CHECK(world.opened().open_view(*attest::read_manifest_unverified(*envelope)));
        REQUIRE(attest::collect(*world.folders_for(Use::write), {}));
    }
    CHECK(killed > 0);
    CHECK(reason_of(imported(world, myself())) == "imported");
    CHECK(world.names("partial").empty());
}

TEST_CASE("importer: only root reads as somebody else", "[daemon][importer]") {
    const StoreWorld world;
    world.fill();
    if (::geteuid() == 0) return;
    const auto outcome = imported(world, {::geteuid() + 1, ::getegid(), {}});
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code() == Code::denied);
}

TEST_CASE("importer: what it was not made for is refused", "[daemon][importer]") {
    CHECK_FALSE(answered(Operation::measure, {}));
    CHECK_FALSE(answered(Operation::import_code, {1, 2, 3}));
    const StoreWorld world;
    ImportRequest request{"store", world.source(), "/m", myself()};
    CHECK_FALSE(answered(Operation::import_code, encode(request)));
}
