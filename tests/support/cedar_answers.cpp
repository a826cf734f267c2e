// cedar-answers: what Holdfast says to cases (cedar_cases.h) on standard input, a line for a line:
// {"answers": […]}, or {"refused": why} where the case is not in the subset.
#include <iostream>
#include <string>

#include "tests/support/cedar_cases.h"

using namespace holdfast;
using encode::Json;

namespace {

Json said_to(std::string_view line) {
    const auto one = cedar_test::parse_case(line);
    if (!one) return Json::Object{{"refused", one.error().text()}};
    Json::Array answers;
    for (const policy::cedar::Request& request : one->requests)
        answers.push_back(cedar_test::answer_json(authorize(one->policies, request)));
    return Json::Object{{"answers", std::move(answers)}};
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);)
        std::cout << encode::canonical(said_to(line)) << "\n";
    return std::cout.flush() ? 0 : 1;
}
