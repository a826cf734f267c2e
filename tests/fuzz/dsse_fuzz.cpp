// An envelope that is read is written as one that is read alike, and nobody unknown has signed it.
#include "attest/manifest/signed_manifest.h"
#include "core/encode/dsse.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/signed_by_others.h"

using namespace holdfast;
using fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = text_of({data, size});
    const std::string trusted(tests::by_others::pem_p256.key);
    promise(!attest::open_manifest(text, {trusted}), "only what is signed is opened");
    const auto envelope = encode::parse_dsse(text, size);
    if (!envelope) return 0;
    const std::string again = encode::to_json(*envelope);
    const auto read = encode::parse_dsse(again, again.size());
    promise(read.has_value(), "what is written is read");
    promise(encode::to_json(*read) == again, "an envelope has one canonical text");
    promise(read->payload == envelope->payload, "the payload is kept, byte for byte");
    return 0;
}
