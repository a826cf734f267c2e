#include "attest/measure/environment.h"

#include <algorithm>
#include <string>

namespace holdfast::attest {
namespace {

bool changes_the_code(std::string_view variable) {
    return std::any_of(loader_variables.begin(), loader_variables.end(), [&](auto name) {
        return variable.size() > name.size() + 1 && variable.starts_with(name) &&
               variable[name.size()] == '=';
    });
}

}  // namespace

Done check_loader_environment(std::string_view environment) {
    while (!environment.empty()) {
        const auto end = std::min(environment.find('\0'), environment.size());
        const auto variable = environment.substr(0, end);
        environment.remove_prefix(std::min(end + 1, environment.size()));
        if (!changes_the_code(variable)) continue;
        const std::string name(variable.substr(0, variable.find('=')));
        return Error(Code::denied, "measure: the process was started with " + name)
            .because("loader_environment");
    }
    return done();
}

Done check_uids(std::string_view status, uid_t uid) {
    const std::string text = std::to_string(uid);
    const std::string expected = "\nUid:\t" + text + "\t" + text + "\t" + text + "\t" + text + "\n";
    if (status.find(expected) == std::string_view::npos)
        return Error(Code::denied, "measure: not all uids of the process are " + text)
            .because("uid_changed");
    return done();
}

}  // namespace holdfast::attest
