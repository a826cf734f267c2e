// A measured process on the wire: digests and marks in the payload, open files beside it.
#include <algorithm>
#include <utility>

#include "daemon/link/codec.h"
#include "daemon/link/payload.h"

namespace holdfast::daemon {
namespace {

using payload::get_sha256;

Error malformed(const char* what) {
    return Error(Code::invalid, std::string("link: malformed view: ") + what);
}

void put(PayloadWriter& out, const MeasuredFile& file) {
    out.text(file.path).bytes(file.digest);
}

void put(PayloadWriter& out, const attest::FileMark& mark) {
    out.u64(mark.device).u64(mark.inode).u64(mark.size);
    out.u64(static_cast<std::uint64_t>(mark.modified_ns));
    out.u64(static_cast<std::uint64_t>(mark.changed_ns));
    out.u32(mark.mode).u32(mark.uid);
}

Result<MeasuredFile> get_file(PayloadReader& in) {
    HOLDFAST_TRY(path, in.text());
    HOLDFAST_TRY(digest, get_sha256(in));
    return MeasuredFile{std::move(path), digest};
}

Result<attest::FileMark> get_mark(PayloadReader& in) {
    attest::FileMark mark;
    for (auto* field : {&mark.device, &mark.inode, &mark.size}) {
        HOLDFAST_TRY(value, in.u64());
        *field = value;
    }
    for (auto* field : {&mark.modified_ns, &mark.changed_ns}) {
        HOLDFAST_TRY(value, in.u64());
        *field = static_cast<std::int64_t>(value);
    }
    for (auto* field : {&mark.mode, &mark.uid}) {
        HOLDFAST_TRY(value, in.u32());
        *field = value;
    }
    return mark;
}

Result<Measurement> get_measurement(PayloadReader& in) {
    Measurement measurement;
    HOLDFAST_TRY(assurance, in.u8());
    if (assurance < static_cast<std::uint8_t>(Assurance::observed) ||
        assurance > static_cast<std::uint8_t>(Assurance::enforced))
        return malformed("assurance");
    measurement.assurance = static_cast<Assurance>(assurance);
    HOLDFAST_TRY(executable, get_file(in));
    measurement.executable = std::move(executable);
    HOLDFAST_TRY(count, in.u32());
    if (count > max_descriptors) return malformed("number of mappings");
    for (std::uint32_t i = 0; i < count; ++i) {
        HOLDFAST_TRY(mapping, get_file(in));
        measurement.mappings.push_back(std::move(mapping));
    }
    HOLDFAST_TRY(digest, get_sha256(in));
    measurement.digest = digest;
    return measurement;
}

Result<std::vector<attest::MappedName>> get_mapped(PayloadReader& in) {
    HOLDFAST_TRY(count, in.u32());
    if (count > max_descriptors) return malformed("number of mapped names");
    std::vector<attest::MappedName> mapped;
    for (std::uint32_t i = 0; i < count; ++i) {
        HOLDFAST_TRY(device, in.u64());
        HOLDFAST_TRY(inode, in.u64());
        mapped.push_back({device, inode});
    }
    return mapped;
}

}  // namespace

Bytes encode_digest(const Sha256& digest) {
    return PayloadWriter().bytes(digest).take();
}

Result<Sha256> decode_digest(ByteView payload) {
    PayloadReader in(payload);
    HOLDFAST_TRY(digest, get_sha256(in));
    HOLDFAST_CHECK(in.finish());
    return digest;
}

Reply encode(attest::ProcessView view) {
    Reply reply;
    PayloadWriter out;
    out.u8(static_cast<std::uint8_t>(view.measurement.assurance));
    put(out, view.measurement.executable);
    out.u32(static_cast<std::uint32_t>(view.measurement.mappings.size()));
    for (const auto& mapping : view.measurement.mappings)
        put(out, mapping);
    out.bytes(view.measurement.digest);
    reply.descriptors.push_back(std::move(view.maps));
    out.u32(static_cast<std::uint32_t>(view.files.size()));
    for (auto& file : view.files) {
        put(out, file.mark);
        reply.descriptors.push_back(std::move(file.descriptor));
    }
    out.u32(static_cast<std::uint32_t>(view.mapped.size()));
    for (const auto& name : view.mapped)
        out.u64(name.device).u64(name.inode);
    reply.body = out.take();
    return reply;
}

Result<attest::ProcessView> decode_view(Reply reply) {
    PayloadReader in(reply.body);
    attest::ProcessView view;
    HOLDFAST_TRY(measurement, get_measurement(in));
    view.measurement = std::move(measurement);
    HOLDFAST_TRY(count, in.u32());
    if (reply.descriptors.empty() || count != reply.descriptors.size() - 1)
        return malformed("number of files");
    view.maps = std::move(reply.descriptors.front());
    for (std::uint32_t i = 0; i < count; ++i) {
        HOLDFAST_TRY(mark, get_mark(in));
        view.files.push_back({std::move(reply.descriptors[i + 1]), mark});
    }
    HOLDFAST_TRY(mapped, get_mapped(in));
    view.mapped = std::move(mapped);
    HOLDFAST_CHECK(in.finish());
    return view;
}

}  // namespace holdfast::daemon
