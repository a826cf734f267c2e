// The requests and replies of the links; what they carry besides is in codec.cpp and
// codec_view.cpp.
#include <algorithm>
#include <string>
#include <utility>

#include "daemon/link/codec.h"
#include "daemon/sealed.h"

namespace holdfast::daemon {
namespace {

enum class Outcome : std::uint8_t { body = 0, failed = 1, sealed_body = 2 };

Error malformed(const char* what) {
    return Error(Code::invalid, std::string("link: malformed reply: ") + what);
}

Bytes failed_payload(const Error& error) {
    PayloadWriter out;
    out.u8(static_cast<std::uint8_t>(Outcome::failed));
    out.u8(static_cast<std::uint8_t>(error.code())).u8(static_cast<std::uint8_t>(error.retry()));
    out.text(std::string_view(error.text()).substr(0, max_error_text));
    out.text(std::string_view(error.reason()).substr(0, max_error_text));
    return out.take();
}

Result<Result<Reply>> get_error(PayloadReader& in) {
    HOLDFAST_TRY(code, in.u8());
    if (code < static_cast<std::uint8_t>(Code::invalid) ||
        code > static_cast<std::uint8_t>(Code::timeout))
        return malformed("code");
    HOLDFAST_TRY(retry, in.u8());
    if (retry > static_cast<std::uint8_t>(Retry::reattest)) return malformed("retry");
    HOLDFAST_TRY(text, in.text());
    HOLDFAST_TRY(reason, in.text());
    if (text.size() > max_error_text || reason.size() > max_error_text)
        return malformed("length of an error");
    HOLDFAST_CHECK(in.finish());
    Error error(static_cast<Code>(code), std::move(text), static_cast<Retry>(retry));
    return Result<Reply>(std::move(error).because(std::move(reason)));
}

// The body goes last among the descriptors, so that the others keep their places.
Result<Message> with_body(Message message, Reply reply) {
    message.descriptors = std::move(reply.descriptors);
    if (reply.body.size() > max_reply) return Error(Code::internal, "link: reply too large");
    PayloadWriter out;
    if (reply.body.size() < max_payload / 2) {
        out.u8(static_cast<std::uint8_t>(Outcome::body)).bytes(reply.body);
        message.payload = out.take();
        return message;
    }
    HOLDFAST_TRY(memory, seal(reply.body, "holdfast-reply"));
    message.descriptors.push_back(std::move(memory));
    message.payload = out.u8(static_cast<std::uint8_t>(Outcome::sealed_body)).take();
    return message;
}

}  // namespace

Message encode_reply(const Message& request, Result<Reply> outcome) {
    Message message;
    message.id = request.id;
    message.operation = request.operation;
    if (!outcome) {
        message.payload = failed_payload(outcome.error());
        return message;
    }
    auto with = with_body(std::move(message), *std::move(outcome));
    if (with) return *std::move(with);
    Message failed;
    failed.id = request.id;
    failed.operation = request.operation;
    failed.payload = failed_payload(with.error());
    return failed;
}

Result<Result<Reply>> decode_reply(Message message) {
    PayloadReader in(message.payload);
    HOLDFAST_TRY(outcome, in.u8());
    Reply reply;
    if (outcome == static_cast<std::uint8_t>(Outcome::failed)) {
        if (!message.descriptors.empty()) return malformed("descriptors with an error");
        return get_error(in);
    }
    if (outcome == static_cast<std::uint8_t>(Outcome::body)) {
        HOLDFAST_TRY(body, in.bytes());
        reply.body = std::move(body);
    } else if (outcome == static_cast<std::uint8_t>(Outcome::sealed_body)) {
        if (message.descriptors.empty()) return malformed("sealed body without a descriptor");
        HOLDFAST_TRY(body, read_sealed(message.descriptors.back().get(), max_reply));
        message.descriptors.pop_back();
        reply.body = std::move(body);
    } else {
        return malformed("outcome");
    }
    HOLDFAST_CHECK(in.finish());
    reply.descriptors = std::move(message.descriptors);
    return Result<Reply>(std::move(reply));
}

Bytes encode(const SignRequest& request) {
    PayloadWriter out;
    return out.text(request.key_id).bytes(request.preimage).take();
}

Result<SignRequest> decode_sign(ByteView payload) {
    PayloadReader in(payload);
    HOLDFAST_TRY(key_id, in.text());
    HOLDFAST_TRY(preimage, in.bytes());
    HOLDFAST_CHECK(in.finish());
    return SignRequest{std::move(key_id), std::move(preimage)};
}

Bytes encode(const AttestRequest& request) {
    PayloadWriter out;
    return out.text(request.key_id).bytes(request.challenge).take();
}

Result<AttestRequest> decode_attest(ByteView payload) {
    PayloadReader in(payload);
    AttestRequest request;
    HOLDFAST_TRY(key_id, in.text());
    request.key_id = std::move(key_id);
    HOLDFAST_TRY(challenge, in.bytes());
    HOLDFAST_CHECK(in.finish());
    if (challenge.size() != request.challenge.size())
        return Error(Code::invalid, "link: malformed payload: challenge");
    std::copy(challenge.begin(), challenge.end(), request.challenge.begin());
    return request;
}

Bytes encode(const ActivateRequest& request) {
    PayloadWriter out;
    return out.bytes(request.blob).bytes(request.secret).take();
}

Result<ActivateRequest> decode_activate(ByteView payload) {
    PayloadReader in(payload);
    HOLDFAST_TRY(blob, in.bytes());
    HOLDFAST_TRY(secret, in.bytes());
    HOLDFAST_CHECK(in.finish());
    return ActivateRequest{std::move(blob), std::move(secret)};
}

Bytes encode_name(std::string_view name) {
    PayloadWriter out;
    return out.text(name).take();
}

Result<std::string> decode_name(ByteView payload) {
    PayloadReader in(payload);
    HOLDFAST_TRY(name, in.text());
    HOLDFAST_CHECK(in.finish());
    return name;
}

Bytes encode(const MeasureRequest& request) {
    PayloadWriter out;
    out.u32(static_cast<std::uint32_t>(request.pid)).u32(request.uid);
    return out.take();
}

Result<MeasureRequest> decode_measure(ByteView payload) {
    PayloadReader in(payload);
    HOLDFAST_TRY(pid, in.u32());
    HOLDFAST_TRY(uid, in.u32());
    HOLDFAST_CHECK(in.finish());
    const auto number = static_cast<pid_t>(pid);
    if (number <= 0) return Error(Code::invalid, "link: malformed payload: pid");
    return MeasureRequest{number, uid};
}

}  // namespace holdfast::daemon
