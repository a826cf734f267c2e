#include "attest/measure/mapped_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "attest/measure/file_system.h"
#include "core/crypto/digest.h"

namespace holdfast::attest {
namespace {

constexpr std::string_view deleted_suffix = " (deleted)";

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

Result<struct stat> status_of(int descriptor) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) return system_error("measure: fstat");
    return status;
}

FileMark mark_from(const struct stat& status) {
    return {.device = status.st_dev,
            .inode = status.st_ino,
            .size = static_cast<std::uint64_t>(status.st_size),
            .modified_ns = nanoseconds(status.st_mtim),
            .changed_ns = nanoseconds(status.st_ctim),
            .mode = status.st_mode,
            .uid = status.st_uid};
}

Error deleted(const std::string& path) {
    return Error(Code::denied, "measure: code without a name in the file system: " + path)
        .because("deleted_executable");
}

Error writable(const std::string& path, const char* by) {
    return Error(Code::denied,
                 "measure: code that can be written by " + std::string(by) + ": " + path)
        .because("writable_executable");
}

bool writable_by_others(const FileMark& mark) {
    // With an ACL the group bits are its mask, so they stand for anyone named there.
    return (mark.mode & (S_IWGRP | S_IWOTH)) != 0;
}

// Root is not asked: what it may change is beyond `observed`.
Done check_not_writable(const FileMark& mark, const std::string& path, const MeasureRules& rules) {
    if (rules.allow_writable_executables) return done();
    if (mark.uid == rules.uid) return writable(path, "the agent itself");
    if (writable_by_others(mark)) return writable(path, "group or others");
    return done();
}

// Paths are labels in records and credentials: printable ASCII, the rest as \xNN.
std::string label(std::string_view path) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string out;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '\\') {
            out += c;
            continue;
        }
        out += "\\x";
        out += hex[byte >> 4U];
        out += hex[byte & 0xfU];
    }
    return out;
}

Result<CodeFile> judge(Descriptor descriptor, std::string_view shown, const MeasureRules& rules) {
    HOLDFAST_TRY(status, status_of(descriptor.get()));
    const auto path = label(shown);
    if (status.st_nlink == 0 || shown.ends_with(deleted_suffix)) return deleted(path);
    // Devices and the like have no content that could be hashed.
    if (!S_ISREG(status.st_mode)) return writable(path, "its device");
    HOLDFAST_CHECK(check_file_system(descriptor.get(), path));
    const auto mark = mark_from(status);
    HOLDFAST_CHECK(check_not_writable(mark, path, rules));
    return CodeFile{{std::move(descriptor), mark}, path};
}

// Without CAP_CHECKPOINT_RESTORE map_files stays closed, also for one's own processes.
Result<Descriptor> open_by_path(const ProcessDirectory& process, const ExecutableMapping& mapping) {
    HOLDFAST_TRY(opened, process.open_file("root" + mapping.path));
    HOLDFAST_TRY(name, mapped_name_of(opened.get()));
    if (name != mapping.name) return deleted(label(mapping.path) + " (replaced)");
    return opened;
}

Result<Sha256> digest_of_unchanging(OpenFile& file) {
    for (int attempt = 0; attempt < 2; ++attempt) {
        HOLDFAST_TRY(digest, crypto::sha256_of_file(file.descriptor.get()));
        HOLDFAST_TRY(after, mark_of(file.descriptor.get()));
        if (after == file.mark) return digest;
        file.mark = after;
    }
    return Error(Code::denied, "measure: a file keeps changing while it is hashed", Retry::reattest)
        .because("measurement_changed");
}

}  // namespace

Result<FileMark> mark_of(int descriptor) {
    HOLDFAST_TRY(status, status_of(descriptor));
    return mark_from(status);
}

Result<CodeFile> open_executable(const ProcessDirectory& process, const MeasureRules& rules) {
    HOLDFAST_TRY(opened, process.open_file("exe"));
    HOLDFAST_TRY(path, process.read_link("exe"));
    return judge(std::move(opened), path, rules);
}

Result<CodeFile> open_mapping(const ProcessDirectory& process, const ExecutableMapping& mapping,
                              const MeasureRules& rules) {
    if (mapping.path.ends_with(deleted_suffix)) return deleted(label(mapping.path));
    auto opened = process.open_file("map_files/" + mapping.range);
    if (!opened && opened.error().code() == Code::denied) opened = open_by_path(process, mapping);
    if (!opened && opened.error().code() == Code::not_found)
        return Error(Code::denied, "measure: a mapping went away meanwhile", Retry::reattest)
            .because("measurement_changed");
    if (!opened) return std::move(opened).error();
    return judge(*std::move(opened), mapping.path, rules);
}

Result<Sha256> DigestCache::digest_of(OpenFile& file, const MeasureRules& rules) {
    const bool only_root_writes =
        file.mark.uid == 0 && rules.uid != 0 && !writable_by_others(file.mark);
    if (!only_root_writes) return digest_of_unchanging(file);
    if (const auto known = digests_.find(file.mark); known != digests_.end()) {
        ++hits_;
        return known->second;
    }
    HOLDFAST_TRY(digest, digest_of_unchanging(file));
    if (digests_.size() >= max_entries) digests_.clear();
    digests_.emplace(file.mark, digest);
    return digest;
}

}  // namespace holdfast::attest
