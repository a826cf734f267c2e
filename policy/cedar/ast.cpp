#include "policy/cedar/ast.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "policy/cedar/limits.h"

namespace holdfast::policy::cedar {

std::string in_one_line(std::string text) {
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    };
    std::replace_if(text.begin(), text.end(), is_control, '?');
    return text;
}

std::string located(std::string_view file, Position at, std::string_view what) {
    std::string text(file);
    text.append(":").append(std::to_string(at.line)).append(":");
    text.append(std::to_string(at.column)).append(": ").append(what);
    return in_one_line(std::move(text));
}

std::string_view to_string(Operator op) noexcept {
    static constexpr std::array<std::string_view, 30> names = {"literal",
                                                               "principal",
                                                               "action",
                                                               "resource",
                                                               "context",
                                                               "if",
                                                               "&&",
                                                               "||",
                                                               "!",
                                                               "-",
                                                               "==",
                                                               "!=",
                                                               "<",
                                                               "<=",
                                                               ">",
                                                               ">=",
                                                               "+",
                                                               "-",
                                                               "*",
                                                               "in",
                                                               ".contains",
                                                               ".containsAll",
                                                               ".containsAny",
                                                               ".",
                                                               "has",
                                                               "like",
                                                               "is",
                                                               "is … in",
                                                               "[]",
                                                               "{}"};
    return names[static_cast<std::size_t>(op)];
}

const Annotation* Policy::annotation(std::string_view name) const noexcept {
    const auto found = std::find_if(annotations.begin(), annotations.end(),
                                    [&](const Annotation& one) { return one.name == name; });
    return found == annotations.end() ? nullptr : &*found;
}

Result<PolicySet> merge(std::vector<PolicySet> sets) {
    PolicySet all;
    std::unordered_set<std::string> ids;
    for (PolicySet& set : sets) {
        for (Policy& policy : set.policies) {
            if (all.policies.size() == max_policies)
                return Error(Code::invalid, located(policy.file, policy.at,
                                                    "more than " + std::to_string(max_policies) +
                                                        " policies in all files"));
            if (!ids.insert(policy.id).second)
                return Error(Code::invalid,
                             located(policy.file, policy.at,
                                     "@id(\"" + policy.id + "\") names another policy already"));
            all.policies.push_back(std::move(policy));
        }
    }
    return all;
}

}  // namespace holdfast::policy::cedar
