// A whole request as the front takes it in: head, route, body. The first byte chooses the socket.
// A refusal is problem+json with a 4xx status; what is accepted reads the same when written again.
#include <array>
#include <functional>

#include "api/admin_messages.h"
#include "api/approval_messages.h"
#include "api/launch_messages.h"
#include "api/messages.h"
#include "api/problem.h"
#include "api/store_messages.h"
#include "api/who_messages.h"
#include "core/encode/base64.h"
#include "core/encode/statement.h"
#include "daemon/front/http.h"
#include "daemon/front/routes.h"
#include "holdfast/agent_id.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using encode::Json;
using fuzz::promise;

namespace {

struct Asked {
    daemon::Match match;
    std::string_view body;
};

Error cut_off() {
    return Error(Code::invalid, "the request ends early").because("malformed_request");
}

// daemon/front/connection_read.cpp without its socket.
Result<Asked> read_request(daemon::Side side, std::string_view received) {
    const auto end = received.find(daemon::end_of_head);
    if (end == std::string_view::npos) return cut_off();
    const auto size = end + daemon::end_of_head.size();
    if (size > daemon::max_request_head)
        return Error(Code::invalid, "too long a head").because("head_too_large");
    HOLDFAST_TRY(head, daemon::parse_head(received.substr(0, size)));
    HOLDFAST_TRY(match, daemon::find_route(daemon::routes(), side, head.method, head.target));
    HOLDFAST_CHECK(daemon::check_body(head, match.route->max_body));
    promise(match.argument.empty() || check_agent_name(match.argument).has_value(),
            "what stands for {name} is an agent's name");
    const auto body = received.substr(size);
    if (body.size() != head.content_length) return cut_off();
    return Asked{std::move(match), body};
}

std::string written(const api::ActionRequest& request) {
    const Action& action = request.action;
    Json::Object members{{"approval", request.approval},
                         {"action", action.action},
                         {"audience", action.audience},
                         {"resource", action.resource},
                         {"on_behalf_of", action.on_behalf_of}};
    if (action.params_sha256) members.emplace("params_sha256", encode::hex(*action.params_sha256));
    if (!action.params.empty()) members.emplace("params", *encode::parse_json(action.params));
    return encode::canonical(Json(std::move(members)));
}

Done read_action(std::string_view body) {
    HOLDFAST_TRY(wanted, api::action_request(body));
    promise(encode::check_action(wanted.action).has_value(),
            "an action taken in is within its bounds");
    const auto again = api::action_request(written(wanted));
    promise(again && written(*again) == written(wanted), "an action reads as it is written");
    return done();
}

Done read_evidence(std::string_view body) {
    HOLDFAST_TRY(wanted, api::evidence_request(body));
    promise(wanted.nonce.size() >= min_nonce && wanted.nonce.size() <= max_nonce,
            "a nonce is 16 to 64 bytes");
    promise(!wanted.verifier.empty() && wanted.verifier.size() <= max_verifier_id,
            "a verifier has a name");
    const auto text = encode::canonical(Json(
        Json::Object{{"nonce", encode::base64url(wanted.nonce)}, {"verifier", wanted.verifier}}));
    const auto again = api::evidence_request(text);
    promise(again && again->nonce == wanted.nonce && again->verifier == wanted.verifier,
            "a request for evidence reads as it is written");
    return done();
}

Done read_activate(std::string_view body) {
    HOLDFAST_TRY(wanted, api::activate_request(body));
    promise(wanted.blob.size() <= api::max_activate_member &&
                wanted.secret.size() <= api::max_activate_member,
            "blob and secret are within their bounds");
    return done();
}

Done read_apply(std::string_view body) {
    HOLDFAST_CHECK(api::apply_request(body));
    return done();
}

Done read_launch(std::string_view body) {
    HOLDFAST_CHECK(api::launch_request(body));
    return done();
}

Done read_stop(std::string_view body) {
    HOLDFAST_CHECK(api::stop_request(body));
    return done();
}

Done read_import(std::string_view body) {
    HOLDFAST_TRY(wanted, api::store_import_request(body));
    promise(wanted.directory.starts_with('/') && wanted.manifest.starts_with('/'),
            "the importer is given absolute paths");
    return done();
}

Done read_wait(std::string_view body) {
    HOLDFAST_TRY(wanted, api::wait_request(body));
    promise(wanted.wait_s >= 0 && wanted.wait_s <= api::max_approval_wait, "nobody waits longer");
    return done();
}

Done read_approve(std::string_view body) {
    HOLDFAST_CHECK(api::approve_request(body));
    return done();
}

Done read_deny(std::string_view body) {
    HOLDFAST_TRY(wanted, api::deny_request(body));
    promise(wanted.reason.size() <= api::max_denial, "a reason is within its bound");
    return done();
}

Done read_who(std::string_view body) {
    HOLDFAST_TRY(wanted, api::who_request(body));
    promise(wanted.sequence <= static_cast<std::uint64_t>(encode::max_json_integer),
            "a sequence is one that JSON can say");
    return done();
}

// Each handler reads its body with one of these; all others want none.
Done read_body(const Asked& asked) {
    constexpr std::array<std::pair<std::string_view, Done (*)(std::string_view)>, 11> readers = {
        {{"/v1/actions", read_action},
         {"/v1/approvals/{name}/wait", read_wait},
         {"/v1/approvals/{name}/approve", read_approve},
         {"/v1/approvals/{name}/deny", read_deny},
         {"/v1/evidence", read_evidence},
         {"/v1/enroll/activate", read_activate},
         {"/v1/agents/{name}/launch", read_launch},
         {"/v1/agents/{name}/stop", read_stop},
         {"/v1/ledger/who", read_who},
         {"/v1/store/import", read_import},
         {"/v1/apply", read_apply}}};
    for (const auto& [path, reader] : readers)
        if (asked.match.route->path == path) return reader(asked.body);
    return api::empty_request(asked.body);
}

void check_refusal(const Error& error) {
    const auto reply = daemon::problem_reply(error);
    // 501 and 505 say what this server does not do: codings of the transfer, versions of HTTP.
    const bool fits =
        (reply.status >= 400 && reply.status < 500) || reply.status == 501 || reply.status == 505;
    promise(fits, "nonsense is the caller's fault");
    const auto json = encode::parse_json(reply.body);
    promise(json && encode::canonical(*json) == reply.body, "a problem is canonical JSON");
    const auto text = daemon::reply_text(reply, false);
    promise(text.find("\r\n\r\n") + 4 + reply.body.size() == text.size(),
            "the head of a reply ends where its body begins");
    const Error read = api::error_of(reply.status, reply.body);
    promise(error.reason().empty() || read.reason() == error.reason(),
            "a client reads the reason that was given");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Pieces input({data, size});
    const auto side = input.byte() % 2 == 0 ? daemon::Side::agent : daemon::Side::admin;
    const auto asked = read_request(side, text_of(input.rest()));
    if (!asked) {
        check_refusal(asked.error());
        return 0;
    }
    const auto read = read_body(*asked);
    if (!read) check_refusal(read.error());
    return 0;
}
