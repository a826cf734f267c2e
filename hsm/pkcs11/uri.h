// TokenUri: which token is meant, as an RFC 7512 URI of its path attributes token, serial,
// manufacturer and model.
#ifndef HOLDFAST_HSM_PKCS11_URI_H
#define HOLDFAST_HSM_PKCS11_URI_H

#include <optional>
#include <string>
#include <string_view>

#include "holdfast/result.h"

namespace holdfast::hsm::pkcs11 {

inline constexpr std::size_t max_token_uri = 1024;
inline constexpr std::size_t max_serial = 16;  // CK_TOKEN_INFO's serialNumber

// CK_TOKEN_INFO's names, without their padding.
struct TokenNames {
    std::string label;         // at most 32 bytes
    std::string manufacturer;  // 32
    std::string model;         // 16
    std::string serial;        // max_serial
};

struct TokenUri {
    std::optional<std::string> token;  // the label
    std::optional<std::string> manufacturer;
    std::optional<std::string> model;
    std::optional<std::string> serial;
};

// "pkcs11:token=agents;serial=0123"; percent-encoded where RFC 7512 §2.3 wants it. Strict: another
// attribute, one twice, an empty value, one no token can have, or a query (a PIN has no place in a
// URI) is invalid. "pkcs11:" alone means any token.
Result<TokenUri> parse_token_uri(std::string_view uri);

// Every attribute that is given is the token's own, byte for byte.
bool means(const TokenUri& uri, const TokenNames& token) noexcept;

// The URI that names all four that are not empty.
std::string uri_of(const TokenNames& token);

// "'agents' (serial 0123, SoftHSM project, SoftHSM v2)", for people.
std::string text_of(const TokenNames& token);

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_URI_H
