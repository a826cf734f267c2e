// What a worker or the supervisor may send the front: every payload has one encoding, errors come
// through unchanged, and no descriptor stays open.
#include "daemon/link/codec.h"
#include "tests/fuzz/link.h"

using namespace holdfast;
using daemon::Operation;
using daemon::Reply;
using fuzz::promise;
using fuzz::same;

namespace {

template <class T>
void check_one_encoding(const Result<T>& decoded, ByteView payload) {
    if (decoded)
        promise(same(daemon::encode(*decoded), payload), "what is decoded has one encoding");
}

void check_view(Reply reply) {
    const Bytes body = reply.body;
    const auto descriptors = reply.descriptors.size();
    auto view = daemon::decode_view(std::move(reply));
    if (!view) return;
    const Reply again = daemon::encode(*std::move(view));
    promise(again.body == body && again.descriptors.size() == descriptors,
            "a view of a process has one encoding");
}

// As daemon/link/linked_keys.cpp and linked_measurer.cpp read it.
void check_body(Operation operation, Reply reply) {
    const Bytes& body = reply.body;
    switch (operation) {
        case Operation::host: return check_one_encoding(daemon::decode_host(body), body);
        case Operation::create: return check_one_encoding(daemon::decode_key(body), body);
        case Operation::list: return check_one_encoding(daemon::decode_keys(body), body);
        case Operation::attest: return check_one_encoding(daemon::decode_evidence(body), body);
        case Operation::extend_register:
            return check_one_encoding(daemon::decode_position(body), body);
        case Operation::register_log:
            return check_one_encoding(daemon::decode_register(body), body);
        case Operation::read_anchor:
        case Operation::advance_anchor:
            return check_one_encoding(daemon::decode_anchor(body), body);
        case Operation::measure: return check_view(std::move(reply));
        default: return;
    }
}

// Carried once more, the reply is the same; a failure arrives as it was said.
void check_carried(const daemon::Message& request, const Result<Reply>& reply) {
    Result<Reply> copy = reply ? Result<Reply>(Reply{reply->body, {}}) : reply.error();
    const auto again = daemon::decode_reply(daemon::encode_reply(request, std::move(copy)));
    promise(again && again->has_value() == reply.has_value(), "a reply can be answered on");
    if (reply) return promise((*again)->body == reply->body, "a body comes back as it was");
    const Error& was = reply.error();
    const Error& is = again->error();
    promise(is.code() == was.code() && is.retry() == was.retry() && is.text() == was.text() &&
                is.reason() == was.reason(),
            "an error comes back as it was");
}

void receive(const fuzz::Wire& wire, const fuzz::Datagram& datagram) {
    auto message = wire.carry(datagram);
    if (!message) return;
    if (message->payload.size() <= daemon::max_payload)
        promise(wire.datagram_of(*message) == datagram.bytes, "a message has one encoding");
    if (message->operation == Operation::attach)
        check_one_encoding(daemon::decode_worker(message->payload), message->payload);
    daemon::Message request;
    request.operation = message->operation;
    auto reply = daemon::decode_reply(*std::move(message));
    if (!reply) return;
    check_carried(request, *reply);
    if (*reply) check_body(request.operation, **std::move(reply));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const int before = fuzz::next_descriptor();
    {
        const fuzz::Wire wire;
        receive(wire, fuzz::datagram_from(fuzz::Pieces({data, size})));
    }
    promise(fuzz::next_descriptor() == before, "no descriptor stays open");
    return 0;
}
