// What parses is canonical after one round trip, and stays what it was.
#include <cstdint>
#include <cstdlib>

#include "core/encode/json.h"
#include "holdfast/bytes.h"

using namespace holdfast;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = encode::parse_json(text_of({data, size}));
    if (!parsed) return 0;
    const std::string text = encode::canonical(*parsed);
    const auto again = encode::parse_json(text, text.size());
    if (!again || !(*again == *parsed) || encode::canonical(*again) != text) std::abort();
    return 0;
}
