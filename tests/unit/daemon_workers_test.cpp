// The workers' judgement and loop, on a key store without hardware.
#include <fcntl.h>
#include <sys/socket.h>

#include <array>

#include "core/crypto/certificate.h"
#include "daemon/process.h"
#include "daemon/workers/measurer.h"
#include "daemon/workers/serve.h"
#include "tests/support/catch.h"
#include "tests/support/key_samples.h"
#include "tests/support/keys_worker_bench.h"

using namespace holdfast;
using namespace holdfast::daemon;
using tests::KeysWorkerBench;

namespace {

constexpr std::int64_t day = 24L * 3600;

}  // namespace

TEST_CASE("keys worker: bytes of no family are refused before the chip is asked",
          "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    const int before = fixture.store.signatures;
    REQUIRE(fixture.ask(Operation::create, encode(tests::plain_key_of("bot"))));
    for (const char* id : {"agent-bot-1", "ca", "ledger"}) {
        const auto refused = fixture.ask(Operation::sign, encode(SignRequest{id, Bytes(32, 7)}));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code() == Code::denied);
    }
    CHECK(fixture.store.signatures == before);
}

TEST_CASE("keys worker: what signatures keep in the chip is let go before any other verb",
          "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    int rests = fixture.store.rests;
    (void)fixture.ask(Operation::sign, encode(SignRequest{"ca", Bytes(32, 7)}));
    CHECK(fixture.store.rests == rests);
    for (const auto operation :
         {Operation::host, Operation::create, Operation::list, Operation::attest,
          Operation::activate, Operation::blow_fuse, Operation::destroy}) {
        (void)fixture.ask(operation);
        CHECK(fixture.store.rests == ++rests);
    }
}

TEST_CASE("keys worker: the CA signs only for a key that is this agent's and alive",
          "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    const auto made = fixture.ask(Operation::create, encode(tests::plain_key_of("bot")));
    const auto key = decode_key(made->body);
    CHECK(fixture.certify("bot", key->spki));
    CHECK_FALSE(fixture.certify("other", key->spki));
    CHECK_FALSE(fixture.certify("bot", fixture.host().ledger.spki));
    REQUIRE(fixture.ask(Operation::blow_fuse, encode_name(key->id)));
    const auto dead = fixture.certify("bot", key->spki);
    REQUIRE_FALSE(dead);
    CHECK(dead.error().reason() == "fuse_blown");
}

TEST_CASE("keys worker: the CA certificate is kept, and renewed with 10 days left",
          "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    const auto first = fixture.host().ca_certificate;
    fixture.now += 19 * day;
    CHECK(fixture.host().ca_certificate == first);
    fixture.now += 2 * day;
    const auto second = fixture.host().ca_certificate;
    CHECK(second != first);
    CHECK(crypto::parse_certificate(second)->not_after > fixture.now + 29 * day);
}

TEST_CASE("keys worker: with the host fuse blown it offers no certificate, valid or not",
          "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    CHECK_FALSE(fixture.host().ca_certificate.empty());
    REQUIRE(fixture.ask(Operation::blow_host_fuse));
    // The front learns from this that its host was ended, whatever its registry says.
    CHECK(fixture.host().ca_certificate.empty());
    CHECK(fixture.host().ca.id == "ca");
    fixture.now += 50 * day;
    CHECK(fixture.host().ca_certificate.empty());
    CHECK(fixture.worker.prepare());
}

TEST_CASE("keys worker: the host's own keys are ended by the host fuse only", "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    for (const auto operation : {Operation::blow_fuse, Operation::destroy}) {
        const auto refused = fixture.ask(operation, encode_name("ca"));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code() == Code::denied);
    }
    CHECK(*fixture.store.fuse_state("ca") == hsm::FuseState::intact);
}

TEST_CASE("keys worker: events reach the register as they are, and its state is told",
          "[daemon][workers][register]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    const auto reply = fixture.ask(Operation::extend_register, encode_name(R"({"type":"stop"})"));
    REQUIRE(reply);
    CHECK(decode_position(reply->body)->events == 2);
    CHECK(fixture.registrar.extended == std::vector<std::string>{R"({"type":"stop"})"});
    fixture.registrar.reason.assign(max_error_text + 1, 'x');
    const auto status = decode_register(fixture.ask(Operation::register_log)->body);
    REQUIRE(status);  // a reason too long for the link is cut, not the reply refused
    CHECK(status->state == RegisterState::broken);
    CHECK(fixture.host().event_register == *status);
    CHECK_FALSE(fixture.ask(Operation::register_log, Bytes{1}));
}

TEST_CASE("keys worker: the anchor counter is read, and counts to where it is asked",
          "[daemon][workers][anchor]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    const auto ask = [&](Operation operation, Bytes payload) {
        auto reply = fixture.ask(operation, std::move(payload));
        return reply ? decode_anchor(reply->body) : Result<AnchorReading>(reply.error());
    };
    CHECK(ask(Operation::read_anchor, {})->state == AnchorState::absent);
    CHECK(ask(Operation::advance_anchor, encode_anchor_value(0))->value == 41);
    CHECK(ask(Operation::advance_anchor, encode_anchor_value(42))->value == 42);
    CHECK(ask(Operation::advance_anchor, encode_anchor_value(42))->value == 42);
    CHECK(fixture.anchor.counted == 2);
    CHECK(ask(Operation::advance_anchor, encode_anchor_value(44)).error().reason() ==
          hsm::anchor_differs);
    CHECK(ask(Operation::read_anchor, {})->value == 42);
}

