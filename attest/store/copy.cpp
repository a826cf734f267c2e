#include "attest/store/copy.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <future>
#include <span>
#include <system_error>
#include <thread>

#include "attest/store/files.h"
#include "attest/store/verity.h"
#include "core/crypto/digest.h"

namespace holdfast::attest {
namespace {

constexpr std::size_t copy_buffer = 256UL * 1024;  // stays in the core's own cache
constexpr mode_t permissions = 07777;

Error source_changed(const PlannedFile& planned, std::string_view how) {
    return Error(Code::conflict, "import: " + shown(planned.entry->path) + ": " + std::string(how),
                 Retry::later)
        .because("source_changed");
}

Error not_opened(const PlannedFile& planned, int number) {
    const std::string why = std::generic_category().message(number);
    if (number != EACCES && number != EPERM) return source_changed(planned, why);
    return Error(Code::denied, "import: " + shown(planned.entry->path) + ": " + why)
        .because("source_unreadable");
}

// What the descriptor is, whatever the list said: it came from somebody who is not trusted.
Done check_opened(const PlannedFile& planned, const struct stat& status) {
    const auto& entry = *planned.entry;
    if (!S_ISREG(status.st_mode)) return unsuitable_file(entry.path, "not a regular file");
    if ((status.st_mode & (S_ISUID | S_ISGID)) != 0) return unsuitable_file(entry.path, "set-id");
    if ((status.st_mode & permissions) != entry.mode)
        return tree_mismatch(entry.path, "another mode");
    if (static_cast<std::uint64_t>(status.st_size) != entry.size)
        return tree_mismatch(entry.path, "another size");
    return done();
}

Result<struct stat> look_at(const PlannedFile& planned, int source) {
    struct stat status{};
    if (::fstat(source, &status) == 0) return status;
    return source_changed(planned, std::generic_category().message(errno));
}

bool same_times(const struct timespec& a, const struct timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

Result<std::size_t> read_some(const PlannedFile& planned, int source,
                              std::span<std::uint8_t> into) {
    ssize_t got = -1;
    do {
        got = ::read(source, into.data(), into.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) return source_changed(planned, std::generic_category().message(errno));
    return static_cast<std::size_t>(got);
}

unsigned threads_for(const ImportOptions& options, std::size_t files) {
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    const unsigned wanted = options.threads == 0 ? cores : options.threads;
    const auto batches = files / max_opened_at_once + 1;
    return static_cast<unsigned>(std::min<std::size_t>({wanted, max_import_threads, batches}));
}

}  // namespace

Done FileCopier::run() {
    std::vector<std::future<Done>> others;
    for (unsigned i = 1; i < threads_for(options_, files_.size()); ++i)
        others.push_back(std::async(std::launch::async, [this] { return work(); }));
    Done outcome = work();
    for (auto& other : others) {
        auto theirs = other.get();
        if (outcome && !theirs) outcome = std::move(theirs);
    }
    return outcome;
}

// Batch by batch, until none is left or some thread failed.
Done FileCopier::work() {
    Bytes buffer(copy_buffer);
    while (!stop_) {
        const std::size_t first = next_.fetch_add(max_opened_at_once);
        if (first >= files_.size()) break;
        auto outcome = take_batch(first, buffer);
        if (outcome) continue;
        stop_ = true;
        return outcome;
    }
    return done();
}

Done FileCopier::take_batch(std::size_t first, Bytes& buffer) {
    const std::size_t count = std::min(max_opened_at_once, files_.size() - first);
    HOLDFAST_TRY(opened, source_.open(first, count));
    for (std::size_t i = 0; i < opened.files.size(); ++i) {
        const std::size_t number = opened.first + i;
        if (number >= files_.size()) return Error(Code::invalid, "import: a file nobody asked for");
        HOLDFAST_CHECK(take(number, std::move(opened.files[i]), buffer));
    }
    return done();
}

Done FileCopier::take(std::size_t number, OpenedFile opened, Bytes& buffer) {
    const auto& planned = files_[number];
    if (!opened.file) return not_opened(planned, opened.error);
    HOLDFAST_TRY(before, look_at(planned, opened.file.get()));
    HOLDFAST_CHECK(check_opened(planned, before));
    Descriptor target;
    if (planned.first == number && !planned.stored) {
        if (options_.before_step) options_.before_step();
        HOLDFAST_TRY(created, create(planned));
        target = std::move(created);
    }
    auto copied = copy(planned, opened.file.get(), target.get(), buffer);
    if (!copied && copied.error().reason() == "tree_mismatch") {
        HOLDFAST_TRY(after, look_at(planned, opened.file.get()));
        if (!same_times(before.st_mtim, after.st_mtim) || before.st_size != after.st_size)
            return source_changed(planned, "written while it was read");
    }
    HOLDFAST_CHECK(std::move(copied));
    return target ? finish(planned, std::move(target)) : done();
}

// Read once, hashed, written once: there is no moment at which it could be another file.
Done FileCopier::copy(const PlannedFile& planned, int source, int target, Bytes& buffer) const {
    const auto& entry = *planned.entry;
    crypto::Sha256Stream stream;
    std::uint64_t total = 0;
    for (;;) {
        // One byte more than is left shows both the end and what is too much, in one call.
        const auto ask = std::min<std::uint64_t>(buffer.size(), entry.size - total + 1);
        HOLDFAST_TRY(got,
                     read_some(planned, source, {buffer.data(), static_cast<std::size_t>(ask)}));
        const auto piece = ByteView(buffer).first(got);
        total += piece.size();
        if (total > entry.size) return source_changed(planned, "grew while it was read");
        stream.update(piece);
        if (target >= 0) HOLDFAST_CHECK(write_all(target, piece));
        if (piece.empty() || (total == entry.size && piece.size() < ask)) break;
    }
    if (total < entry.size) return source_changed(planned, "shrank while it was read");
    if (stream.finish() != entry.digest) return tree_mismatch(entry.path, "other contents");
    return done();
}

Result<Descriptor> FileCopier::create(const PlannedFile& planned) const {
    Descriptor target(::openat(view_, planned.entry->path.c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                               private_file_mode));
    if (!target) return disk_error("create " + shown(planned.entry->path));
    return target;
}

Done FileCopier::finish(const PlannedFile& planned, Descriptor target) const {
    const std::string& path = planned.entry->path;
    if (!verity_) {
        return seal_object(target.get(), planned.object.mode, path);
    }
    // fs-verity wants a file that we may write and nobody has open for that.
    target = Descriptor();
    HOLDFAST_CHECK(enable_verity(view_, path));
    const Descriptor again(::openat(view_, path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!again) return disk_error("open " + shown(path));
    return seal_object(again.get(), planned.object.mode, path);
}

}  // namespace holdfast::attest
