#include "policy/known_scopes.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace holdfast::policy {
namespace {

using cedar::EntityUid;
using cedar::Scope;

// In the order of how much they allow: the least of several is what all of them together say.
enum class Fits : std::uint8_t { no, maybe, yes };

// Groups of an agent that only its request would tell.
bool is_unknown(const EntityUid& group) noexcept {
    return group.type == "Custody" || group.type == "Assurance" || group.type == "Manifest";
}

struct Subject {
    EntityUid uid;
    std::vector<EntityUid> ancestors;

    Subject(const cedar::Request& request, const EntityUid& who)
        : uid(who), ancestors(request.entities.at(who).ancestors) {}

    Fits in(const EntityUid& group) const {
        if (is_unknown(group)) return Fits::maybe;
        return group == uid || std::ranges::find(ancestors, group) != ancestors.end() ? Fits::yes
                                                                                      : Fits::no;
    }
    Fits in_one(const std::vector<cedar::Named>& groups) const {
        Fits best = Fits::no;
        for (const cedar::Named& group : groups)
            best = std::max(best, in(group.uid));
        return best;
    }
    Fits is(const std::string& type) const { return type == uid.type ? Fits::yes : Fits::no; }
};

Fits fits(const Scope& scope, const Subject& subject) {
    switch (scope.kind) {
        case Scope::Kind::any: return Fits::yes;
        case Scope::Kind::equal:
            return scope.entities.front().uid == subject.uid ? Fits::yes : Fits::no;
        case Scope::Kind::in: return subject.in_one(scope.entities);
        case Scope::Kind::is: return subject.is(scope.type);
        case Scope::Kind::is_in:
            return std::min(subject.is(scope.type), subject.in_one(scope.entities));
    }
    return Fits::maybe;
}

struct Subjects {
    Subject principal, action, resource;

    Fits of(const cedar::Policy& rule) const {
        const Fits scope = std::min({fits(rule.principal, principal), fits(rule.action, action),
                                     fits(rule.resource, resource)});
        return rule.conditions.empty() ? scope : std::min(scope, Fits::maybe);
    }
};

struct Best {
    Fits permit = Fits::no;
    Fits forbid = Fits::no;

    Known known() const noexcept {
        if (forbid == Fits::yes || permit == Fits::no) return Known::denied;
        if (permit == Fits::yes && forbid == Fits::no) return Known::permitted;
        return Known::open;
    }
};

}  // namespace

Result<Known> known_of(const Policies& policies, const AgentFile& agent, const Action& action) {
    HOLDFAST_TRY(request, request_of(agent, Situation(), action));
    const Subjects subjects{Subject(request, request.principal), Subject(request, request.action),
                            Subject(request, request.resource)};
    std::set<std::string, std::less<>> permitting;
    for (const Source& source : policies.sources_for(agent))
        permitting.insert(source.set);
    Best best;
    for (const auto& [name, set] : policies.sets()) {
        if (set.mode != Mode::enforce) continue;
        for (const cedar::Policy& rule : set.rules.policies) {
            const bool forbids = rule.effect == cedar::Effect::forbid;
            if (!forbids && !permitting.contains(name)) continue;
            Fits& of_its_kind = forbids ? best.forbid : best.permit;
            of_its_kind = std::max(of_its_kind, subjects.of(rule));
        }
    }
    return best.known();
}

}  // namespace holdfast::policy
