#include "clients/cpp/http_reply.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <utility>

namespace holdfast {
namespace {

constexpr std::string_view blank_line = "\r\n\r\n";

Error refused(std::string_view what) {
    return Error(Code::invalid,
                 "the daemon's answer is not HTTP/1.1 as agreed: " + std::string(what));
}

std::optional<std::size_t> number_in(std::string_view text, std::size_t highest) {
    std::size_t value = 0;
    const char* const begin = std::to_address(text.begin());
    const char* const end = begin + text.size();
    const auto [rest, failure] = std::from_chars(begin, end, value);
    if (text.empty() || failure != std::errc() || rest != end || value > highest)
        return std::nullopt;
    return value;
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return result;
}

std::string_view without_blanks(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

struct Head {
    Reply reply;
    std::optional<std::size_t> content_length;
};

// "HTTP/1.1 200 OK"; the reason phrase may be empty (RFC 9112 §4).
Result<int> status_of(std::string_view line) {
    if (!line.starts_with("HTTP/1.1 ") || line.size() < 12) return refused("status line");
    const auto status = number_in(line.substr(9, 3), 599);
    if (!status || *status < 200) return refused("status code");
    if (line.size() > 12 && line[12] != ' ') return refused("status line");
    return static_cast<int>(*status);
}

Done take_header(Head& head, std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return refused("header line");
    const std::string name = lower(line.substr(0, colon));
    const std::string_view value = without_blanks(line.substr(colon + 1));
    if (name == "transfer-encoding") return refused("Transfer-Encoding");
    if (name == "retry-after") {
        const auto seconds = number_in(value, max_retry_after);
        head.reply.retry_after = static_cast<int>(seconds.value_or(1));
    }
    if (name != "content-length") return done();
    if (head.content_length) return refused("two Content-Length");
    head.content_length = number_in(value, max_reply_body);
    if (!head.content_length) return refused("Content-Length");
    return done();
}

Result<Head> read_head(std::string_view text) {
    Head head;
    auto end = text.find("\r\n");
    HOLDFAST_TRY(status, status_of(text.substr(0, end)));
    head.reply.status = status;
    while (end != std::string_view::npos) {
        text.remove_prefix(end + 2);
        end = text.find("\r\n");
        HOLDFAST_CHECK(take_header(head, text.substr(0, end)));
    }
    if (!head.content_length && head.reply.status != 204) return refused("no Content-Length");
    return head;
}

}  // namespace

Result<std::optional<Reply>> read_reply(std::string_view received) {
    const auto head_size = received.substr(0, max_reply_head).find(blank_line);
    if (head_size == std::string_view::npos) {
        if (received.size() >= max_reply_head) return refused("head over 8 KiB");
        return std::optional<Reply>();
    }
    HOLDFAST_TRY(head, read_head(received.substr(0, head_size)));
    const std::string_view body = received.substr(head_size + blank_line.size());
    const std::size_t expected = head.content_length.value_or(0);
    if (body.size() > expected) return refused("bytes after the body");
    if (body.size() < expected) return std::optional<Reply>();
    head.reply.body = std::string(body);
    return std::optional<Reply>(std::move(head.reply));
}

}  // namespace holdfast
