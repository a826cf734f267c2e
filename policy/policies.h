// Policies: every policy set in force, and what they say of one action.
#ifndef HOLDFAST_POLICY_POLICIES_H
#define HOLDFAST_POLICY_POLICIES_H

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/action.h"
#include "holdfast/result.h"
#include "policy/agent_file.h"
#include "policy/cedar/evaluate.h"
#include "policy/demand.h"
#include "policy/policy_set.h"
#include "policy/request.h"

namespace holdfast::policy {

// Which set a rule is of, and who answers for it.
struct Source {
    std::string set;
    std::int64_t version = 0;
    std::string author;  // empty: nobody signed it
    friend bool operator==(const Source&, const Source&) = default;
};

// An observed set that, asked by itself, would have denied.
struct Observed {
    Source source;
    std::vector<std::string> rules;  // empty: no permit of it fits
};

struct Decision {
    bool permitted = false;
    std::vector<std::string> rules;  // "SET:ID" of each that decided; empty: no permit fits
    std::vector<Source> sources;     // of these
    std::vector<Observed> observed;
    Demand demand;  // of the permits that decided: what the strictest asks for
};

// What a rule asks for besides: @approvals("2") @approvers("finance"). invalid, "FILE:LINE:COLUMN:
// what": a number that is none from 1 to max_approvals, one without the other, or on a forbid.
Result<Demand> demand_of(const cedar::Policy& rule);

class Policies {
  public:
    Policies() = default;  // permits nothing

    // invalid: two enforced sets have a rule of the same id, more than cedar::max_policies in all,
    // or as demand_of.
    static Result<Policies> of(PolicySets sets);

    // Default deny, forbid wins. Only the set of whom an agent's file names as its policy author
    // can permit it anything (or nobody's set, where unsigned ones are allowed); a forbid counts
    // whoever wrote it. A forbid that cannot be evaluated denies. denied as request_of.
    Result<Decision> decide(const AgentFile& agent, const Situation& situation,
                            const Action& action) const;

    const PolicySets& sets() const noexcept { return sets_; }
    // Those that can permit this agent something.
    std::vector<Source> sources_for(const AgentFile& agent) const;

  private:
    PolicySets sets_;
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_POLICIES_H
