// What parses is canonical after one round trip, and stays what it was.
#include "core/encode/json.h"
#include "core/encode/utf8.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = encode::parse_json(text_of({data, size}));
    if (!parsed) return 0;
    const std::string text = encode::canonical(*parsed);
    promise(encode::is_utf8(text), "canonical JSON is UTF-8");
    const auto again = encode::parse_json(text, text.size());
    promise(again && *again == *parsed, "canonical JSON means the same");
    promise(encode::canonical(*again) == text, "canonical JSON is canonical");
    return 0;
}
