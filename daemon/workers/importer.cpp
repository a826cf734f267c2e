#include "daemon/workers/importer.h"

#include <unistd.h>

#include "attest/store/files.h"
#include "attest/store/folders.h"
#include "core/crypto/digest.h"
#include "daemon/link/codec_store.h"
#include "daemon/workers/importer_confine.h"
#include "daemon/workers/importer_reader.h"
#include "daemon/workers/importer_source.h"

namespace holdfast::daemon {
namespace {

Reply reply_of(Bytes body) {
    Reply reply;
    reply.body = std::move(body);
    return reply;
}

// From here on nothing but the store can be opened.
Done stay_in(const Descriptor& directory) {
    // OpenSSL reads its own configuration when it is first asked for a digest.
    (void)crypto::sha256(ByteView());
    return confine_to(directory.get());
}

Result<attest::Folders> enter_store(const std::string& directory, attest::Use use) {
    HOLDFAST_TRY(folders, attest::open_folders(directory, ::geteuid(), use));
    HOLDFAST_CHECK(stay_in(folders.directory));
    return folders;
}

Result<Reply> import_for(ByteView payload) {
    HOLDFAST_TRY(request, decode_import(payload));
    // First of all: what the reading half has inherited it could hand out.
    HOLDFAST_TRY(reader, ReadingHalf::start(request));
    LinkedSource source(reader.link());
    HOLDFAST_TRY(envelope, source.manifest());
    HOLDFAST_TRY(store, enter_store(request.store, attest::Use::write));
    HOLDFAST_TRY(imported, attest::import_code(store, source, envelope, {}));
    return reply_of(encode(imported));
}

Result<Reply> list_for(ByteView payload) {
    HOLDFAST_TRY(directory, decode_store(payload));
    const auto opened = attest::open_store_directory(directory, ::geteuid());
    if (!opened && opened.error().code() == Code::not_found)  // nothing imported yet
        return reply_of(encode(std::vector<attest::StoredManifest>()));
    if (!opened) return opened.error();
    HOLDFAST_CHECK(stay_in(*opened));
    HOLDFAST_TRY(store, attest::Store::open(directory, ::geteuid()));
    HOLDFAST_TRY(manifests, store.list());
    return reply_of(encode(manifests));
}

Result<Reply> collect_for(ByteView payload) {
    HOLDFAST_TRY(request, decode_collect(payload));
    HOLDFAST_TRY(store, enter_store(request.store, attest::Use::write));
    HOLDFAST_TRY(collected, attest::collect(store, request.keep));
    return reply_of(encode(collected));
}

Result<Reply> check_for(ByteView payload) {
    HOLDFAST_TRY(directory, decode_store(payload));
    HOLDFAST_TRY(store, enter_store(directory, attest::Use::look));
    HOLDFAST_TRY(report, attest::check_store(store));
    return reply_of(encode(report));
}

}  // namespace

Result<Reply> answer_store_request(const Message& request) {
    if (!request.descriptors.empty()) return Error(Code::invalid, "importer: unknown request");
    switch (request.operation) {
        case Operation::import_code: return import_for(request.payload);
        case Operation::list_store: return list_for(request.payload);
        case Operation::collect_store: return collect_for(request.payload);
        case Operation::check_store: return check_for(request.payload);
        default: return Error(Code::invalid, "importer: unknown request");
    }
}

}  // namespace holdfast::daemon
