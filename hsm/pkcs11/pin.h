// The user PIN: read from its open file, and never tried again once the token refused it.
#ifndef HOLDFAST_HSM_PKCS11_PIN_H
#define HOLDFAST_HSM_PKCS11_PIN_H

#include <cstdint>
#include <string>

#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "hsm/key_files.h"

namespace holdfast::hsm::pkcs11 {

inline constexpr std::size_t max_pin = 255;

// By this a file is known again; what is in it, or a digest of that, is kept nowhere.
struct PinFileIdentity {
    std::int64_t device = 0;
    std::int64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_s = 0;
    std::int64_t modified_ns = 0;
    friend bool operator==(const PinFileIdentity&, const PinFileIdentity&) = default;
};

struct Pin {
    SecretBytes bytes;
    PinFileIdentity identity;
};

// The whole file from its start, whatever the descriptor's position; one newline at its end is not
// part of the PIN. denied with reason pin_missing when it is empty, too long, or not open.
Result<Pin> read_pin(int descriptor);

// Of a file that need not be open to read (O_PATH). denied with reason pin_missing when it is not
// open.
Result<PinFileIdentity> pin_file_identity(int descriptor);

// keys/pin-tried.json: the last PIN file that was tried in a token and did not open it, or of which
// nobody heard what became: written before the try, so that no crash and no full disk spends a
// second one.
class TriedPin {
  public:
    explicit TriedPin(KeyFiles& files) noexcept : files_(&files) {}

    // denied with reason pin_refused when that token refused that very file; also when its outcome
    // was not heard and the token says since then that a wrong PIN was given (was_refused_lately,
    // CKF_USER_PIN_COUNT_LOW).
    Done check_may_try(const std::string& serial, const PinFileIdentity& file,
                       bool was_refused_lately) const;
    Done trying(const std::string& serial, const PinFileIdentity& file);
    Done refused(const std::string& serial, const PinFileIdentity& file);
    Done forget();

  private:
    Done write(const char* outcome, const std::string& serial, const PinFileIdentity& file);

    KeyFiles* files_;
};

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_PIN_H
