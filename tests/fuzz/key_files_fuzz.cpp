// The files in keys/, as a damaged disk or a thief may hand them back: what is read writes to one
// text. The first byte chooses the reader.
#include "hsm/live_keys.h"
#include "hsm/tpm/key_blob.h"
#include "hsm/tpm/key_policy.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

namespace {

constexpr std::uint32_t parent = 0x81000001;

void check_blob(std::string_view pem) {
    const auto areas = hsm::from_key_blob(pem, parent);
    if (!areas) return;
    const auto text = hsm::to_key_blob(parent, *areas);
    const auto again = hsm::from_key_blob(text, parent);
    promise(again && again->public_area == areas->public_area &&
                again->private_area == areas->private_area,
            "a key blob reads as it is written");
    promise(!hsm::from_key_blob(text, parent + 1), "a key of one parent is none of another's");
}

template <class Record>
void check_record(Result<Record> (*read)(const std::string&, std::string_view),
                  std::string_view text) {
    const auto record = read("agent-bot-1", text);
    if (!record) return;
    const auto written = hsm::to_text(*record);
    const auto again = read("agent-bot-1", written);
    promise(again && hsm::to_text(*again) == written, "a record reads as it is written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Pieces input({data, size});
    switch (input.byte() % 4U) {
        case 0: check_blob(text_of(input.rest())); break;
        case 1: check_record(hsm::key_record_from, text_of(input.rest())); break;
        case 2: check_record(hsm::index_record_from, text_of(input.rest())); break;
        default: check_record(hsm::live_key_from, text_of(input.rest())); break;
    }
    return 0;
}
