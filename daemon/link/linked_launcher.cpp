#include "daemon/link/linked_launcher.h"

#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <optional>
#include <utility>

#include "daemon/link/bell.h"

namespace holdfast::daemon {
namespace {

constexpr std::size_t max_early_answers = 8;
constexpr std::chrono::minutes store_patience{30};  // a tree of gigabytes, from a slow disk

Bytes payload_for(std::string instance) {
    return encode(EndOrder{std::move(instance), Ending::kill});
}

Result<std::vector<std::string>> decode_running(ByteView body) {
    PayloadReader in(body);
    HOLDFAST_TRY(count, in.u32());
    if (count > max_instances) return Error(Code::invalid, "link: more instances than may be");
    std::vector<std::string> running;
    for (std::uint32_t i = 0; i < count; ++i) {
        HOLDFAST_TRY(instance, in.text());
        running.push_back(std::move(instance));
    }
    HOLDFAST_CHECK(in.finish());
    return running;
}

Error replaced() {
    return Error(Code::unavailable, "the launcher was replaced", Retry::later)
        .because("launcher_unavailable");
}

}  // namespace

struct LinkedLauncher::Job {
    explicit Job(const boost::asio::any_io_executor& executor) : answered(executor) {}

    Bell answered;
    std::optional<Result<Reply>> answer;
};

Async<Reply> LinkedLauncher::ask(Operation operation, Bytes payload) {
    Errand errand{operation, std::move(payload), {}, ""};
    co_return co_await link_.call(std::move(errand));
}

Async<LaunchedInstance> LinkedLauncher::prepare(LaunchOrder order) {
    Bytes payload = encode(order);
    HOLDFAST_CO_TRY(reply, co_await ask(Operation::prepare_launch, std::move(payload)));
    co_return decode_launched(std::move(reply));
}

Async<std::monostate> LinkedLauncher::release(std::string instance) {
    Bytes payload = payload_for(std::move(instance));
    HOLDFAST_CO_TRY(reply, co_await ask(Operation::release_launch, std::move(payload)));
    co_return PayloadReader(reply.body).finish();
}

Async<std::monostate> LinkedLauncher::end(EndOrder order) {
    Bytes payload = encode(order);
    HOLDFAST_CO_TRY(reply, co_await ask(Operation::end_instance, std::move(payload)));
    co_return PayloadReader(reply.body).finish();
}

Async<std::vector<std::string>> LinkedLauncher::running() {
    HOLDFAST_CO_TRY(reply, co_await ask(Operation::list_instances, Bytes()));
    co_return decode_running(reply.body);
}

Async<LaunchedInstance> LinkedLauncher::describe(std::string instance) {
    Bytes payload = payload_for(std::move(instance));
    HOLDFAST_CO_TRY(reply, co_await ask(Operation::describe_instance, std::move(payload)));
    co_return decode_launched(std::move(reply));
}

Async<Bytes> LinkedLauncher::ask_store(Operation operation, Bytes payload) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    const std::uint64_t launcher = launchers_;
    HOLDFAST_CO_TRY(begun, co_await ask(operation, std::move(payload)));
    // Its number came, and the launcher went before this continued: the number is another's now.
    if (launchers_ != launcher) co_return replaced();
    HOLDFAST_CO_TRY(number, PayloadReader(begun.body).u64());
    if (auto early = early_.extract(number)) {
        HOLDFAST_CO_TRY(at_once, std::move(early.mapped()));
        co_return std::move(at_once.body);
    }
    const auto job = std::make_shared<Job>(executor);
    jobs_.emplace(number, job);
    co_await job->answered.rung_within(store_patience);
    if (launchers_ == launcher) jobs_.erase(number);
    if (!job->answer)
        co_return Error(Code::timeout, "the importer does not answer").because("store_timeout");
    HOLDFAST_CO_TRY(reply, *std::move(job->answer));
    co_return std::move(reply.body);
}

Done LinkedLauncher::take_answer(Message message) {
    PayloadReader in(message.payload);
    HOLDFAST_TRY(number, in.u64());
    HOLDFAST_TRY(payload, in.bytes());
    HOLDFAST_CHECK(in.finish());
    Message reply;
    reply.payload = std::move(payload);
    reply.descriptors = std::move(message.descriptors);
    HOLDFAST_TRY(answer, decode_reply(std::move(reply)));
    const auto found = jobs_.find(number);
    if (found == jobs_.end()) {
        // It came right behind the number, whose coroutine has not run yet; or nobody waits.
        early_.insert_or_assign(number, std::move(answer));
        if (early_.size() > max_early_answers) early_.erase(early_.begin());
        return done();
    }
    found->second->answer.emplace(std::move(answer));
    found->second->answered.ring();
    return done();
}

void LinkedLauncher::forget_jobs() {
    for (const auto& [number, job] : jobs_) {
        job->answer.emplace(replaced());
        job->answered.ring();
    }
    jobs_.clear();
    early_.clear();
    ++launchers_;
}

}  // namespace holdfast::daemon
