#include "core/crypto/kdf.h"

#include <algorithm>
#include <array>

#include "core/crypto/hash.h"

namespace holdfast::crypto {
namespace {

constexpr std::uint32_t max_bits = 4096;
constexpr std::array<std::uint8_t, 1> zero = {0};

std::array<std::uint8_t, 4> big_endian(std::uint32_t value) noexcept {
    return {static_cast<std::uint8_t>(value >> 24U), static_cast<std::uint8_t>(value >> 16U),
            static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
}

// Concatenates block(1), block(2), … and cuts at `bits`.
template <class Block>
Result<SecretBytes> counted(std::uint32_t bits, Block block) {
    if (bits == 0 || bits % 8 != 0 || bits > max_bits)
        return Error(Code::invalid, "key derivation: size must be whole bytes, at most 4096 bits");
    SecretBytes out(bits / 8);
    auto left = out.mutable_view();
    for (std::uint32_t counter = 1; !left.empty(); ++counter) {
        HOLDFAST_TRY(piece, block(big_endian(counter)));
        const std::size_t take = std::min(left.size(), piece.size());
        std::ranges::copy(piece.view().first(take), left.begin());
        left = left.subspan(take);
    }
    return out;
}

}  // namespace

Result<SecretBytes> kdfa(std::string_view hash_name, ByteView key, std::string_view label,
                         const KdfContext& context, std::uint32_t bits) {
    return counted(bits, [&](const std::array<std::uint8_t, 4>& counter) {
        return hmac(hash_name, key,
                    {counter, view_of(label), zero, context.u, context.v, big_endian(bits)});
    });
}

Result<SecretBytes> kdfe(std::string_view hash_name, ByteView z, std::string_view label,
                         const KdfContext& context, std::uint32_t bits) {
    return counted(bits, [&](const std::array<std::uint8_t, 4>& counter) -> Result<SecretBytes> {
        HOLDFAST_TRY(block,
                     hash(hash_name, {counter, z, view_of(label), zero, context.u, context.v}));
        return SecretBytes(std::move(block));
    });
}

}  // namespace holdfast::crypto
