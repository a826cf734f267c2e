#include "daemon/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace holdfast::daemon {
namespace {

constexpr std::size_t max_line = 4096;  // beyond PIPE_BUF a write may be torn by another process's

// Constant for the process's life once log_as was called.
std::string& process_name() {
    static std::string name = "holdfastd";
    return name;
}

// systemd.exec(5), $JOURNAL_STREAM: the journal reads our standard error if device:inode match.
bool journal_reads_us() {
    const char* stream = ::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): once
    struct stat facts{};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &facts) != 0) return false;
    return stream == std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino);
}

void append_escaped(std::string& line, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            line += c;
            continue;
        }
        line += "\\x";
        line += digits[byte >> 4U];
        line += digits[byte & 0xfU];
    }
}

// sd-daemon(3): "<3>" error, "<4>" warning, "<6>" info.
void log_line(std::string_view prefix, std::string_view word, std::string_view text) {
    static const bool journal = journal_reads_us();
    std::string line;
    if (journal) line += prefix;
    line += process_name();
    line += ": ";
    if (!journal) line += word;
    append_escaped(line, text);
    if (line.size() >= max_line) line.resize(max_line - 1);
    line += '\n';
    // One write, so that lines of several processes do not mix. A log nobody reads is no failure.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void log_as(std::string_view process) {
    process_name() = process;
}

void log_info(std::string_view text) {
    log_line("<6>", "", text);
}

void log_warning(std::string_view text) {
    log_line("<4>", "warning: ", text);
}

void log_error(std::string_view text) {
    log_line("<3>", "error: ", text);
}

}  // namespace holdfast::daemon
