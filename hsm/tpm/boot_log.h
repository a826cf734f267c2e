// BootLog: the register's log of one boot, a file in keys/, each line durable before it counts.
#ifndef HOLDFAST_HSM_TPM_BOOT_LOG_H
#define HOLDFAST_HSM_TPM_BOOT_LOG_H

#include <optional>
#include <string>
#include <string_view>

#include "attest/eventlog/register_log.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"
#include "hsm/key_files.h"
#include "hsm/tpm/pcr.h"

namespace holdfast::hsm {

inline constexpr std::size_t max_earlier_logs = 8;  // of boots before this one

class BootLog {
  public:
    // The newest there is, whatever it says. What a crash left of a last line is cut off: no event
    // reaches the TPM before its line is durable.
    static Result<std::optional<BootLog>> latest(KeyFiles& files);
    // keys/register-<resetCount>-<restartCount>.cel, replacing one of that name; earlier ones
    // beyond max_earlier_logs go.
    static Result<BootLog> begin(KeyFiles& files, const Starts& starts, std::string_view first);

    // Durable when it returns; after a failure the file is as it was.
    Done append(std::string_view line);
    const std::string& text() const noexcept { return text_; }

  private:
    BootLog(Descriptor file, std::string name, std::string text)
        : file_(std::move(file)), name_(std::move(name)), text_(std::move(text)) {}
    Error failed(std::string_view verb, int number) const;
    Done cut(std::size_t size);

    Descriptor file_;
    std::string name_;
    std::string text_;
    bool torn_ = false;  // a failed line could not be taken back yet
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_BOOT_LOG_H
