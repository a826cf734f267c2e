// BentTpm: stands between a process and its software TPM, and answers in the chip's place.
#ifndef HOLDFAST_TESTS_SUPPORT_BENT_TPM_H
#define HOLDFAST_TESTS_SUPPORT_BENT_TPM_H

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "tests/support/swtpm.h"
#include "tests/support/temporary_directory.h"

namespace holdfast::tests {

class BentTpm {
  public:
    using Ask = std::function<Bytes()>;  // hands the command on to the chip
    // What is answered to the command of this code (TPM2_CC); nothing: the socket is closed.
    using Bend = std::function<Bytes(std::uint32_t code, const Ask& ask)>;
    enum class Shape : std::uint8_t {
        socket,  // as swtpm's own
        device,  // a terminal in raw mode, which the device TCTI takes for /dev/tpm0
    };

    BentTpm(const SoftwareTpm& chip, Bend bend, Shape shape = Shape::socket);
    BentTpm(const BentTpm&) = delete;
    BentTpm& operator=(const BentTpm&) = delete;
    ~BentTpm();

    const std::string& tcti() const noexcept { return tcti_; }

  private:
    void listen();
    void open_terminal();
    void serve();
    bool wait_for(int descriptor) const;
    bool answer_one(int descriptor) const;

    TemporaryDirectory directory_;
    std::string chip_;  // path of its socket
    Bend bend_;
    std::string tcti_;
    Descriptor listener_, terminal_, held_open_;
    Descriptor stop_read_, stop_write_;
    std::thread thread_;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_BENT_TPM_H
