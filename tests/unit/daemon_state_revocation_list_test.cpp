#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "daemon/state/revocation_list.h"
#include "tests/support/catch.h"
#include "tests/support/fake_keys.h"
#include "tests/support/run_async.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using namespace holdfast::tests;
using crypto::RevocationReason;
using daemon::crl_lifetime;
using daemon::Revocation;
using daemon::RevocationList;

namespace {

constexpr std::int64_t start = 1'700'000'000;

struct Bench {
    explicit Bench(const std::string& file = "") : path(file.empty() ? "" : place.file(file)) {}

    TemporaryDirectory place;
    boost::asio::io_context loop;
    FakeKeys keys{loop};
    daemon::Registry registry = *daemon::Registry::open(place.file("registry.db"));
    std::int64_t time = start;
    std::vector<Revocation> revoked;
    std::optional<Error> unknown;  // set: nobody can say
    std::string path;
    RevocationList list{
        loop.get_executor(),           keys, registry, path, [this] { return time; },
        [this] { return collected(); }};

    Result<std::vector<Revocation>> collected() const {
        if (unknown) return Error(*unknown);
        return revoked;
    }

    crypto::CrlFacts current() {
        const auto der = run_async(loop, list.current());
        REQUIRE(der);
        return facts_of(*der);
    }
    // What was signed is what the worker saw.
    crypto::CrlFacts facts_of(const Bytes& der) const {
        const auto facts = crypto::check_crl_tbs(keys.last_preimage);
        REQUIRE(facts);
        CHECK(der == *crypto::assemble_crl(keys.last_preimage, Bytes(64, 0x01)));
        return *facts;
    }
    Bytes in_file() const {
        std::ifstream file(path, std::ios::binary);
        return bytes_of(view_of(std::string(std::istreambuf_iterator<char>(file), {})));
    }
};

Revocation held(std::uint8_t serial, std::optional<std::int64_t> since = std::nullopt) {
    return {Bytes(16, serial), RevocationReason::certificate_hold, since};
}

}  // namespace

TEST_CASE("crl: it is made once, until what is revoked changes", "[daemon][crl]") {
    Bench bench;
    CHECK(bench.current().revoked.empty());
    CHECK(bench.current().number == static_cast<std::uint64_t>(start));
    CHECK(bench.keys.count("sign") == 1);
    bench.revoked = {held(5), held(3, start - 7)};
    bench.time += 10;
    const auto facts = bench.current();
    REQUIRE(facts.revoked.size() == 2);
    CHECK(facts.revoked[0] ==
          crypto::RevokedCertificate{Bytes(16, 3), start - 7, RevocationReason::certificate_hold});
    CHECK(facts.revoked[1].since == start + 10);
    CHECK(facts.this_update == start + 10 - 60);
    CHECK(facts.next_update == start + 10 + crl_lifetime);
    bench.time += 10;
    // It keeps the date it was listed with.
    CHECK(bench.current().number == facts.number);
    CHECK(bench.keys.count("sign") == 2);
    bench.revoked.clear();
    CHECK(bench.current().revoked.empty());
}

TEST_CASE("crl: another reason is another entry", "[daemon][crl]") {
    Bench bench;
    bench.revoked = {held(5)};
    (void)bench.current();
    bench.time += 20;
    bench.revoked = {{Bytes(16, 5), RevocationReason::privilege_withdrawn, std::nullopt}};
    const auto facts = bench.current();
    REQUIRE(facts.revoked.size() == 1);
    CHECK(facts.revoked[0].since == start + 20);
    CHECK(facts.revoked[0].reason == RevocationReason::privilege_withdrawn);
}

TEST_CASE("crl: renewed at half of its life, and when the clock went back", "[daemon][crl]") {
    Bench bench;
    (void)bench.current();
    bench.time = start + crl_lifetime / 2 - 1;
    (void)bench.current();
    CHECK(bench.keys.count("sign") == 1);
    bench.time = start + crl_lifetime / 2;
    (void)bench.current();
    CHECK(bench.keys.count("sign") == 2);
    bench.time = start - 5;
    CHECK(bench.current().next_update == start - 5 + crl_lifetime);
}

