#include "attest/manifest/scan.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "attest/manifest/walk.h"
#include "core/crypto/digest.h"
#include "holdfast/descriptor.h"

namespace holdfast::attest {
namespace {

constexpr std::size_t chunk = 256UL * 1024;
// Starting a thread costs as much as hashing a few small files.
constexpr std::size_t files_worth_a_thread = 64;

// By its whole path, but never through a link that was put in the way since the walk.
// O_NONBLOCK: a pipe in the file's place must not hold us.
Descriptor open_beneath(int root, const std::string& path) {
    struct open_how how = {};
    how.flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return Descriptor(
        static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
}

// Each thread keeps one: a new buffer for each of 46,000 files costs half as much as hashing them.
class Hasher {
  public:
    Hasher() : buffer_(chunk) {}

    // The digest of exactly what `expected` is, before and after.
    Result<Sha256> hash(int file, const std::string& path, const FileState& expected) {
        std::uint64_t total = 0;
        // To the end, also where none is expected: files of /proc say they have no bytes.
        while (total <= expected.size) {
            const ssize_t got = ::read(file, buffer_.data(), buffer_.size());
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return discard(path_error(path, "cannot be read", errno));
            if (got == 0) break;
            total += static_cast<std::uint64_t>(got);
            stream_.update(ByteView(buffer_).first(static_cast<std::size_t>(got)));
        }
        const auto after = state_of(file);
        if (!after) return discard(after.error());
        if (total != expected.size || *after != expected)
            return discard(path_error(path, "changed while it was read"));
        return stream_.finish();
    }

  private:
    Error discard(Error error) {
        (void)stream_.finish();
        return error;
    }

    Bytes buffer_;
    crypto::Sha256Stream stream_;
};

// The files of one tree, taken one after the other by whichever thread is free. The counters are
// all the threads share; each entry is written by the one thread that took it.
class HashJob {
  public:
    HashJob(int root, std::vector<WalkedEntry>& entries) : root_(root), entries_(entries) {
        for (const WalkedEntry& each : entries) {
            if (each.entry.type != EntryType::file) continue;
            ++progress_.all_files;
            progress_.all_bytes += each.entry.size;
        }
    }

    std::uint64_t files() const noexcept { return progress_.all_files; }

    // Runs on each thread; `progress` on the caller's only.
    void work(const std::function<void(const ScanProgress&)>& progress) {
        Hasher hasher;
        while (!failed_) {
            const std::size_t index = next_++;
            if (index >= entries_.size()) return;
            WalkedEntry& walked = entries_[index];
            if (walked.entry.type != EntryType::file) continue;
            auto digest = hash_one(hasher, walked);
            if (!digest) return fail(std::move(digest).error());
            walked.entry.digest = *digest;
            files_ += 1;
            bytes_ += walked.entry.size;
            if (!progress) continue;
            progress_.files = files_;
            progress_.bytes = bytes_;
            progress(progress_);
        }
    }

    // After every thread has ended.
    Done outcome() {
        if (!failed_) return done();
        return std::move(*failure_);
    }

  private:
    Result<Sha256> hash_one(Hasher& hasher, const WalkedEntry& walked) const {
        const std::string& path = walked.entry.path;
        const Descriptor file = open_beneath(root_, path);
        if (!file) return path_error(path, "cannot be opened", errno);
        HOLDFAST_TRY(state, state_of(file.get()));
        if (state != walked.state) return path_error(path, "changed since it was listed");
        return hasher.hash(file.get(), path, walked.state);
    }

    // The first to fail says why; the others stop.
    void fail(Error error) {
        if (!failed_.exchange(true)) failure_ = std::move(error);
    }

    int root_;
    std::vector<WalkedEntry>& entries_;
    std::atomic<std::size_t> next_ = 0;
    std::atomic<std::uint64_t> files_ = 0;
    std::atomic<std::uint64_t> bytes_ = 0;
    std::atomic<bool> failed_ = false;
    std::optional<Error> failure_;
    ScanProgress progress_;
};

unsigned threads_for(std::uint64_t files, unsigned wanted) {
    if (wanted == 0) wanted = std::max(1U, std::thread::hardware_concurrency());
    const auto useful = files / files_worth_a_thread + 1;
    return static_cast<unsigned>(
        std::min<std::uint64_t>(std::min(wanted, max_scan_threads), useful));
}

// Without room for another thread it takes a little longer, that is all.
void start_another(std::vector<std::thread>& threads, HashJob& job) {
    try {
        threads.emplace_back([&job] { job.work({}); });
    } catch (const std::system_error&) {
        return;
    }
}

Done hash_all(int root, std::vector<WalkedEntry>& entries, const ScanOptions& options) {
    HashJob job(root, entries);
    std::vector<std::thread> others;
    for (unsigned started = 1; started < threads_for(job.files(), options.threads); ++started)
        start_another(others, job);
    job.work(options.progress);
    for (std::thread& other : others)
        other.join();
    return job.outcome();
}

// What came, went or was replaced since the walk changed its directory.
Done check_directories(int root, const FileState& root_state,
                       const std::vector<WalkedEntry>& entries) {
    HOLDFAST_TRY(now, state_of(root));
    if (now != root_state) return path_error("", "changed while it was read");
    for (const WalkedEntry& each : entries) {
        if (each.entry.type != EntryType::directory) continue;
        const Descriptor directory = open_beneath(root, each.entry.path);
        if (!directory) return path_error(each.entry.path, "cannot be opened", errno);
        HOLDFAST_TRY(state, state_of(directory.get()));
        if (state != each.state) return path_error(each.entry.path, "changed while it was read");
    }
    return done();
}

}  // namespace

Result<Tree> scan_tree(const std::string& directory, const ScanOptions& options) {
    const Descriptor root(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) return path_error(directory, "cannot be opened", errno);
    HOLDFAST_TRY(root_state, state_of(root.get()));
    HOLDFAST_TRY(walked, walk_tree(root.get()));
    if (!walked.unfit.empty())
        return path_error(walked.unfit.front().path, walked.unfit.front().why);
    std::vector<WalkedEntry>& entries = walked.entries;
    HOLDFAST_CHECK(hash_all(root.get(), entries, options));
    HOLDFAST_CHECK(check_directories(root.get(), root_state, entries));
    Tree tree;
    tree.reserve(entries.size());
    for (WalkedEntry& each : entries)
        tree.push_back(std::move(each.entry));
    HOLDFAST_CHECK(check_tree(tree));
    return tree;
}

Result<Sha256> hash_still_file(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!file) return path_error(path, "cannot be opened", errno);
    HOLDFAST_TRY(state, state_of(file.get()));
    if (!S_ISREG(state.mode)) return path_error(path, "is no regular file");
    return Hasher().hash(file.get(), path, state);
}

}  // namespace holdfast::attest
