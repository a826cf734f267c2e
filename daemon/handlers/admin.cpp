#include "daemon/handlers/admin.h"

namespace holdfast::daemon::handlers {

Error unknown_agent(std::string_view name) {
    return Error(Code::not_found, "no agent named " + std::string(name)).because("unknown_agent");
}

Error ended_for_good(const AgentRow& row) {
    const std::string state(to_string(row.state));
    return Error(Code::conflict, "agent " + row.name + " is " + state + " for good")
        .because("agent_" + state);
}

bool is_same_person(const Services& services, std::string_view one, std::string_view other) {
    if (one == other) return true;
    const policy::Operator* person = services.operators.of_principal(one);
    return person != nullptr && person == services.operators.of_principal(other);
}

encode::Json::Object containment_record(const AgentRow& row, std::string verb, std::string by) {
    encode::Json::Object record;
    record["agent"] = row.name;
    record["by"] = std::move(by);
    record["key_id"] = row.key.id;
    record["state"] = to_string(row.state);
    record["verb"] = std::move(verb);
    return record;
}

Done save(Services& services, const AgentRow& row) {
    Done written = services.registry.put(row);
    if (written) {
        services.ongoing.unsaved.erase(row.name);
        return written;
    }
    services.ongoing.unsaved.insert_or_assign(row.name, row);
    return std::move(written).error().within("registry");
}

std::optional<AgentRow> current_row(const Services& services, std::string_view name) {
    const auto unsaved = services.ongoing.unsaved.find(std::string(name));
    if (unsaved != services.ongoing.unsaved.end()) return unsaved->second;
    const AgentRow* row = services.registry.find(name);
    if (row == nullptr) return std::nullopt;
    return *row;
}

void mark_done(Services& services, std::string_view name, std::string_view key_id, Stage stage) {
    std::optional<AgentRow> row = current_row(services, name);
    if (!row || row->key.id != key_id) return;
    Stages pending = Stages::of(row->pending);
    if (!pending.has(stage)) return;
    pending.remove(stage);
    row->pending = pending.text();
    (void)save(services, *row);  // a row that cannot be written stays in `unsaved`
}

Async<std::string> anchor_step(Services& services, std::string why, std::string by) {
    auto step = services.anchor.advance(std::move(why), std::move(by));
    HOLDFAST_CO_TRY(value, co_await soon(std::move(step)));
    co_return std::string(value == 0 ? stage_not_needed : stage_done);
}

Async<std::string> end_fuse(Services& services, std::string key_id) {
    const Done blown = co_await services.keys.blow_fuse(std::move(key_id));
    if (blown) co_return std::string(stage_done);
    if (blown.error().reason() == "fuse_host_only") co_return std::string(stage_host_only);
    co_return Error(blown.error()).within("fuse");
}

Async<std::monostate> end_blob(Services& services, std::string key_id) {
    Done destroyed = co_await services.keys.destroy(std::move(key_id));
    if (!destroyed && destroyed.error().code() != Code::not_found)
        co_return std::move(destroyed).error().within("blob");
    co_return done();
}

}  // namespace holdfast::daemon::handlers
