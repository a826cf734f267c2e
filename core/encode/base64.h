// Base64 (RFC 4648 §4), base64url without padding (§5) and lower-case hex (§8), strict both ways.
#ifndef HOLDFAST_CORE_ENCODE_BASE64_H
#define HOLDFAST_CORE_ENCODE_BASE64_H

#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::encode {

std::string base64(ByteView bytes);
std::string base64url(ByteView bytes);
std::string hex(ByteView bytes);

// Refuse other alphabets, wrong padding, white space and non-zero trailing bits (one text per
// value).
Result<Bytes> from_base64(std::string_view text);
Result<Bytes> from_base64url(std::string_view text);
Result<Bytes> from_hex(std::string_view text);
Result<Sha256> sha256_from_hex(std::string_view text);

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_BASE64_H
