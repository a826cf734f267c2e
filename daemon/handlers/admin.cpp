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

bool has_own_fuse(const KeyDescription& key) {
    return key.agent_fuse.kind == FuseKind::counter || key.agent_fuse.kind == FuseKind::bank;
}

}  // namespace holdfast::daemon::handlers
