// The ledger's readers: each accepted text is the one text of its meaning, and of a bundle that a
// crash cut off exactly the whole records are read again. The first byte chooses the reader.
#include "core/encode/base64.h"
#include "ledger/bundle.h"
#include "ledger/checkpoint.h"
#include "ledger/record.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;
using fuzz::same;

namespace {

void check_record(ByteView leaf) {
    const auto record = ledger::decode_record(leaf);
    if (!record) return;
    const auto again = ledger::encode_record(*record);
    promise(again && same(*again, leaf), "a record has one text");
    Bytes bundle;
    ledger::append_entry(bundle, leaf);
    const auto entry = ledger::entry_at(bundle, 0);
    promise(entry && same(*entry, leaf), "a bundle gives its record back");
    // Every cut of a short one; of a long one the first and last.
    for (std::size_t cut = 1; cut < bundle.size(); ++cut) {
        if (cut == 256 && bundle.size() > 512) cut = bundle.size() - 256;
        const ByteView rest = ByteView(bundle).first(cut);
        promise(!ledger::entry_at(rest, 0), "half a record is none");
        promise(ledger::is_torn_tail(rest), "what a crash leaves is known as such");
    }
}

void check_bundle(ByteView bundle) {
    Bytes again;
    std::size_t offset = 0;
    while (const auto entry = ledger::entry_at(bundle, offset)) {
        promise(!entry->empty() && entry->size() <= ledger::max_record, "a record has its bounds");
        ledger::append_entry(again, *entry);
        offset = again.size();
    }
    promise(same(again, bundle.first(offset)), "a bundle is its records and nothing else");
    (void)ledger::is_torn_tail(bundle.subspan(offset));
}

void check_checkpoint(std::string_view text) {
    const auto checkpoint = ledger::parse_checkpoint(text);
    if (checkpoint)
        promise(ledger::checkpoint_text(checkpoint->origin, checkpoint->head) == text,
                "a checkpoint has one text");
    const auto opened = ledger::open_note(text, "h1.example.org/ledger", fuzz::host_spki());
    if (opened)
        promise(text.starts_with(ledger::checkpoint_text(opened->origin, opened->head)),
                "a note opens to the text that was signed");
}

void check_path(std::string_view path) {
    const auto number = ledger::bundle_number(path);
    if (number) promise(ledger::bundle_path(*number) == path, "a bundle has one path");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Pieces input({data, size});
    switch (input.byte() % 4U) {
        case 0: check_record(input.rest()); break;
        case 1: check_bundle(input.rest()); break;
        case 2: check_checkpoint(text_of(input.rest())); break;
        default: check_path(text_of(input.rest())); break;
    }
    return 0;
}
