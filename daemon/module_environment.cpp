#include "daemon/module_environment.h"

#include <algorithm>
#include <cstdlib>

namespace holdfast::daemon {
namespace {

bool is_name(std::string_view name) noexcept {
    const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto is_allowed = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
    return !name.empty() && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(), is_allowed) && name.substr(0, 3) != "LD_";
}

Done add(std::string_view word, std::vector<Variable>& variables) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string_view name = word.substr(0, equals);
    if (equals + 1 >= word.size() || !is_name(name))
        return Error(Code::invalid, "pkcs11.environment: '" + std::string(word) +
                                        "' is no NAME=VALUE that a module may have");
    for (const Variable& known : variables)
        if (known.first == name)
            return Error(Code::invalid,
                         "pkcs11.environment: " + std::string(name) + " is there twice");
    if (variables.size() == max_module_variables)
        return Error(Code::invalid, "pkcs11.environment: more than 32 variables");
    variables.emplace_back(name, word.substr(equals + 1));
    return done();
}

}  // namespace

Result<std::vector<Variable>> parse_module_environment(std::string_view words) {
    std::vector<Variable> variables;
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        if (end != 0) HOLDFAST_CHECK(add(words.substr(0, end), variables));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return variables;
}

Done set_module_environment(std::string_view words) {
    HOLDFAST_TRY(variables, parse_module_environment(words));
    for (const auto& [name, value] : variables)
        // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread so far
        if (::setenv(name.c_str(), value.c_str(), 1) != 0)
            return Error(Code::internal, "pkcs11.environment: setenv");
    return done();
}

}  // namespace holdfast::daemon
