#include "cli/ask.h"

#include <cerrno>
#include <fstream>
#include <iostream>
#include <sstream>
#include <system_error>
#include <utility>

#include "api/problem.h"
#include "holdfast/client.h"

namespace holdfast::cli {
namespace {

// Evidence is the largest thing the daemon says.
constexpr std::size_t max_answer = 8UL * 1024 * 1024;

Result<Answered> answered(Result<Reply> reply) {
    if (!reply) return std::move(reply).error();
    if (reply->status >= 400) return api::error_of(reply->status, reply->body);
    auto json = encode::parse_json(reply->body, max_answer);
    if (!json) return std::move(json).error().within("the daemon's answer");
    Answered result;
    result.json = *std::move(json);
    result.body = (*std::move(reply)).body;
    return result;
}

Error file_error(const std::string& path, const char* what) {
    const int cause = errno;
    return Error(cause == ENOENT ? Code::not_found : Code::invalid,
                 path + ": " + what + ": " + std::generic_category().message(cause));
}

}  // namespace

Result<Answered> get_from(const std::string& socket, std::string_view target) {
    return answered(Client(socket).get(target));
}

Result<std::string> bytes_from(const std::string& socket, std::string_view target) {
    HOLDFAST_TRY(reply, Client(socket).get(target));
    if (reply.status >= 400) return api::error_of(reply.status, reply.body);
    return std::move(reply.body);
}

Result<Answered> post_to(const std::string& socket, std::string_view target,
                         const encode::Json& request) {
    return answered(Client(socket).post(target, encode::canonical(request)));
}

Result<Answered> post_to(const std::string& socket, std::string_view target,
                         const encode::Json& request, std::chrono::milliseconds patience) {
    return answered(Client(socket, patience).post(target, encode::canonical(request)));
}

Result<std::string> read_text(const std::string& path, std::size_t max_bytes) {
    std::ifstream file;
    if (path != "-") {
        file.open(path, std::ios::binary);
        if (!file) return file_error(path, "cannot be read");
    }
    std::istream& source = path == "-" ? std::cin : file;
    std::string text(max_bytes + 1, '\0');
    source.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (source.bad()) return file_error(path, "reading failed");
    text.resize(static_cast<std::size_t>(source.gcount()));
    if (text.size() > max_bytes)
        return Error(Code::invalid, path + ": larger than " + std::to_string(max_bytes) + " bytes");
    return text;
}

Done write_text(const std::string& path, std::string_view text) {
    if (path == "-") {
        std::cout << text << std::flush;
        if (!std::cout) return file_error("standard output", "writing failed");
        return done();
    }
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) return file_error(path, "cannot be written");
    return done();
}

}  // namespace holdfast::cli
