// The register: what happened on this host since boot, held by the TPM beside a log of it.
#ifndef HOLDFAST_REGISTER_H
#define HOLDFAST_REGISTER_H

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast {

enum class RegisterState : std::uint8_t {
    absent = 0,  // the TPM has no room for it, or it could not be begun yet
    ready = 1,
    broken = 2,  // the TPM does not hold what the log says: evidence shows it as it is
};

constexpr std::string_view to_string(RegisterState state) noexcept {
    switch (state) {
        case RegisterState::absent: return "absent";
        case RegisterState::ready: return "ready";
        case RegisterState::broken: return "broken";
    }
    return "absent";
}

inline constexpr std::uint8_t default_anchor_pcr = 13;
// PCR 0–7 are the firmware's; 16 and above can be reset while the system runs.
inline constexpr std::uint8_t first_anchor_pcr = 8;
inline constexpr std::uint8_t last_anchor_pcr = 15;

// How many events the log holds, the anchor included.
struct RegisterPosition {
    std::uint64_t events = 0;
    friend bool operator==(const RegisterPosition&, const RegisterPosition&) = default;
};

struct RegisterStatus {
    RegisterState state = RegisterState::absent;
    std::uint64_t events = 0;     // the anchor included
    std::uint64_t bytes = 0;      // of the log
    std::uint32_t nv_index = 0;   // 0 while absent
    std::uint8_t anchor_pcr = 0;  // of this boot; 0 while absent
    std::string reason;           // why it is not ready; for operators
    friend bool operator==(const RegisterStatus&, const RegisterStatus&) = default;
};

}  // namespace holdfast

#endif  // HOLDFAST_REGISTER_H
