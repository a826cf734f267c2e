// What the importer asks of its reading half, and gets.
#include <utility>

#include "attest/manifest/tree.h"
#include "daemon/link/codec_store.h"
#include "daemon/link/payload.h"

namespace holdfast::daemon {
namespace {

using payload::get_all;
using payload::get_count;
using payload::get_text;
using payload::malformed;
using payload::whole;

constexpr std::size_t max_target = 4096;   // PATH_MAX
constexpr std::uint32_t max_errno = 4095;  // the kernel's MAX_ERRNO

Result<attest::SourceEntry> get_entry(PayloadReader& in) {
    HOLDFAST_TRY(path, get_text(in, attest::max_tree_path));
    HOLDFAST_TRY(mode, in.u32());
    HOLDFAST_TRY(target, get_text(in, max_target));
    return attest::SourceEntry{std::move(path), mode, std::move(target)};
}

}  // namespace

Bytes encode_listing_from(std::uint64_t first) {
    PayloadWriter out;
    out.u64(first);
    return out.take();
}

Result<std::uint64_t> decode_listing_from(ByteView payload) {
    return whole<std::uint64_t>(payload, [](PayloadReader& in) { return in.u64(); });
}

Bytes encode(const std::vector<attest::SourceEntry>& entries) {
    PayloadWriter out;
    out.u32(static_cast<std::uint32_t>(entries.size()));
    for (const auto& entry : entries)
        out.text(entry.path).u32(entry.mode).text(entry.target);
    return out.take();
}

Result<std::vector<attest::SourceEntry>> decode_listing(ByteView payload) {
    using Entries = std::vector<attest::SourceEntry>;
    return whole<Entries>(payload, [](PayloadReader& in) -> Result<Entries> {
        return get_all<attest::SourceEntry>(in, max_listing_piece, get_entry);
    });
}

Bytes encode(const OpenRequest& request) {
    PayloadWriter out;
    out.u64(request.first).u32(request.count);
    return out.take();
}

Result<OpenRequest> decode_open(ByteView payload) {
    return whole<OpenRequest>(payload, [](PayloadReader& in) -> Result<OpenRequest> {
        HOLDFAST_TRY(first, in.u64());
        HOLDFAST_TRY(count, get_count(in, attest::max_opened_at_once));
        return OpenRequest{first, count};
    });
}

Reply encode(attest::OpenedFiles opened) {
    PayloadWriter out;
    Reply reply;
    out.u64(opened.first).u32(static_cast<std::uint32_t>(opened.files.size()));
    for (auto& file : opened.files) {
        out.u32(static_cast<std::uint32_t>(file.error));
        if (file.file) reply.descriptors.push_back(std::move(file.file));
    }
    reply.body = out.take();
    return reply;
}

Result<attest::OpenedFiles> decode_opened(Reply reply) {
    PayloadReader in(reply.body);
    attest::OpenedFiles opened;
    HOLDFAST_TRY(first, in.u64());
    opened.first = first;
    HOLDFAST_TRY(count, get_count(in, attest::max_opened_at_once));
    auto next = reply.descriptors.begin();
    for (std::uint32_t i = 0; i < count; ++i) {
        attest::OpenedFile file;
        HOLDFAST_TRY(error, in.u32());
        if (error > max_errno) return malformed("errno");
        file.error = static_cast<int>(error);
        if (error == 0) {
            if (next == reply.descriptors.end()) return malformed("number of descriptors");
            file.file = std::move(*next++);
        }
        opened.files.push_back(std::move(file));
    }
    HOLDFAST_CHECK(in.finish());
    if (next != reply.descriptors.end()) return malformed("number of descriptors");
    return opened;
}

}  // namespace holdfast::daemon
