#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "daemon/front/http.h"

namespace holdfast::daemon {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

Error refused(std::string text, const char* reason) {
    return Error(Code::invalid, std::move(text)).because(reason);
}

Error malformed(std::string text) {
    return refused(std::move(text), "malformed_request");
}

// What the parser would mend: lines folded (obs-fold), ended by a bare LF, or with NUL in them.
Done check_lines(std::string_view head) {
    if (head.find('\0') != std::string_view::npos) return malformed("NUL in the request's head");
    for (auto at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) {
        if (at == 0 || head[at - 1] != '\r') return malformed("a line ends without CR");
        if (at + 1 < head.size() && (head[at + 1] == ' ' || head[at + 1] == '\t'))
            return malformed("folded header lines are not accepted");
    }
    return done();
}

Done check_framing(const http::request<http::empty_body>& request) {
    if (request.version() != 11) return refused("HTTP/1.1 only", "http_version");
    if (request.count(http::field::transfer_encoding) != 0)
        return refused("Content-Length only, no Transfer-Encoding", "transfer_encoding");
    if (request.count(http::field::content_length) > 1)
        return malformed("more than one Content-Length");
    // The parser takes "1, 1" for 1.
    if (request[http::field::content_length].find(',') != std::string::npos)
        return malformed("a list as Content-Length");
    if (request.count(http::field::host) != 1) return malformed("exactly one Host is needed");
    if (request.count(http::field::content_type) > 1)
        return malformed("more than one Content-Type");
    if (request.count(http::field::expect) > 1) return malformed("more than one Expect");
    return done();
}

Result<bool> expectation(const http::request<http::empty_body>& request) {
    const auto expect = request[http::field::expect];
    if (expect.empty()) return false;
    if (beast::iequals(expect, "100-continue")) return true;
    return refused("only Expect: 100-continue is understood", "expectation_failed");
}

bool is_json(std::string_view content_type) {
    auto type = content_type.substr(0, content_type.find(';'));
    while (!type.empty() && type.back() == ' ')
        type.remove_suffix(1);
    return beast::iequals(beast::string_view(type.data(), type.size()), "application/json");
}

std::string text(beast::string_view view) {
    return {view.data(), view.size()};
}

}  // namespace

Result<RequestHead> parse_head(std::string_view head) {
    HOLDFAST_CHECK(check_lines(head));
    http::request_parser<http::empty_body> parser;
    parser.header_limit(max_request_head);
    parser.body_limit(boost::none);  // the route's own bound is checked by check_body
    beast::error_code error;
    const auto used = parser.put(boost::asio::buffer(head.data(), head.size()), error);
    if (error == http::error::bad_version) return refused("HTTP/1.1 only", "http_version");
    // The parser refuses unknown codings by itself, and lists of them.
    if (error == http::error::bad_transfer_encoding)
        return refused("Content-Length only, no Transfer-Encoding", "transfer_encoding");
    if (error && error != http::error::need_more) return malformed(error.message());
    if (!parser.is_header_done() || used != head.size()) return malformed("incomplete head");

    const auto& request = parser.get();
    HOLDFAST_CHECK(check_framing(request));
    HOLDFAST_TRY(expects_continue, expectation(request));
    const auto length = parser.content_length();
    return RequestHead{.method = text(request.method_string()),
                       .target = text(request.target()),
                       .content_length = static_cast<std::size_t>(length ? *length : 0),
                       .json = is_json(text(request[http::field::content_type])),
                       .keep_alive = request.keep_alive(),
                       .expects_continue = expects_continue};
}

Done check_body(const RequestHead& head, std::size_t max_body) {
    if (head.content_length > max_body)
        return refused("the body may have " + std::to_string(max_body) + " bytes",
                       "body_too_large");
    if (head.content_length != 0 && !head.json)
        return refused("the body must be application/json", "unsupported_media_type");
    return done();
}

}  // namespace holdfast::daemon
