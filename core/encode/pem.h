// PEM (RFC 7468): one or more labelled DER blocks.
#ifndef HOLDFAST_CORE_ENCODE_PEM_H
#define HOLDFAST_CORE_ENCODE_PEM_H

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::encode {

std::string to_pem(std::string_view label, ByteView der);

// Every block of that label, in order; at least one, or Error. Text between blocks is ignored.
Result<std::vector<Bytes>> from_pem(std::string_view text, std::string_view label);

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_PEM_H
