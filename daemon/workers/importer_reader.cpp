#include "daemon/workers/importer_reader.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>

#include "attest/store/directory_source.h"
#include "attest/store/files.h"
#include "daemon/workers/importer_confine.h"

namespace holdfast::daemon {
namespace {

// Where the reading half has its link: the number of the one to the starter, which is gone then.
constexpr int reader_link = STDERR_FILENO + 1;

Error failed(const std::string& step) {
    return Error(Code::internal,
                 "importer: " + step + ": " + std::generic_category().message(errno));
}

// Nothing else stays open, least of all what root had opened.
Done keep_only_link(int link) {
    if (::dup2(link, reader_link) < 0) return failed("dup2");
    if (::close_range(reader_link + 1, ~0U, 0) != 0) return failed("close_range");
    return done();
}

void serve_reader(const ImportRequest& request, pid_t parent) {
    const auto became = become(request.reader, parent);
    ReaderService service(request);
    for (;;) {
        const auto message = receive_message(reader_link);
        if (!message) return;
        auto answer = became ? service.answer(*message) : Result<Reply>(became.error());
        if (!send_message(reader_link, encode_reply(*message, std::move(answer)))) return;
    }
}

[[noreturn]] void run_reader(const ImportRequest& request, int link, pid_t parent) {
    if (keep_only_link(link)) serve_reader(request, parent);
    ::_exit(0);
}

}  // namespace

Result<ReadingHalf> ReadingHalf::start(const ImportRequest& request) {
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return failed("socketpair");
    Descriptor near(ends[0]);
    const Descriptor far(ends[1]);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return failed("fork");
    if (pid == 0) run_reader(request, far.get(), parent);
    return ReadingHalf(std::move(near), pid);
}

// Not waited for: who is stuck in somebody's file system ends when that lets go.
ReadingHalf::~ReadingHalf() {
    if (pid_ > 0) (void)::kill(pid_, SIGKILL);
}

Result<Reply> ReaderService::answer(const Message& message) {
    if (!message.descriptors.empty()) return Error(Code::invalid, "reader: unknown request");
    switch (message.operation) {
        case Operation::read_manifest: return manifest();
        case Operation::list_source: return listing(message.payload);
        case Operation::open_source: return files(message.payload);
        default: return Error(Code::invalid, "reader: unknown request");
    }
}

Result<Reply> ReaderService::manifest() const {
    const std::string& path = request_.manifest;
    Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    const int number = errno;
    const std::string why =
        "manifest: " + attest::shown(path) + ": " + std::generic_category().message(number);
    if (!file && (number == EACCES || number == EPERM))
        return Error(Code::denied, why).because("source_unreadable");
    if (!file) return Error(Code::not_found, why).because("manifest_not_found");
    Reply reply;
    reply.descriptors.push_back(std::move(file));
    return reply;
}

Result<Reply> ReaderService::listing(ByteView payload) {
    HOLDFAST_TRY(first, decode_listing_from(payload));
    if (!source_) {
        HOLDFAST_TRY(source, attest::DirectorySource::open(request_.source));
        source_ = std::make_unique<attest::DirectorySource>(std::move(source));
        HOLDFAST_TRY(entries, source_->list());
        entries_ = std::move(entries);
    }
    const std::size_t from = std::min<std::uint64_t>(first, entries_.size());
    const std::size_t count = std::min(max_listing_piece, entries_.size() - from);
    const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(from);
    Reply reply;
    reply.body = encode(std::vector(begin, begin + static_cast<std::ptrdiff_t>(count)));
    return reply;
}

Result<Reply> ReaderService::files(ByteView payload) {
    HOLDFAST_TRY(request, decode_open(payload));
    if (!source_) return Error(Code::invalid, "reader: nothing was listed");
    HOLDFAST_TRY(opened, source_->open(request.first, request.count));
    return encode(std::move(opened));
}

}  // namespace holdfast::daemon
