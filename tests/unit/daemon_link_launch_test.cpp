// Launches on the wire: what one side says the other understands, and nothing else is understood.
#include "daemon/link/kept.h"
#include "daemon/link/launched.h"
#include "tests/support/launch_samples.h"

using holdfast::Bytes;
using holdfast::Descriptor;
using holdfast::Sha256;
using namespace holdfast::daemon;
using namespace holdfast::test;
namespace attest = holdfast::attest;

namespace {

std::vector<Descriptor> descriptors(std::size_t count) {
    std::vector<Descriptor> some;
    while (some.size() < count)
        some.push_back(a_file());
    return some;
}

// The members of an instance as they are written, so that a test can write one of them wrong.
struct Written {
    std::string agent = "bot";
    std::string instance = "ab";
    std::uint64_t version = 1;
    std::uint8_t signers = 1, kill_on_change = 1, running = 1;
    std::size_t digest = sizeof(Sha256);
    std::size_t digests = 5;
    std::uint32_t pid = 2;
    std::uint32_t missing_said = 0, missing = 0;
    std::size_t left_over = 0;

    bool decodes(std::size_t with = 3) const {
        PayloadWriter out;
        out.text(agent).text(instance).u64(version);
        out.u8(signers).u8(kill_on_change).u8(running);
        for (std::size_t i = 0; i < digests; ++i)
            out.bytes(Bytes(digest, 7));
        out.u32(pid).u32(70000).u64(5).text("/group").text("/log");
        out.u32(missing_said);
        for (std::uint32_t i = 0; i < missing; ++i)
            out.text("a guarantee");
        Bytes payload = out.take();
        payload.resize(payload.size() + left_over);
        return decode_launched(Reply{std::move(payload), descriptors(with)}).has_value();
    }
};

// Where each of the notices, orders and instances says which instance it is about.
std::vector<bool> accepted_by_all(const std::string& instance) {
    Written written;
    written.instance = instance;
    LaunchOrder order;
    order.agent = "bot";
    order.instance = instance;
    LaunchNotice notice;
    notice.instance = instance;
    return {written.decodes(), decode_launch_order(encode(order)).has_value(),
            decode_end_order(encode(EndOrder{instance, Ending::kill})).has_value(),
            decode_launch_notice(encode(notice)).has_value(),
            decode_forget(forget_message(instance).payload).has_value()};
}
const std::vector<bool> all(5, true);
const std::vector<bool> none(5, false);

}  // namespace

TEST_CASE("codec: a launched instance comes through, each descriptor in its place",
          "[daemon][link][codec][launch]") {
    const auto sent = an_instance();
    auto reply = encode(sent);
    REQUIRE(reply);
    const auto got = decode_launched(*std::move(reply));
    REQUIRE(got);
    CHECK(got->agent == sent.agent);
    CHECK(got->instance == sent.instance);
    CHECK(got->version == sent.version);
    CHECK(got->manifest == sent.manifest);
    CHECK(got->tree == sent.tree);
    CHECK(got->arguments_environment == sent.arguments_environment);
    CHECK(got->sandbox == sent.sandbox);
    CHECK(got->entrypoint == sent.entrypoint);
    CHECK(got->signers == sent.signers);
    CHECK_FALSE(got->kill_on_change);
    CHECK(got->running);
    CHECK(got->pid == sent.pid);
    CHECK(got->uid == sent.uid);
    CHECK(got->cgroup == sent.cgroup);
    CHECK(got->cgroup_path == sent.cgroup_path);
    CHECK(got->log == sent.log);
    CHECK(got->missing == sent.missing);
    CHECK(inode_of(got->pidfd) == inode_of(sent.pidfd));
    CHECK(inode_of(got->view) == inode_of(sent.view));
    CHECK(inode_of(got->code) == inode_of(sent.code));
}

TEST_CASE("codec: who sends an instance keeps its descriptors, and has all of them to send",
          "[daemon][link][codec][launch]") {
    auto sent = an_instance();
    REQUIRE(encode(sent));
    CHECK(sent.pidfd);
    sent.code = Descriptor();
    CHECK_FALSE(encode(sent));
}

