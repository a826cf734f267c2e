#include "daemon/link/linked_launcher.h"

#include <utility>

namespace holdfast::daemon {
namespace {

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

}  // namespace

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

}  // namespace holdfast::daemon
