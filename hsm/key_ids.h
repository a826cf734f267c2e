// Key ids: names in keys/, with a number that an agent's name never had before.
#ifndef HOLDFAST_HSM_KEY_IDS_H
#define HOLDFAST_HSM_KEY_IDS_H

#include <string>
#include <string_view>

#include "holdfast/result.h"
#include "hsm/key_files.h"

namespace holdfast::hsm {

inline constexpr std::size_t max_key_id = 128;
inline constexpr std::string_view ca_id = "ca";
inline constexpr std::string_view ledger_id = "ledger";

// "ca", "ledger" or "<prefix><name>-<n>": also what keeps other paths out of keys/.
bool is_key_id(std::string_view id, std::string_view prefix) noexcept;

// "<prefix><agent>-<n>". The number is on the disk before the id is told. Each store has a file of
// its own: stores are processes.
Result<std::string> next_key_id(KeyFiles& files, const std::string& numbers_file,
                                std::string_view prefix, const std::string& agent);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_KEY_IDS_H
