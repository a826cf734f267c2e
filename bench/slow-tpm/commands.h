// The TPM commands that slow-tpm knows by name, and how hard each is for a chip.
#ifndef HOLDFAST_BENCH_SLOW_TPM_COMMANDS_H
#define HOLDFAST_BENCH_SLOW_TPM_COMMANDS_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::bench {

enum class Weight : std::uint8_t {
    light,   // hashes, policy terms, reads: mostly the bus and the dispatcher
    heavy,   // a private key is used or unwrapped, or flash is written
    making,  // a key is generated
};

// Unknown commands are light.
Weight weight_of(std::uint32_t code) noexcept;
// "Sign"; "0x20000001" for what is not in the table.
std::string name_of(std::uint32_t code);
// Any case: "sign" and "Sign" are the same.
std::optional<std::uint32_t> command_named(std::string_view name) noexcept;

}  // namespace holdfast::bench

#endif  // HOLDFAST_BENCH_SLOW_TPM_COMMANDS_H
