// Edits: what a fuzz input does to good evidence, one small change after the other.
#ifndef HOLDFAST_TESTS_FUZZ_EDITS_H
#define HOLDFAST_TESTS_FUZZ_EDITS_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "holdfast/bytes.h"
#include "tests/fuzz/fuzz.h"

namespace holdfast::fuzz {

inline constexpr std::size_t max_edits = 8;

// Where an edit goes: a piece of the evidence as it travels, a statement before the attestation key
// signs it, a piece of the action, or of evidence of a key in a token, with a TPM and without.
enum class Place : std::uint8_t { evidence, signed_statement, action, token };

struct Edit {
    Place place;
    std::uint8_t which;
    std::uint8_t how;
    std::size_t where;
    std::uint8_t value;
};

inline std::vector<Edit> edits_from(Pieces input) {
    std::vector<Edit> edits;
    while (!input.rest().empty() && edits.size() < max_edits) {
        const auto place = static_cast<Place>(input.byte() % 4U);
        const auto which = input.byte();
        const auto how = input.byte();
        const auto where = input.number();
        edits.push_back({place, which, how, where, input.byte()});
    }
    return edits;
}

inline void apply(const Edit& edit, Bytes& bytes) {
    const auto at = static_cast<std::ptrdiff_t>(edit.where % (bytes.size() + 1));
    switch (edit.how % 4U) {
        case 0:
            if (edit.where < bytes.size()) bytes[edit.where] ^= edit.value;
            break;
        case 1: bytes.insert(bytes.begin() + at, edit.value); break;
        case 2: bytes.resize(static_cast<std::size_t>(at)); break;
        default:
            if (edit.where < bytes.size()) bytes.erase(bytes.begin() + at);
            break;
    }
}

}  // namespace holdfast::fuzz

#endif  // HOLDFAST_TESTS_FUZZ_EDITS_H