TEST_CASE("crl: its number only grows, over restarts and a clock that goes back", "[daemon][crl]") {
    Bench bench;
    bench.revoked = {held(1)};
    auto last = bench.current().number;
    bench.revoked = {held(2)};
    CHECK(bench.current().number == last + 1);
    last = bench.current().number;
    bench.time -= 1000;
    RevocationList again(
        bench.loop.get_executor(), bench.keys, bench.registry, "", [&] { return bench.time; },
        [&] { return bench.collected(); });
    REQUIRE(run_async(bench.loop, again.current()));
    CHECK(crypto::check_crl_tbs(bench.keys.last_preimage)->number == last + 1);
    // A registry of before: the clock is ahead of what it lost.
    REQUIRE(bench.registry.set_note("crl_number", "1"));
    bench.time = start + 5000;
    RevocationList restored(
        bench.loop.get_executor(), bench.keys, bench.registry, "", [&] { return bench.time; },
        [&] { return bench.collected(); });
    REQUIRE(run_async(bench.loop, restored.current()));
    CHECK(crypto::check_crl_tbs(bench.keys.last_preimage)->number ==
          static_cast<std::uint64_t>(start + 5000));
}

TEST_CASE("crl: without the chip there is no list rather than an older one", "[daemon][crl]") {
    Bench bench;
    (void)bench.current();
    CHECK_FALSE(bench.list.is_due());
    bench.revoked = {held(1)};
    CHECK(bench.list.is_due());
    bench.keys.sign_refuses = Error(Code::unavailable, "the chip is away");
    CHECK_FALSE(run_async(bench.loop, bench.list.current()));
    CHECK(bench.list.is_due());
    bench.keys.sign_refuses.reset();
    CHECK(bench.current().revoked.size() == 1);
    CHECK_FALSE(bench.list.is_due());
}

TEST_CASE("crl: who asks again at once is not another try, a stop is", "[daemon][crl]") {
    Bench bench;
    bench.keys.sign_refuses = Error(Code::unavailable, "the chip is away");
    CHECK_FALSE(run_async(bench.loop, bench.list.shown()));
    const auto tries = bench.keys.count("sign");
    bench.time += daemon::crl_pause - 1;
    CHECK_FALSE(run_async(bench.loop, bench.list.shown()));
    CHECK(bench.keys.count("sign") == tries);
    CHECK_FALSE(run_async(bench.loop, bench.list.current()));
    CHECK(bench.keys.count("sign") == tries + 1);
    bench.time += daemon::crl_pause;
    bench.keys.sign_refuses.reset();
    CHECK(run_async(bench.loop, bench.list.shown()));
}

TEST_CASE("crl: a list that was not signed takes no number", "[daemon][crl]") {
    Bench bench;
    bench.keys.sign_refuses = Error(Code::unavailable, "the chip is away");
    CHECK_FALSE(run_async(bench.loop, bench.list.current()));
    CHECK_FALSE(bench.registry.note("crl_number"));
    bench.keys.sign_refuses.reset();
    CHECK(bench.current().number == static_cast<std::uint64_t>(start));
    CHECK(bench.registry.note("crl_number") == std::to_string(start));
}

TEST_CASE("crl: past what a list holds, what is over leaves it first, and then there is none",
          "[daemon][crl]") {
    Bench bench;
    for (std::size_t i = 0; i < crypto::max_crl_entries; ++i) {
        Bytes serial(16, 1);
        serial[14] = static_cast<std::uint8_t>(i / 256);
        serial[15] = static_cast<std::uint8_t>(i % 256);
        bench.revoked.push_back({serial, RevocationReason::certificate_hold, std::nullopt});
    }
    CHECK(bench.current().revoked.size() == crypto::max_crl_entries);
    bench.revoked.push_back({Bytes(16, 9), RevocationReason::certificate_hold, std::nullopt, true});
    CHECK(bench.current().revoked.size() == crypto::max_crl_entries);
    bench.revoked.back().is_over = false;
    const auto calls = bench.keys.calls.size();
    const auto none = run_async(bench.loop, bench.list.current());
    REQUIRE_FALSE(none);
    CHECK(none.error().reason() == "crl_too_long");
    CHECK(bench.keys.calls.size() == calls);
    CHECK(bench.list.is_due());
}

TEST_CASE("crl: while nobody can say what is revoked there is no list, and none is due",
          "[daemon][crl]") {
    Bench bench("host.crl");
    (void)bench.current();
    bench.unknown = Error(Code::unavailable, "the disk is of before").because("anchor_differs");
    CHECK(run_async(bench.loop, bench.list.current()).error().reason() == "anchor_differs");
    CHECK(run_async(bench.loop, bench.list.publish()).error().reason() == "anchor_differs");
    CHECK(bench.list.standing() == RevocationList::Standing::unknown);
    CHECK(bench.keys.count("sign") == 1);
    CHECK_FALSE(std::filesystem::exists(bench.path));
    bench.unknown.reset();
    CHECK(bench.list.is_due());
}

