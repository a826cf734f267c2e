#include "daemon/handlers/policies.h"

#include <utility>

#include "api/messages.h"
#include "core/encode/base64.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/log.h"

namespace holdfast::daemon::handlers {
namespace {

constexpr const char* created = "created";
constexpr const char* changed = "changed";
constexpr const char* unchanged = "unchanged";
constexpr const char* vanished = "vanished";

Error refused(const std::string& set, const std::string& what, std::string reason) {
    return Error(Code::conflict, set + ".cedar: " + what).because(std::move(reason));
}

std::string numbered(std::int64_t version) {
    return "version " + std::to_string(version);
}

bool is_in_force(const Services& services, const policy::PolicySet& set) {
    const auto& sets = services.policies.sets();
    const auto known = sets.find(set.name);
    return known != sets.end() && known->second.digest == set.digest &&
           known->second.may_permit == set.may_permit && known->second.author == set.author;
}

// Under one version there is one text by one author.
Done check_same_version(const Services& services, const PolicyRow& row,
                        const policy::PolicySet& set) {
    if (row.text != set.text)
        return refused(set.name, numbered(row.version) + " was in force with another text",
                       "policy_same_version");
    const auto& sets = services.policies.sets();
    const auto known = sets.find(set.name);
    if (known == sets.end() || !known->second.may_permit || known->second.author == set.author)
        return done();
    return refused(set.name, numbered(row.version) + " was in force with another signature",
                   "policy_same_version");
}

Result<std::string> change_of(const Services& services, const policy::PolicySet& set) {
    const auto row = services.registry.policies().find(set.name);
    if (row == services.registry.policies().end()) return std::string(created);
    const std::int64_t before = row->second.version;
    if (set.version < before)
        return refused(set.name,
                       numbered(set.version) + " is older than " + std::to_string(before) +
                           ", which was in force",
                       "policy_older");
    if (set.version > before) return std::string(changed);
    HOLDFAST_CHECK(check_same_version(services, row->second, set));
    return std::string(is_in_force(services, set) ? unchanged : changed);
}

api::PolicyChange shown(const policy::PolicySet& set, std::string change) {
    return {set.name, std::move(change), set.version, std::string(to_string(set.mode)), set.author};
}

// A set that says nothing any more; one that cannot be read is none.
bool is_withdrawn(const PolicyRow& row) {
    const auto set = policy::parse_policy_set(row.name + ".cedar", row.text);
    return set && set->rules.policies.empty();
}

encode::Json::Object record_of(const policy::Policies& declared, const api::PolicyChange& change,
                               std::string by) {
    encode::Json::Object record;
    record["by"] = std::move(by);
    record["change"] = change.change;
    record["set"] = change.set;
    record["version"] = change.version;
    const auto found = declared.sets().find(change.set);
    if (found == declared.sets().end()) return record;
    const policy::PolicySet& set = found->second;
    if (!set.author.empty()) {
        record["author"] = set.author;
        record["author_key"] = set.author_key;
    }
    record["file_sha256"] = encode::hex(set.digest);
    record["mode"] = to_string(set.mode);
    record["policies"] = static_cast<std::int64_t>(set.rules.policies.size());
    return record;
}

policy::Unsigned unsigned_sets(const Services& services) {
    return services.settings.policy_unsigned_allowed ? policy::Unsigned::allow
                                                     : policy::Unsigned::refuse;
}

Result<policy::PolicySet> kept_set(const Services& services, const PolicyRow& row) {
    HOLDFAST_TRY(set, policy::parse_policy_set(row.name + ".cedar", row.text));
    set.signature = row.signature;
    const Done author = check_author(set, services.operators, unsigned_sets(services));
    if (!author)
        log_error("policy set " + row.name +
                  " permits nothing until apply: " + author.error().text());
    return set;
}

}  // namespace

Result<policy::Policies> read_policies(const PolicyFiles& files) {
    HOLDFAST_TRY(sets, policy::read_policy_sets(files.directory));
    for (auto& [name, set] : sets)
        HOLDFAST_CHECK(check_author(set, files.operators, files.unsigned_sets));
    return policy::Policies::of(std::move(sets));
}

Async<policy::Policies> declared_policies(Services& services, policy::Operators operators) {
    PolicyFiles files{services.settings.policies_dir, std::move(operators),
                      unsigned_sets(services)};
    auto reading = services.read_policies(std::move(files));
    co_return co_await std::move(reading);
}

Result<std::vector<api::PolicyChange>> policy_changes(const Services& services,
                                                      const policy::Policies& declared) {
    std::vector<api::PolicyChange> changes;
    for (const auto& [name, set] : declared.sets()) {
        HOLDFAST_TRY(change, change_of(services, set));
        changes.push_back(shown(set, std::move(change)));
    }
    for (const auto& [name, row] : services.registry.policies()) {
        if (declared.sets().contains(name)) continue;
        if (!is_withdrawn(row))
            return refused(name,
                           "is in force and cannot just vanish: apply a newer version of it "
                           "without policies first",
                           "policy_vanished");
        if (services.policies.sets().contains(name))
            changes.push_back({name, vanished, row.version, "", ""});
    }
    return changes;
}

Async<bool> record_policies(Services& services, const policy::Policies& declared,
                            std::vector<api::PolicyChange> changes, std::string by) {
    bool any = false;
    for (const api::PolicyChange& change : changes) {
        if (change.change == unchanged) continue;
        auto appended = services.ledger.append("policy", record_of(declared, change, by));
        HOLDFAST_CO_CHECK(co_await std::move(appended));
        any = true;
    }
    co_return any;
}

PolicyRows changed_rows(const policy::Policies& declared,
                        const std::vector<api::PolicyChange>& changes) {
    PolicyRows rows;
    for (const api::PolicyChange& change : changes) {
        const auto set = declared.sets().find(change.set);
        if (change.change == unchanged || set == declared.sets().end()) continue;
        const policy::PolicySet& taken = set->second;
        rows.emplace(taken.name, PolicyRow{taken.name, taken.version, taken.text, taken.signature});
    }
    return rows;
}

Async<Answer> list_policies(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    std::vector<api::PolicySetInForce> sets;
    for (const auto& [name, set] : services.policies.sets())
        sets.push_back({set.name, set.version, std::string(to_string(set.mode)), set.author,
                        set.author_key, set.may_permit, set.rules.policies.size(), set.digest});
    co_return json_answer(api::to_json(sets));
}

void load_policies(Services& services) {
    policy::PolicySets sets;
    for (const auto& [name, row] : services.registry.policies()) {
        auto set = kept_set(services, row);
        if (!set) {
            // Nothing is permitted rather than something that a set would have forbidden.
            log_error("no policy is in force until apply: " + set.error().text());
            return;
        }
        sets.emplace(name, *std::move(set));
    }
    auto policies = policy::Policies::of(std::move(sets));
    if (policies)
        services.policies = *std::move(policies);
    else
        log_error("no policy is in force until apply: " + policies.error().text());
}

}  // namespace holdfast::daemon::handlers
