// Every rule there is has its line in docs/verifying.md.
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "attest/verify/rules.h"
#include "tests/support/catch.h"

using namespace holdfast;

namespace {

std::string documentation() {
    const std::ifstream file(HOLDFAST_SOURCE_DIR "/docs/verifying.md");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// `S.format` stands for each statement's, `fuse.*.name` for both fuses'.
std::set<std::string> names_for(const std::string& id) {
    std::set<std::string> names = {id};
    for (const std::string statement : {"quote", "key", "fuse.agent", "fuse.host", "register"})
        for (const std::string check : {".format", ".signature", ".challenge"})
            if (id == statement + check) names.insert("S" + check);
    for (const std::string fuse : {"fuse.agent.", "fuse.host."})
        if (id.starts_with(fuse)) names.insert("fuse.*." + id.substr(fuse.size()));
    return names;
}

}  // namespace

TEST_CASE("rules: each has its line in the documentation", "[attest][verify]") {
    const std::string text = documentation();
    REQUIRE(text.size() > 1000);
    const auto check = [&](const auto& rules) {
        for (const attest::RuleRow& rule : rules) {
            INFO(rule.id);
            const auto names = names_for(rule.id);
            CHECK(std::any_of(names.begin(), names.end(), [&](const std::string& name) {
                return text.find("| `" + name + "` | ") != std::string::npos;
            }));
        }
    };
    check(attest::credential_rules);
    check(attest::action_rules);
    check(attest::evidence_rules);
}
