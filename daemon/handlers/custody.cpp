// What the token says of its keys, whenever its worker starts: custody is claimed as it reads now.
#include "daemon/handlers/admin.h"
#include "daemon/handlers/handlers.h"
#include "daemon/log.h"

namespace holdfast::daemon::handlers {
namespace {

Async<std::monostate> take_one(Services& services, KeyDescription key) {
    auto row = current_row(services, key.agent);
    if (!row || row->key.id != key.id || row->key.custody == key.custody) co_return done();
    encode::Json::Object record;
    record["agent"] = row->name;
    record["custody"] = to_string(key.custody);
    record["key_id"] = key.id;
    record["was"] = to_string(row->key.custody);
    log_warning("agent " + row->name + ": its key's custody is " +
                std::string(to_string(key.custody)) + " now, and was " +
                std::string(to_string(row->key.custody)));
    row->key.custody = key.custody;
    // In memory first: from here on no credential says what was.
    services.credentials.forget(row->name);
    Done saved = save(services, *row);
    HOLDFAST_CO_CHECK(co_await services.ledger.append("custody", std::move(record)));
    co_return saved;
}

}  // namespace

Async<std::monostate> take_custody(Services& services) {
    // A worker that cannot answer signs nothing either; it says itself what is wrong.
    auto keys = co_await services.keys.list();
    if (!keys) co_return done();
    Done worst = done();
    for (KeyDescription& key : *keys) {
        if (key.backend != Backend::pkcs11 || key.agent.empty()) continue;
        Done taken = co_await take_one(services, std::move(key));
        if (!taken) worst = std::move(taken);
    }
    co_return worst;
}

}  // namespace holdfast::daemon::handlers
