#include "policy/cedar/validate.h"

#include "policy/cedar/entity_ids.h"
#include "policy/cedar/typechecker.h"

namespace holdfast::policy::cedar {
namespace {

class Validator {
  public:
    Validator(const Policy& policy, std::vector<Finding>& findings)
        : policy_(policy), findings_(findings) {}

    void check() {
        scope(policy_.principal, "principal", schema::principal_type);
        scope(policy_.action, "action", schema::action_type);
        scope(policy_.resource, "resource", schema::resource_type);
        Typechecker(policy_, findings_).check();
    }

  private:
    void scope(const Scope& scope, std::string_view variable, std::string_view type) {
        const bool names_type = scope.kind == Scope::Kind::is || scope.kind == Scope::Kind::is_in;
        if (names_type && find_entity_type(scope.type) == nullptr)
            add(scope.type_at, "there is no entity type " + scope.type);
        else if (names_type && scope.type != type)
            add(scope.type_at, is_always(variable, type) + ", never " + scope.type);
        for (const Named& named : scope.entities)
            if (const std::string wrong = problem_of(named.uid); !wrong.empty())
                add(named.at, wrong);
            else if (scope.kind == Scope::Kind::equal && named.uid.type != type)
                add(named.at, is_always(variable, type) + ", never " + named.uid.type);
            else if (!can_be_in(type, named.uid.type))
                add(named.at, is_always(variable, type) + ", and none is in " + named.uid.type);
    }

    static std::string is_always(std::string_view variable, std::string_view type) {
        return std::string(variable) + " is always " + std::string(type);
    }

    void add(Position at, std::string text) {
        findings_.push_back({policy_.file, at, std::move(text)});
    }

    const Policy& policy_;
    std::vector<Finding>& findings_;
};

}  // namespace

std::vector<Finding> validate(const PolicySet& set) {
    std::vector<Finding> findings;
    for (const Policy& policy : set.policies)
        Validator(policy, findings).check();
    return findings;
}

}  // namespace holdfast::policy::cedar