TEST_CASE("crl: it says when it is to be renewed", "[daemon][crl]") {
    Bench bench;
    CHECK_FALSE(bench.list.renews_in());
    (void)bench.current();
    CHECK(bench.list.renews_in() == crl_lifetime / 2);
    bench.time += crl_lifetime / 2 + 7;
    CHECK(bench.list.renews_in() == 0);
}

TEST_CASE("crl: with the host fuse blown there is no CA, and nobody tries again", "[daemon][crl]") {
    Bench bench;
    (void)bench.current();
    bench.keys.host_fuse_blown = true;
    bench.revoked = {held(1)};
    const auto none = run_async(bench.loop, bench.list.current());
    REQUIRE_FALSE(none);
    CHECK(none.error().reason() == "no_ca");
    CHECK(bench.keys.count("sign") == 1);
    CHECK_FALSE(bench.list.is_due());
}

TEST_CASE("crl: the file is the list, for everybody to read, and follows it", "[daemon][crl]") {
    Bench bench("host.crl");
    CHECK(bench.list.is_due());
    REQUIRE(run_async(bench.loop, bench.list.publish()));
    const Bytes first = bench.in_file();
    CHECK(first == *run_async(bench.loop, bench.list.current()));
    CHECK_FALSE(bench.list.is_due());
    struct ::stat status{};
    REQUIRE(::stat(bench.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0644U);
    CHECK_FALSE(std::filesystem::exists(bench.path + ".new"));
    bench.revoked = {held(1)};
    REQUIRE(run_async(bench.loop, bench.list.publish()));
    CHECK(bench.in_file() != first);
    CHECK(bench.in_file() == *run_async(bench.loop, bench.list.current()));
}

TEST_CASE("crl: a folder that is not there is said, and due until it is", "[daemon][crl]") {
    Bench bench("missing/host.crl");
    const auto published = run_async(bench.loop, bench.list.publish());
    REQUIRE_FALSE(published);
    CHECK(published.error().text().find("missing/host.crl") != std::string::npos);
    CHECK(bench.list.is_due());
    // Who asks for it still gets it.
    CHECK(run_async(bench.loop, bench.list.current()));
    CHECK(bench.list.is_due());
    std::filesystem::create_directory(bench.place.file("missing"));
    REQUIRE(run_async(bench.loop, bench.list.publish()));
    CHECK_FALSE(bench.list.is_due());
}

TEST_CASE("crl: a file that is a link elsewhere is not written through", "[daemon][crl]") {
    Bench bench("host.crl");
    std::ofstream(bench.place.file("victim")) << "untouched";
    std::filesystem::create_symlink(bench.place.file("victim"), bench.path + ".new");
    REQUIRE(run_async(bench.loop, bench.list.publish()));
    CHECK_FALSE(std::filesystem::is_symlink(bench.path));
    std::ifstream victim(bench.place.file("victim"));
    CHECK(std::string(std::istreambuf_iterator<char>(victim), {}) == "untouched");
}

TEST_CASE("crl: where nothing is revoked, nobody asked and nothing is published, nothing is signed",
          "[daemon][crl]") {
    Bench bench;
    REQUIRE(run_async(bench.loop, bench.list.publish()));
    CHECK(bench.keys.count("sign") == 0);
    bench.revoked = {held(1)};
    REQUIRE(run_async(bench.loop, bench.list.publish()));
    CHECK(bench.keys.count("sign") == 1);
    // From here on somebody may have a list on which it stands.
    bench.revoked.clear();
    REQUIRE(run_async(bench.loop, bench.list.publish()));
    CHECK(bench.keys.count("sign") == 2);
}

TEST_CASE("crl: two who ask at once have one signature", "[daemon][crl]") {
    Bench bench;
    bench.keys.hold();
    const auto one = start_async(bench.loop, bench.list.current());
    const auto other = start_async(bench.loop, bench.list.current());
    bench.loop.poll();
    bench.keys.let_go();
    bench.loop.restart();
    bench.loop.run();
    CHECK(***one == ***other);
    CHECK(bench.keys.count("sign") == 1);
}
