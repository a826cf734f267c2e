#include "daemon/workers/importer_source.h"

#include <iterator>
#include <utility>

#include "attest/store/files.h"
#include "attest/store/store.h"
#include "daemon/link/codec_store.h"

namespace holdfast::daemon {

Result<Reply> LinkedSource::ask(Operation operation, Bytes payload) const {
    Message request;
    request.operation = operation;
    request.payload = std::move(payload);
    HOLDFAST_CHECK(send_message(link_, request));
    HOLDFAST_TRY(message, receive_message(link_));
    HOLDFAST_TRY(answer, decode_reply(std::move(message)));
    return answer;
}

Result<std::string> LinkedSource::manifest() const {
    HOLDFAST_TRY(reply, ask(Operation::read_manifest, {}));
    if (reply.descriptors.size() != 1) return Error(Code::invalid, "import: no manifest came");
    auto text = attest::read_all(reply.descriptors.front().get(), attest::max_envelope);
    if (!text) return std::move(text).error().within("manifest").because("manifest_malformed");
    return text;
}

Result<std::vector<attest::SourceEntry>> LinkedSource::list() {
    std::vector<attest::SourceEntry> all;
    for (;;) {
        HOLDFAST_TRY(reply, ask(Operation::list_source, encode_listing_from(all.size())));
        HOLDFAST_TRY(piece, decode_listing(reply.body));
        if (piece.empty()) return all;
        if (piece.size() > attest::max_tree_entries - all.size())
            return Error(Code::invalid, "source: too many entries").because("tree_mismatch");
        all.insert(all.end(), std::make_move_iterator(piece.begin()),
                   std::make_move_iterator(piece.end()));
    }
}

Result<attest::OpenedFiles> LinkedSource::open(std::size_t first, std::size_t count) {
    const OpenRequest request{first, static_cast<std::uint32_t>(count)};
    HOLDFAST_TRY(reply, ask(Operation::open_source, encode(request)));
    return decode_opened(std::move(reply));
}

}  // namespace holdfast::daemon
