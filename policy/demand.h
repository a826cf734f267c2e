// Demand: the approvals that a decision asks for besides, and of whom.
#ifndef HOLDFAST_POLICY_DEMAND_H
#define HOLDFAST_POLICY_DEMAND_H

#include <string>
#include <vector>

namespace holdfast::policy {

inline constexpr unsigned max_approvals = 16;  // @approvals("16")

struct Demand {
    unsigned approvals = 0;           // by so many different operators; 0: nobody is asked
    std::string approvers;            // a group of operators.toml
    std::vector<std::string> people;  // or, without a group, these operators by name
    friend bool operator==(const Demand&, const Demand&) = default;
};

// Of two that hold at once: the one that asks for more approvals; the first where both ask for as
// many.
inline const Demand& stricter(const Demand& first, const Demand& second) noexcept {
    return second.approvals > first.approvals ? second : first;
}

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_DEMAND_H
