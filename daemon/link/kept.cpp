#include "daemon/link/kept.h"

#include <fcntl.h>

#include <utility>

namespace holdfast::daemon {
namespace {

constexpr std::size_t without_cgroup = 5;  // the instance's three, the listener, the output
constexpr std::size_t with_cgroup = 6;

Done add_copy(Message& message, const Descriptor& descriptor) {
    message.descriptors.emplace_back(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 0));
    if (message.descriptors.back()) return done();
    return Error(Code::busy, "no descriptor left", Retry::later);
}

}  // namespace

Result<Message> encode_kept(const KeptInstance& kept) {
    HOLDFAST_TRY(facts, encode(kept.facts));
    Message message;
    message.operation = Operation::keep_instance;
    message.payload = std::move(facts.body);
    message.descriptors = std::move(facts.descriptors);
    HOLDFAST_CHECK(add_copy(message, kept.listener));
    HOLDFAST_CHECK(add_copy(message, kept.output));
    if (kept.cgroup) HOLDFAST_CHECK(add_copy(message, kept.cgroup));
    return message;
}

Result<KeptInstance> decode_kept(Message message) {
    auto& descriptors = message.descriptors;
    if (descriptors.size() != without_cgroup && descriptors.size() != with_cgroup)
        return Error(Code::invalid, "link: malformed kept instance: descriptors");
    KeptInstance kept;
    if (descriptors.size() == with_cgroup) {
        kept.cgroup = std::move(descriptors.back());
        descriptors.pop_back();
    }
    kept.output = std::move(descriptors.back());
    descriptors.pop_back();
    kept.listener = std::move(descriptors.back());
    descriptors.pop_back();
    HOLDFAST_TRY(facts, decode_launched(Reply{std::move(message.payload), std::move(descriptors)}));
    kept.facts = std::move(facts);
    return kept;
}

Message forget_message(const std::string& instance) {
    Message message;
    message.operation = Operation::forget_instance;
    message.payload = encode(EndOrder{instance, Ending::kill});
    return message;
}

Result<std::string> decode_forget(ByteView payload) {
    HOLDFAST_TRY(order, decode_end_order(payload));
    return std::move(order.instance);
}

}  // namespace holdfast::daemon
