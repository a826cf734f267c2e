#include "hsm/tpm/boot_log.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>
#include <vector>

namespace holdfast::hsm {
namespace {

constexpr std::string_view prefix = "register-";
constexpr std::string_view ending = ".cel";

// Fixed width, so that names are in the order of boots.
std::string name_of(const Starts& starts) {
    std::array<char, 32> counts{};
    (void)std::snprintf(counts.data(), counts.size(), "%08x-%08x", starts.reset_count,
                        starts.restart_count);
    return std::string(prefix) + counts.data() + std::string(ending);
}

// In the order of boots.
Result<std::vector<std::string>> names(const KeyFiles& files) {
    HOLDFAST_TRY(stems, files.stems(ending));
    std::vector<std::string> found;
    for (const std::string& stem : stems)
        if (stem.starts_with(prefix)) found.push_back(stem + std::string(ending));
    return found;
}

// 0, or errno.
int write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(file, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return errno;
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return ::fdatasync(file) == 0 ? 0 : errno;
}

}  // namespace

Error BootLog::failed(std::string_view verb, int number) const {
    return {
        Code::unavailable,
        "keys/" + name_ + ": " + std::string(verb) + ": " + std::generic_category().message(number),
        Retry::later};
}

Done BootLog::cut(std::size_t size) {
    if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0 || ::fdatasync(file_.get()) != 0)
        return failed("truncate", errno);
    torn_ = false;
    return done();
}

Result<std::optional<BootLog>> BootLog::latest(KeyFiles& files) {
    HOLDFAST_TRY(found, names(files));
    if (found.empty()) return std::optional<BootLog>();
    const std::string& name = found.back();
    HOLDFAST_TRY(text, files.read(name, attest::max_cel_log + attest::max_cel_line));
    HOLDFAST_TRY(file, files.open_to_append(name));
    const std::size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
    const bool torn = whole != text.size();
    text.resize(whole);
    BootLog log(std::move(file), name, std::move(text));
    if (torn) HOLDFAST_CHECK(log.cut(whole));
    return std::optional<BootLog>(std::move(log));
}

Result<BootLog> BootLog::begin(KeyFiles& files, const Starts& starts, std::string_view first) {
    const std::string name = name_of(starts);
    HOLDFAST_CHECK(files.write(name, first));
    HOLDFAST_TRY(file, files.open_to_append(name));
    HOLDFAST_TRY(all, names(files));
    for (std::size_t i = 0; i + max_earlier_logs + 1 < all.size(); ++i)
        if (all[i] != name) HOLDFAST_CHECK(files.erase(all[i]));
    return BootLog(std::move(file), name, std::string(first));
}

Done BootLog::append(std::string_view line) {
    if (torn_) HOLDFAST_CHECK(cut(text_.size()));
    const int wrong = write_all(file_.get(), line);
    if (wrong == 0) {
        text_ += line;
        return done();
    }
    torn_ = true;
    (void)cut(text_.size());  // if not now, then before the next line
    return failed("write", wrong);
}

}  // namespace holdfast::hsm
