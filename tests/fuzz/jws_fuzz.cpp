// A JWS that is read is the one text of its meaning: written again it is the same.
#include <cstdint>
#include <cstdlib>

#include "core/encode/jws.h"
#include "core/encode/statement.h"

using namespace holdfast;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = text_of({data, size});
    const auto jws = encode::parse_jws(text);
    if (!jws) return 0;
    const auto input = encode::signing_input(jws->header, jws->payload);
    if (encode::compact(input, jws->signature) != text) std::abort();
    const auto statement = encode::statement_from(jws->payload);
    if (statement && !(encode::to_json(*statement) == jws->payload)) std::abort();
    return 0;
}
