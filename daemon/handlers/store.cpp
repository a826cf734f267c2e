// /v1/store…: agents' code is copied in, listed, tidied and read again, by an importer.
#include "api/messages.h"
#include "api/store_messages.h"
#include "attest/measure/process_directory.h"
#include "core/encode/base64.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/link/codec_store.h"

namespace holdfast::daemon::handlers {
namespace {

// With --dev there is no launcher, and nothing that could be launched.
Done has_store(const Services& services) {
    if (services.settings.dev)
        return Error(Code::denied, "with --dev all processes share one uid: there is no store")
            .because("not_separated");
    return services.launcher.available();
}

api::StoreImported reply_of(const attest::Imported& imported) {
    api::StoreImported reply;
    reply.manifest = imported.manifest;
    reply.root = imported.root;
    reply.files = static_cast<std::int64_t>(imported.files);
    reply.bytes = static_cast<std::int64_t>(imported.bytes);
    reply.reused = static_cast<std::int64_t>(imported.reused);
    reply.verity = imported.verity;
    return reply;
}

encode::Json::Object record_of(const attest::Imported& imported, const Call& call,
                               const api::StoreImportRequest& request) {
    encode::Json::Object record;
    record["by"] = call.principal;
    record["directory"] = request.directory;
    record["files"] = static_cast<std::int64_t>(imported.files);
    record["manifest"] = encode::hex(imported.manifest);
    record["tree"] = encode::hex(imported.root);
    return record;
}

}  // namespace

Async<Answer> store_import(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::store_import_request(call.body));
    HOLDFAST_CO_CHECK(has_store(services));
    HOLDFAST_CO_TRY(groups, groups_of(call.peer));
    Reader reader{call.peer.uid, call.peer.gid, std::move(groups)};
    Bytes payload = encode(ImportRequest{services.settings.store_dir, request.directory,
                                         request.manifest, std::move(reader)});
    HOLDFAST_CO_TRY(
        body, co_await services.launcher.ask_store(Operation::import_code, std::move(payload)));
    HOLDFAST_CO_TRY(imported, decode_imported(body));
    auto record = record_of(imported, call, request);
    HOLDFAST_CO_CHECK(co_await services.ledger.append("import", std::move(record)));
    co_return json_answer(api::to_json(reply_of(imported)));
}

Async<Answer> store_list(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    HOLDFAST_CO_CHECK(has_store(services));
    Bytes payload = encode_store(services.settings.store_dir);
    HOLDFAST_CO_TRY(
        body, co_await services.launcher.ask_store(Operation::list_store, std::move(payload)));
    HOLDFAST_CO_TRY(stored, decode_stored(body));
    std::vector<api::StoredManifest> manifests;
    manifests.reserve(stored.size());
    for (const attest::StoredManifest& one : stored)
        manifests.push_back({one.name, one.version, one.digest, one.root,
                             static_cast<std::int64_t>(one.files),
                             static_cast<std::int64_t>(one.bytes), one.imported, one.not_after});
    co_return json_answer(api::to_json(manifests));
}

// Which manifests are in use the launcher knows.
Async<Answer> store_collect(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    HOLDFAST_CO_CHECK(has_store(services));
    HOLDFAST_CO_TRY(body, co_await services.launcher.ask_store(Operation::collect_store, Bytes()));
    HOLDFAST_CO_TRY(collected, decode_collected(body));
    api::StoreCollected reply{
        static_cast<std::int64_t>(collected.manifests), static_cast<std::int64_t>(collected.views),
        static_cast<std::int64_t>(collected.objects), static_cast<std::int64_t>(collected.bytes)};
    co_return json_answer(api::to_json(reply));
}

Async<Answer> store_check(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    HOLDFAST_CO_CHECK(has_store(services));
    Bytes payload = encode_store(services.settings.store_dir);
    HOLDFAST_CO_TRY(
        body, co_await services.launcher.ask_store(Operation::check_store, std::move(payload)));
    HOLDFAST_CO_TRY(checked, decode_check(body));
    api::StoreChecked reply;
    reply.manifests = static_cast<std::int64_t>(checked.manifests);
    reply.views = static_cast<std::int64_t>(checked.views);
    reply.objects = static_cast<std::int64_t>(checked.objects);
    reply.bytes = static_cast<std::int64_t>(checked.bytes);
    reply.unneeded = static_cast<std::int64_t>(checked.unneeded);
    reply.unread = static_cast<std::int64_t>(checked.unread);
    reply.differing = static_cast<std::int64_t>(checked.differing);
    for (const auto& difference : checked.differences)
        reply.differences.push_back({difference.path, difference.what});
    co_return json_answer(api::to_json(reply));
}

}  // namespace holdfast::daemon::handlers