TEST_CASE("codec: a malformed instance is none, whichever field it is",
          "[daemon][link][codec][launch]") {
    REQUIRE(Written{}.decodes());
    const auto refused = [](auto change) {
        Written written;
        change(written);
        return !written.decodes();
    };
    for (const int signers : {0, 3, 255})
        CHECK(refused([&](Written& w) { w.signers = static_cast<std::uint8_t>(signers); }));
    CHECK(refused([](Written& w) { w.kill_on_change = 2; }));
    CHECK(refused([](Written& w) { w.running = 2; }));
    for (const std::uint32_t pid : {0U, 0x80000000U, 0xffffffffU})
        CHECK(refused([&](Written& w) { w.pid = pid; }));
    for (const std::size_t size : {0UL, 31UL, 33UL})
        CHECK(refused([&](Written& w) { w.digest = size; }));
    CHECK(refused([](Written& w) { w.digests = 4; }));
    CHECK(refused([](Written& w) { w.left_over = 1; }));
    CHECK(refused([](Written& w) { w.missing_said = 1; }));
}

TEST_CASE("codec: a version is at most what a manifest may have", "[daemon][link][codec][launch]") {
    Written written;
    written.version = static_cast<std::uint64_t>(attest::max_manifest_version);
    CHECK(written.decodes());
    ++written.version;
    CHECK_FALSE(written.decodes());
}

TEST_CASE("codec: eight guarantees may be missing, and not nine", "[daemon][link][codec][launch]") {
    Written written;
    written.missing = written.missing_said = max_missing_guarantees;
    CHECK(written.decodes());
    written.missing = written.missing_said = max_missing_guarantees + 1;
    CHECK_FALSE(written.decodes());
}

TEST_CASE("codec: an instance has three descriptors", "[daemon][link][codec][launch]") {
    for (const std::size_t count : {0UL, 2UL, 4UL})
        CHECK_FALSE(Written{}.decodes(count));
}

TEST_CASE("codec: an instance's id is lower hex, one to sixty-four digits",
          "[daemon][link][codec][launch]") {
    CHECK(accepted_by_all("0") == all);
    CHECK(accepted_by_all("0123456789abcdef") == all);
    CHECK(accepted_by_all(std::string(max_instance_id, 'f')) == all);
    CHECK(accepted_by_all(std::string(max_instance_id + 1, 'f')) == none);
    for (const char* wrong : {"", "A", "g", "..", "a/b", "a ", "-a", "`", ":"}) {
        INFO(wrong);
        CHECK(accepted_by_all(wrong) == none);
    }
    CHECK(accepted_by_all(std::string("a\0b", 3)) == none);
}

TEST_CASE("codec: an order to launch comes through, with and without a manifest",
          "[daemon][link][codec][launch]") {
    Sha256 manifest{};
    manifest.fill(9);
    const LaunchOrder with{"bot", "ab", manifest, true};
    const LaunchOrder without{"bot", "ab", std::nullopt, false};
    for (const auto& order : {with, without}) {
        const auto got = decode_launch_order(encode(order));
        REQUIRE(got);
        CHECK(got->agent == order.agent);
        CHECK(got->instance == order.instance);
        CHECK(got->manifest == order.manifest);
        CHECK(got->allow_downgrade == order.allow_downgrade);
        auto longer = encode(order);
        longer.push_back(0);
        CHECK_FALSE(decode_launch_order(longer));
        auto shorter = encode(order);
        shorter.pop_back();
        CHECK_FALSE(decode_launch_order(shorter));
    }
}

TEST_CASE("codec: a malformed order to launch is none", "[daemon][link][codec][launch]") {
    const auto decodes = [](std::uint8_t has, const Bytes& manifest, std::uint8_t downgrade) {
        PayloadWriter out;
        out.text("bot").text("ab").u8(has);
        if (has != 0) out.bytes(manifest);
        return decode_launch_order(out.u8(downgrade).take()).has_value();
    };
    CHECK(decodes(1, Bytes(32, 1), 1));
    CHECK(decodes(0, {}, 0));
    CHECK_FALSE(decodes(2, Bytes(32, 1), 1));
    CHECK_FALSE(decodes(1, Bytes(31, 1), 1));
    CHECK_FALSE(decodes(1, Bytes(33, 1), 1));
    CHECK_FALSE(decodes(0, {}, 2));
}

