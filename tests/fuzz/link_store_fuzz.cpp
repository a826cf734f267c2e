// What travels to and from the importer and between its halves, the operator's among them: whatever
// decodes has one encoding, and no descriptor stays open.
#include "daemon/link/codec_store.h"
#include "tests/fuzz/link.h"

using namespace holdfast;
using fuzz::promise;
using fuzz::same;

namespace {

template <class T>
void check_one_encoding(const Result<T>& decoded, ByteView payload) {
    if (decoded)
        promise(same(daemon::encode(*decoded), payload), "what is decoded has one encoding");
}

void check_texts(ByteView payload) {
    const auto store = daemon::decode_store(payload);
    if (store) promise(same(daemon::encode_store(*store), payload), "a path has one encoding");
    const auto first = daemon::decode_listing_from(payload);
    if (first) promise(same(daemon::encode_listing_from(*first), payload), "a number has one");
}

void check_opened(ByteView payload, std::size_t descriptors) {
    daemon::Reply reply;
    reply.body = bytes_of(payload);
    for (std::size_t i = 0; i < descriptors; ++i)
        reply.descriptors.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    auto opened = daemon::decode_opened(std::move(reply));
    if (!opened) return;
    promise(opened->files.size() <= attest::max_opened_at_once, "files come in bounded numbers");
    const daemon::Reply again = daemon::encode(*std::move(opened));
    promise(same(again.body, payload) && again.descriptors.size() == descriptors,
            "each descriptor is one file's");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const int before = fuzz::next_descriptor();
    fuzz::Pieces input({data, size});
    const std::size_t descriptors = input.byte() % 4U;
    const ByteView payload = input.rest();
    check_one_encoding(daemon::decode_import(payload), payload);
    check_one_encoding(daemon::decode_imported(payload), payload);
    check_one_encoding(daemon::decode_collect(payload), payload);
    check_one_encoding(daemon::decode_collected(payload), payload);
    check_one_encoding(daemon::decode_stored(payload), payload);
    check_one_encoding(daemon::decode_check(payload), payload);
    check_one_encoding(daemon::decode_listing(payload), payload);
    check_one_encoding(daemon::decode_open(payload), payload);
    check_texts(payload);
    check_opened(payload, descriptors);
    promise(fuzz::next_descriptor() == before, "no descriptor stays open");
    return 0;
}
