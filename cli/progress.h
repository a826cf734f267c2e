// ProgressBar: how far a scan is, on standard error, if that is a terminal.
#ifndef HOLDFAST_CLI_PROGRESS_H
#define HOLDFAST_CLI_PROGRESS_H

#include <chrono>

#include "attest/manifest/scan.h"
#include "cli/globals.h"

namespace holdfast::cli {

class ProgressBar {
  public:
    explicit ProgressBar(const Globals& globals);
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar();  // the line is empty again

    void show(const attest::ScanProgress& progress);

  private:
    bool visible_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point next_;
};

// scan_tree with a bar.
Result<attest::Tree> scan_with_bar(const Globals& globals, const std::string& directory);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_PROGRESS_H
