#include "ledger/writer/log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "ledger/bundle.h"

namespace holdfast::ledger {

namespace {

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

Result<Descriptor> lock_directory(const std::string& directory) {
    constexpr mode_t owner_only = 0700;
    if (::mkdir(directory.c_str(), owner_only) == 0) {
        HOLDFAST_CHECK(sync_directory(parent_of(directory)));
    } else if (errno != EEXIST) {
        return disk_failure("mkdir", directory, errno);
    }
    HOLDFAST_TRY(lock, open_file(directory, O_RDONLY | O_DIRECTORY));
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) return disk_failure("lock", directory, errno);
    return Error(Code::conflict, "ledger: " + directory + " is in use by another process");
}

bool exists(const std::string& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0;
}

}  // namespace

Result<Log> Log::open(const std::string& directory, const std::optional<LedgerHead>& known,
                      const Each& each, Disk disk) {
    HOLDFAST_TRY(lock, lock_directory(directory));
    HOLDFAST_CHECK(make_directories(directory, entries_directory));
    HOLDFAST_TRY(found, scan(directory, known, each));
    Log log(directory, std::move(lock), std::move(disk));
    log.tree_ = std::move(found.tree);
    log.end_ = found.end;
    log.torn_bytes_ = found.torn_bytes;
    if (found.torn_bytes != 0) HOLDFAST_CHECK(log.cut_newest());
    HOLDFAST_CHECK(log.sync_found());
    // Without room for it the writer opens for containment records only.
    if (auto kept = log.keep_reserve(); !kept) log.has_reserve_ = false;
    return log;
}

// A process that was killed between write and sync leaves records that can be read and are not on
// the disk. From here on they are part of the head, so they must be, and the file's name too.
Done Log::sync_found() const {
    if (tree_.size() == 0) return done();
    const std::string path = path_of((tree_.size() - 1) / bundle_records);
    HOLDFAST_TRY(file, open_file(path, O_WRONLY));
    HOLDFAST_CHECK(sync(disk_, file.get(), path));
    return sync_directory(parent_of(path));
}

std::string Log::path_of(std::uint64_t bundle) const {
    return directory_ + "/" + entries_directory + "/" + bundle_path(bundle);
}

Done Log::append(std::span<const Bytes> records) {
    if (failed_) return disk_failure("append to", directory_, EIO);
    Tree tree = tree_;
    Position end = end_;
    while (!records.empty()) {
        const auto room = bundle_records - tree.size() % bundle_records;
        const auto some = records.first(std::min<std::size_t>(room, records.size()));
        Bytes entries;
        for (const auto& record : some) {
            if (record.empty() || record.size() > max_record)
                return Error(Code::internal, "ledger: record of a size that cannot be stored");
            append_entry(entries, record);
            tree.append(leaf_hash(record));
        }
        failed_ = true;  // until it is known that all went well
        HOLDFAST_CHECK(write_entries(end, entries));
        end.bytes += entries.size();
        if (tree.size() % bundle_records == 0) end = Position{end.bundle + 1, 0};
        records = records.subspan(some.size());
    }
    failed_ = false;
    tree_ = std::move(tree);
    end_ = end;
    return done();
}

Done Log::write_entries(const Position& at, ByteView entries) {
    HOLDFAST_CHECK(open_newest(at));
    const std::string path = path_of(at.bundle);
    HOLDFAST_CHECK(write_all(disk_, newest_.get(), entries, at.bytes, path));
    HOLDFAST_CHECK(sync(disk_, newest_.get(), path));
    // A new file is only there after a crash if its name is durable too.
    if (at.bytes == 0) return sync_directory(parent_of(path));
    return done();
}

Done Log::open_newest(const Position& at) {
    if (opened_ == at.bundle) return done();
    opened_.reset();
    const std::string relative = std::string(entries_directory) + "/" + bundle_path(at.bundle);
    HOLDFAST_CHECK(make_directories(directory_, parent_of(relative)));
    HOLDFAST_TRY(file, open_file(path_of(at.bundle), O_WRONLY | O_CREAT));
    newest_ = std::move(file);
    opened_ = at.bundle;
    return done();
}

Done Log::recover() {
    opened_.reset();
    newest_ = Descriptor();
    HOLDFAST_CHECK(remove_bundles_after(end_.bundle));
    if (exists(path_of(end_.bundle))) HOLDFAST_CHECK(cut_newest());
    failed_ = false;
    return done();
}

// The last one first, so that a crash in between leaves no gap.
Done Log::remove_bundles_after(std::uint64_t bundle) {
    std::uint64_t last = bundle;
    while (exists(path_of(last + 1)))
        ++last;
    for (; last > bundle; --last) {
        const std::string path = path_of(last);
        if (::unlink(path.c_str()) != 0) return disk_failure("remove", path, errno);
        HOLDFAST_CHECK(sync_directory(parent_of(path)));
    }
    return done();
}

Done Log::cut_newest() {
    const std::string path = path_of(end_.bundle);
    HOLDFAST_TRY(file, open_file(path, O_WRONLY));
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return disk_failure("stat", path, errno);
    if (static_cast<std::uint64_t>(status.st_size) < end_.bytes)
        return Error(Code::conflict, "ledger: " + path + " has lost durable records")
            .because("ledger_edited");
    if (disk_.truncate(file.get(), static_cast<off_t>(end_.bytes)) != 0)
        return disk_failure("truncate", path, errno);
    return sync(disk_, file.get(), path);
}

Done Log::keep_reserve() {
    const std::string path = directory_ + "/reserve";
    HOLDFAST_TRY(file, open_file(path, O_RDWR | O_CREAT));
    const int failure = ::posix_fallocate(file.get(), 0, static_cast<off_t>(reserve_size));
    if (failure != 0) {
        (void)::unlink(path.c_str());  // half a reserve would only take room
        return disk_failure("reserve space in", path, failure);
    }
    if (::fsync(file.get()) != 0) return disk_failure("sync", path, errno);
    has_reserve_ = true;
    return done();
}

Done Log::free_reserve() {
    const std::string path = directory_ + "/reserve";
    has_reserve_ = false;
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return disk_failure("remove", path, errno);
    // Some file systems give blocks back only once the removal is committed.
    return sync_directory(directory_);
}

}  // namespace holdfast::ledger