TEST_CASE("codec: an instance ends in one of four ways", "[daemon][link][codec][launch]") {
    for (const auto ending : {Ending::stop, Ending::kill, Ending::freeze, Ending::thaw}) {
        const auto got = decode_end_order(encode(EndOrder{"ab", ending}));
        REQUIRE(got);
        CHECK(got->instance == "ab");
        CHECK(got->ending == ending);
    }
    for (const int wrong : {0, 5, 255})
        CHECK_FALSE(decode_end_order(
            PayloadWriter().text("ab").u8(static_cast<std::uint8_t>(wrong)).take()));
    auto longer = encode(EndOrder{"ab", Ending::kill});
    longer.push_back(0);
    CHECK_FALSE(decode_end_order(longer));
}

TEST_CASE("codec: a notice says which of two things happened", "[daemon][link][codec][launch]") {
    for (const auto kind : {LaunchNotice::Kind::ended, LaunchNotice::Kind::exec_refused}) {
        const auto got = decode_launch_notice(encode(LaunchNotice{kind, "ab", "exit status 3"}));
        REQUIRE(got);
        CHECK(got->kind == kind);
        CHECK(got->instance == "ab");
        CHECK(got->detail == "exit status 3");
    }
    for (const int wrong : {0, 3, 255})
        CHECK_FALSE(decode_launch_notice(
            PayloadWriter().u8(static_cast<std::uint8_t>(wrong)).text("ab").text("").take()));
    CHECK_FALSE(decode_launch_notice(PayloadWriter().u8(1).text("ab").text("").u8(0).take()));
}

TEST_CASE("codec: what the supervisor keeps comes through, with and without a control group",
          "[daemon][link][codec][launch]") {
    auto kept = a_kept();
    auto message = encode_kept(kept);
    REQUIRE(message);
    CHECK(message->operation == Operation::keep_instance);
    CHECK(message->id == 0);
    auto got = decode_kept(*std::move(message));
    REQUIRE(got);
    CHECK(got->facts.instance == kept.facts.instance);
    CHECK(inode_of(got->facts.pidfd) == inode_of(kept.facts.pidfd));
    CHECK(inode_of(got->facts.view) == inode_of(kept.facts.view));
    CHECK(inode_of(got->facts.code) == inode_of(kept.facts.code));
    CHECK(inode_of(got->listener) == inode_of(kept.listener));
    CHECK(inode_of(got->output) == inode_of(kept.output));
    CHECK(inode_of(got->cgroup) == inode_of(kept.cgroup));

    kept.cgroup = Descriptor();
    message = encode_kept(kept);
    REQUIRE(message);
    got = decode_kept(*std::move(message));
    REQUIRE(got);
    CHECK_FALSE(got->cgroup);
    CHECK(inode_of(got->listener) == inode_of(kept.listener));
    CHECK(inode_of(got->output) == inode_of(kept.output));
}

TEST_CASE("codec: what is kept has five descriptors or six", "[daemon][link][codec][launch]") {
    for (const std::size_t count : {0UL, 3UL, 4UL, 5UL, 6UL, 7UL}) {
        auto message = encode_kept(a_kept());
        REQUIRE(message);
        message->descriptors = descriptors(count);
        INFO(count);
        CHECK(decode_kept(*std::move(message)).has_value() == (count == 5 || count == 6));
    }
}

TEST_CASE("codec: an instance is forgotten by its id", "[daemon][link][codec][launch]") {
    const auto message = forget_message("ab");
    CHECK(message.operation == Operation::forget_instance);
    CHECK(message.descriptors.empty());
    const auto got = decode_forget(message.payload);
    REQUIRE(got);
    CHECK(*got == "ab");
}
