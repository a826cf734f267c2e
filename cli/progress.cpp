#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace holdfast::cli {
namespace {

// A scan that is over before this shows nothing; and a terminal need not be written to more often.
constexpr std::chrono::milliseconds between_lines(100);
constexpr std::size_t width = 30;
constexpr std::uint64_t megabyte = 1'000'000;

}  // namespace

ProgressBar::ProgressBar(const Globals& globals)
    : visible_(!globals.json && ::isatty(STDERR_FILENO) == 1),
      next_(std::chrono::steady_clock::now() + between_lines) {}

ProgressBar::~ProgressBar() {
    if (drawn_) std::cerr << "\r\x1b[K" << std::flush;
}

void ProgressBar::show(const attest::ScanProgress& progress) {
    if (!visible_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + between_lines;
    drawn_ = true;
    const std::uint64_t all = std::max<std::uint64_t>(progress.all_bytes, 1);
    const std::size_t full = std::min<std::size_t>(width, progress.bytes * width / all);
    std::cerr << "\rhashing [" << std::string(full, '#') << std::string(width - full, ' ') << "] "
              << progress.files << " of " << progress.all_files << " files, "
              << progress.bytes / megabyte << " of " << progress.all_bytes / megabyte << " MB\x1b[K"
              << std::flush;
}

Result<attest::Tree> scan_with_bar(const Globals& globals, const std::string& directory) {
    ProgressBar bar(globals);
    return attest::scan_tree(
        directory,
        {.threads = 0, .progress = [&bar](const attest::ScanProgress& at) { bar.show(at); }});
}

}  // namespace holdfast::cli
