// What observed sets say in a record: bounded, and never what makes the record too long.
#include "daemon/handlers/permission.h"
#include "tests/support/approval_world.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using encode::Json;

namespace {

std::vector<policy::Observed> observed(std::size_t count) {
    std::vector<policy::Observed> all;
    for (std::size_t n = 0; n < count; ++n)
        all.push_back({{"trial" + std::to_string(n % 10), 1, ""}, {"trial:rule"}});
    return all;
}

Json::Object added(std::size_t count, std::size_t room) {
    Json::Object policy;
    handlers::add_observed(policy, observed(count), room);
    return policy;
}

std::size_t kept(const Json::Object& policy) {
    const auto found = policy.find("observed");
    return found == policy.end() ? 0 : found->second.array()->size();
}

std::int64_t left_off(const Json::Object& policy) {
    const auto found = policy.find("observed_left_off");
    return found == policy.end() ? 0 : *found->second.integer();
}

// The largest room that still leaves one of two off.
std::size_t too_little_for_two() {
    std::size_t room = 0;
    while (kept(added(2, room + 1)) < 2)
        ++room;
    return room;
}

// With the longest ids, of which no other set has one.
std::string observing(const std::string& set) {
    std::string text = "//! version = 1\n//! mode = observe\n";
    for (int n = 0; n < 32; ++n) {
        std::string id = set + "-" + std::to_string(n) + "-";
        id.resize(128, 'r');
        text += "@id(\"" + id + "\") forbid(principal, action, resource);\n";
    }
    return text;
}

// As many sets as there may be, of which one decides; the others have as much to say as they can.
struct ObservedWorld : ApprovalWorld {
    ObservedWorld() {
        policy::PolicySets sets = services.policies.sets();
        for (std::size_t n = 1; n < policy::max_policy_sets; ++n) {
            std::string name = std::to_string(n) + "-";
            name.resize(policy::max_set_name, 's');
            const std::string text = observing(std::to_string(n));
            sets.emplace(name, *policy::parse_policy_set(name + ".cedar", text));
        }
        services.policies = *policy::Policies::of(std::move(sets));
    }
};

}  // namespace

TEST_CASE("observed sets: as many as there is room for, and how many were left off",
          "[daemon][policies]") {
    const std::size_t room = too_little_for_two();
    CHECK(kept(added(2, room)) == 1);
    CHECK(left_off(added(2, room)) == 1);
    CHECK(kept(added(2, room + 1)) == 2);
    CHECK_FALSE(added(2, room + 1).contains("observed_left_off"));
    CHECK(added(2, 0).empty());
    CHECK(added(0, room).empty());
}

TEST_CASE("observed sets: never more bytes than the room, nor than the bound",
          "[daemon][policies]") {
    for (std::size_t room = 0; room <= handlers::max_observed + 64; room += 7) {
        const Json::Object policy = added(1000, room);
        CHECK(encode::canonical(Json(policy)).size() <= std::min(room, handlers::max_observed) + 2);
        if (room >= 64) CHECK(kept(policy) + static_cast<std::size_t>(left_off(policy)) == 1000);
    }
}

TEST_CASE("observed sets: one with all its rules is on record", "[daemon][policies]") {
    policy::Observed one{{std::string(64, 's'), policy::max_set_version, std::string(255, 'a')},
                         {}};
    one.rules.assign(40, std::string(193, 'r'));
    Json::Object policy;
    handlers::add_observed(policy, {one}, handlers::max_observed);
    CHECK(kept(policy) == 1);
}

TEST_CASE("observed sets: a record that is nearly full keeps what else it says",
          "[daemon][policies]") {
    handlers::Permission permission;
    permission.decision.observed = observed(200);
    for (std::size_t left = 0; left < handlers::max_observed; left += 13) {
        ledger::Record record{"action", 1'700'000'000, 7, {}};
        handlers::add_policy(record, handlers::Permission());
        const std::size_t bare = ledger::encode_record(record)->size();
        record.members["statement"] =
            std::string(ledger::max_record - bare - sizeof(R"("statement":"",)") - left, 's');
        handlers::add_policy(record, permission);
        INFO(left);
        REQUIRE(ledger::encode_record(record));
    }
}

TEST_CASE("observed sets: however much they say, a full action with approvals is signed",
          "[daemon][policies][approvals]") {
    ObservedWorld world;
    const std::string body =
        R"({"action":"refund.create","audience":"https://payments.example","params":{"a":")" +
        std::string(policy::max_approval_document - 700, 'x') + "\"}}";
    const std::string id = world.approved(body);
    REQUIRE(world.use(id, body));
    const Json& policy = world.ledger.records.back().members.at("policy");
    CHECK(policy.find("observed")->array()->size() == 1);
    CHECK(*policy.find("observed_left_off")->integer() == 62);
}

TEST_CASE("observed sets: however much they say, a refusal keeps what was asked",
          "[daemon][policies]") {
    ObservedWorld world;
    world.forbid();
    CHECK(reason_of(world.as_agent(handlers::sign_action, ApprovalWorld::refund)) ==
          "forbidden_by_policy");
    const auto& members = world.ledger.records.back().members;
    REQUIRE(members.contains("asked"));
    CHECK(*members.at("asked").find("policy")->find("observed_left_off")->integer() == 62);
}
