// Key ids: names in keys/, with a number that an agent's name never had before.
#ifndef HOLDFAST_HSM_KEY_IDS_H
#define HOLDFAST_HSM_KEY_IDS_H

#include <string>
#include <string_view>

#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/key_files.h"

namespace holdfast::hsm {

// A key that a store of that backend makes: the CA's, the ledger's, or an agent's. Also what keeps
// other paths out of keys/.
bool is_key_id(std::string_view id, Backend backend);

// "<prefix><agent>-<n>". The number is on the disk before the id is told. Each store has a file of
// its own: stores are processes.
Result<std::string> next_key_id(KeyFiles& files, const std::string& numbers_file, Backend backend,
                                const std::string& agent);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_KEY_IDS_H
