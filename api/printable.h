// Texts that may quote arbitrary bytes (paths, errors of C libraries), made fit for JSON.
#ifndef HOLDFAST_API_PRINTABLE_H
#define HOLDFAST_API_PRINTABLE_H

#include <string>
#include <string_view>

namespace holdfast::api {

inline constexpr std::size_t max_printable = 1000;

// Printable ASCII stays, every other byte becomes '?'; cut at max_printable. For labels and details
// only, never for anything that is compared.
std::string printable(std::string_view text);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_PRINTABLE_H