TEST_CASE("keys worker: sessions are flushed when asked", "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    REQUIRE(fixture.ask(Operation::flush_sessions));
    CHECK(fixture.store.flushes == 1);
}

TEST_CASE("keys worker: malformed requests are refused one by one", "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    for (const auto operation :
         {Operation::create, Operation::sign, Operation::attest, Operation::activate,
          Operation::extend_register, Operation::register_log, Operation::blow_fuse,
          Operation::blow_host_fuse, Operation::destroy, Operation::read_anchor,
          Operation::advance_anchor, Operation::flush_sessions, Operation::measure})
        CHECK_FALSE(fixture.ask(operation, Bytes{1}));
    CHECK_FALSE(fixture.ask(Operation::create, encode_name("../ca")));
}

TEST_CASE("measurer: knows two requests, and a process only with its pidfd", "[daemon][workers]") {
    const MeasurerRules rules{false, "/nowhere"};
    Message request;
    request.operation = Operation::measure;
    request.payload = encode(MeasureRequest{1, 0});
    CHECK_FALSE(answer_measurer(request, rules));
    request.descriptors.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    request.operation = Operation::sign;
    const auto refused = answer_measurer(request, rules);
    REQUIRE((!refused && refused.error().code() == Code::invalid));
}

namespace {

// Both links of a worker; requests wait in the socket until serve() runs.
struct Loop {
    Loop() {
        for (auto* ends : {&supervisor, &front}) {
            std::array<int, 2> pair{};
            REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) == 0);
            (*ends)[0] = Descriptor(pair[0]);
            (*ends)[1] = Descriptor(pair[1]);
        }
    }
    void ask(std::uint64_t id, std::uint64_t deadline_ns = 0) const {
        Message request;
        request.id = id;
        request.operation = Operation::list;
        request.deadline_ns = deadline_ns;
        REQUIRE(send_message(front[0].get(), request));
    }
    Result<Reply> answer() const {
        auto message = receive_message(front[0].get());
        REQUIRE(message);
        auto reply = decode_reply(*std::move(message));
        REQUIRE(reply);
        return *std::move(reply);
    }
    int serve(const Service& service) const {
        return holdfast::daemon::serve({supervisor[1].get(), front[1].get()}, service);
    }
    std::array<Descriptor, 2> supervisor, front;
};

Service counting(int& handled, int last, Loop& loop) {
    Service service;
    service.handle = [&handled, last, &loop](const Message&) -> Result<Reply> {
        if (++handled == last) loop.supervisor[0] = Descriptor();
        return Reply{};
    };
    service.fatal_reason = "dead";
    return service;
}

}  // namespace

TEST_CASE("serve: ends in order when the supervisor's link ends", "[daemon][workers]") {
    Loop loop;
    int handled = 0;
    loop.ask(1);
    loop.ask(2);
    CHECK(loop.serve(counting(handled, 1, loop)) == 0);
    CHECK(handled == 1);
}

TEST_CASE("serve: a request whose deadline has passed is answered, not handled",
          "[daemon][workers]") {
    Loop loop;
    int handled = 0;
    loop.ask(1, 1);
    loop.ask(2, ~0ULL);
    CHECK(loop.serve(counting(handled, 1, loop)) == 0);
    const auto late = loop.answer();
    REQUIRE_FALSE(late);
    CHECK(late.error().code() == Code::timeout);
    CHECK(loop.answer());
    CHECK(handled == 1);
}

TEST_CASE("serve: ends after answering with the fatal reason", "[daemon][workers]") {
    Loop loop;
    Service service;
    service.handle = [](const Message&) -> Result<Reply> {
        return Error(Code::unavailable, "lost").because("dead");
    };
    service.fatal_reason = "dead";
    loop.ask(1);
    CHECK(loop.serve(service) == exit_try_later);
    CHECK(loop.answer().error().reason() == "dead");
}

TEST_CASE("serve: rests once when nobody asks for a while, and again after the next request",
          "[daemon][workers]") {
    Loop loop;
    int rests = 0;
    Service service;
    service.handle = [](const Message&) { return Result<Reply>(Reply{}); };
    service.rest = [&] {
        if (++rests == 1) return loop.ask(2);
        loop.supervisor[0] = Descriptor();
    };
    loop.ask(1);
    CHECK(loop.serve(service) == 0);
    CHECK(rests == 2);
    CHECK(loop.answer());
    CHECK(loop.answer());
}

TEST_CASE("serve: a front that is gone or talks nonsense ends it", "[daemon][workers]") {
    int handled = 0;
    Loop gone;
    gone.front[0] = Descriptor();
    CHECK(gone.serve(counting(handled, 1, gone)) == 0);
    Loop nonsense;
    REQUIRE(::send(nonsense.front[0].get(), "x", 1, 0) == 1);
    CHECK(nonsense.serve(counting(handled, 1, nonsense)) == 1);
    CHECK(handled == 0);
}
