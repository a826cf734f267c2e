// Importers: a few at a time, each for one question, and none that holds up the launcher.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "daemon/launcher/importers.h"
#include "daemon/launcher/store_jobs.h"
#include "daemon/link/codec.h"
#include "tests/support/catch.h"
#include "tests/support/child.h"

using namespace holdfast;
using daemon::Importers;
using daemon::Message;
using daemon::Operation;
using daemon::Reply;

namespace {

// One datagram in, the same one out: the question as the answer.
const std::string echo = "dd bs=70000 count=1 <&3 >&3 2>/dev/null\n";

struct Bench {
    explicit Bench(const std::string& script) {
        std::ofstream(program) << "#!/bin/sh\n" << script;
        REQUIRE(::chmod(program.c_str(), 0755) == 0);
    }
    static Message question(Operation operation = Operation::list_store) {
        Message message;
        message.id = 9;
        message.operation = operation;
        message.payload = {1, 2, 3};
        return message;
    }
    std::uint64_t start(Operation operation = Operation::list_store) {
        const auto job = importers.start(question(operation));
        REQUIRE(job);
        return *job;
    }
    void wait_for(std::size_t answers) {
        while (answered.size() < answers) {
            std::vector<pollfd> watched;
            importers.watch(watched);
            REQUIRE(::poll(watched.data(), watched.size(), 30'000) > 0);
            importers.serve(watched);
        }
    }
    std::string text(const std::string& suffix) const {
        std::ifstream file(program + suffix);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    test::Directory directory;
    std::string program = directory.path("importer");
    std::vector<std::pair<std::uint64_t, Result<Message>>> answered;
    Importers importers{program, [this](std::uint64_t job, Result<Message> answer) {
                            answered.emplace_back(job, std::move(answer));
                        }};
};

bool has_no_children() {
    return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
}

std::string reason_in(const Message& message) {
    daemon::PayloadReader in(message.payload);
    REQUIRE(in.u64());
    auto payload = in.bytes();
    REQUIRE(payload);
    Message reply;
    reply.payload = *std::move(payload);
    for (const auto& each : message.descriptors)
        reply.descriptors.emplace_back(::fcntl(each.get(), F_DUPFD_CLOEXEC, 0));
    const auto decoded = daemon::decode_reply(std::move(reply));
    REQUIRE(decoded);
    return *decoded ? "body of " + std::to_string((*decoded)->body.size())
                    : (*decoded).error().reason();
}

}  // namespace

TEST_CASE("importers: the question goes to a process of its own, its answer comes with the job",
          "[daemon][launcher][importers]") {
    Bench bench(echo);
    const auto first = bench.start();
    const auto second = bench.start(Operation::check_store);
    CHECK(first != second);
    bench.wait_for(2);
    for (const auto& [job, answer] : bench.answered) {
        REQUIRE(answer);
        CHECK(answer->operation == (job == first ? Operation::list_store : Operation::check_store));
        CHECK(answer->payload == Bench::question().payload);
    }
    CHECK(has_no_children());
}

TEST_CASE("importers: four are at work at a time, and one more is refused",
          "[daemon][launcher][importers]") {
    Bench bench("read go <\"$0.fifo\"; " + echo);
    REQUIRE(::mkfifo((bench.program + ".fifo").c_str(), 0600) == 0);
    for (std::size_t i = 0; i < daemon::max_importers; ++i)
        (void)bench.start();
    const auto refused = bench.importers.start(Bench::question());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::busy);
    CHECK(refused.error().reason() == "store_busy");
    CHECK(refused.error().retry() == Retry::later);

    const Descriptor fifo(::open((bench.program + ".fifo").c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::write(fifo.get(), "a\n", 2) == 2);
    bench.wait_for(1);
    CHECK(bench.importers.start(Bench::question()));
    REQUIRE(::write(fifo.get(), "a\nb\nc\nd\n", 8) == 8);
    bench.wait_for(daemon::max_importers + 1);
    CHECK(has_no_children());
}

TEST_CASE("importers: one that dies is an error for who asked, and for nobody else",
          "[daemon][launcher][importers]") {
    Bench bench("exit 0\n");
    SECTION("at once") {}
    SECTION("never begun") {
        REQUIRE(::unlink(bench.program.c_str()) == 0);
    }
    SECTION("in the middle") {
        std::ofstream(bench.program) << "#!/bin/sh\nkill -9 $$\n";
    }
    SECTION("with nonsense on its lips") {
        std::ofstream(bench.program) << "#!/bin/sh\nprintf nonsense >&3\n";
    }
    const auto job = bench.start();
    bench.wait_for(1);
    CHECK(bench.answered.front().first == job);
    const auto& answer = bench.answered.front().second;
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code() == Code::unavailable);
    CHECK(has_no_children());
    CHECK_FALSE(bench.importers.is_at_work(Operation::list_store));
}

TEST_CASE("importers: one that does not end after its answer is ended",
          "[daemon][launcher][importers]") {
    Bench bench(echo + "exec sleep 1000\n");
    (void)bench.start();
    bench.wait_for(1);
    CHECK(bench.answered.front().second);
    CHECK(has_no_children());
}

TEST_CASE("importers: which kind of question is at work", "[daemon][launcher][importers]") {
    Bench bench(echo);
    CHECK_FALSE(bench.importers.is_at_work(Operation::collect_store));
    (void)bench.start(Operation::collect_store);
    CHECK(bench.importers.is_at_work(Operation::collect_store));
    CHECK_FALSE(bench.importers.is_at_work(Operation::import_code));
    bench.wait_for(1);
    CHECK_FALSE(bench.importers.is_at_work(Operation::collect_store));
}

TEST_CASE("importers: it gets its link and a PATH, and nothing of the launcher's",
          "[daemon][launcher][importers]") {
    Bench bench(
        "tr '\\0' '\\n' </proc/$$/environ >\"$0.environment\"\n"
        "for d in 3 4 5 6 7 8 9; do "
        "[ -e /proc/$$/fd/$d ] && echo $d; done >\"$0.descriptors\"\n" +
        echo);
    REQUIRE(::setenv("HOLDFAST_TEST_SECRET", "ours", 1) == 0);
    const Descriptor ours(::open("/etc/passwd", O_RDONLY));
    (void)bench.start();
    bench.wait_for(1);
    REQUIRE(::unsetenv("HOLDFAST_TEST_SECRET") == 0);
    CHECK(bench.text(".environment") == "PATH=/usr/bin:/bin\n");
    CHECK(bench.text(".descriptors") == "3\n");
}

TEST_CASE("store answer: what the importer answered goes on to who asked",
          "[daemon][launcher][importers]") {
    const auto passed_on = [](Result<Message> answer) {
        const auto message = daemon::store_answer(7, std::move(answer));
        CHECK(message.id == 0);
        CHECK(message.operation == Operation::store_answer);
        CHECK(message.payload.size() <= daemon::max_payload);
        CHECK(*daemon::PayloadReader(message.payload).u64() == 7);
        return reason_in(message);
    };
    CHECK(passed_on(daemon::encode_reply(Message{}, Reply{{1, 2, 3}, {}})) == "body of 3");
    CHECK(passed_on(daemon::encode_reply(Message{}, Reply{Bytes(1UL << 20), {}})) ==
          "body of 1048576");
    CHECK(passed_on(daemon::encode_reply(Message{}, Error(Code::denied, "no").because("why"))) ==
          "why");
    CHECK(passed_on(Error(Code::unavailable, "ended").because("x")) == "x");
}

TEST_CASE("store answer: nonsense of an importer's is an error, and ends neither link",
          "[daemon][launcher][importers]") {
    Message nonsense;
    SECTION("nothing") {}
    SECTION("no reply") {
        nonsense.payload = {9, 9, 9};
    }
    SECTION("as long as a message may be") {
        nonsense = daemon::encode_reply(Message{}, Reply{{1}, {}});
        nonsense.payload.resize(daemon::max_payload);
    }
    SECTION("descriptors nobody expects") {
        nonsense.payload = {9};
        for (int i = 0; i < 5; ++i)
            nonsense.descriptors.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    const auto message = daemon::store_answer(7, std::move(nonsense));
    CHECK(message.payload.size() <= daemon::max_payload);
    CHECK(message.descriptors.empty());
    CHECK(reason_in(message) == "importer_failed");
}
