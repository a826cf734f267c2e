// cedar-pairs SEED COUNT: random policies and requests with Holdfast's answers, as cases
// (cedar_cases.h) on standard output; how often each operator was written on standard error. A pair
// is a policy set with one request; a set is asked ten times.
#include <algorithm>
#include <iostream>
#include <string>

#include "policy/cedar/parser.h"
#include "tests/support/cedar_cases.h"
#include "tests/support/cedar_random.h"

using namespace holdfast;
using cedar_test::Dice;
using cedar_test::RandomPolicies;
using encode::Json;

namespace {

constexpr std::size_t requests_of_a_set = 10;

Json request_json(const policy::cedar::Request& request, const policy::cedar::PolicySet& set) {
    return Json::Object{{"principal", cedar_test::uid_json(request.principal)},
                        {"action", cedar_test::uid_json(request.action)},
                        {"resource", cedar_test::uid_json(request.resource)},
                        {"context", cedar_test::value_json(request.context)},
                        {"answer", cedar_test::answer_json(authorize(set, request))}};
}

Result<std::string> random_case(Dice& dice, RandomPolicies& random, std::size_t requests) {
    Json::Array policies;
    std::string text;
    for (std::size_t i = 0; i <= dice.below(5); ++i) {
        const std::string id = "p" + std::to_string(i);
        const std::string policy = random.policy(id);
        policies.emplace_back(Json::Object{{"id", id}, {"text", policy}});
        text += policy + "\n";
    }
    HOLDFAST_TRY(set, policy::cedar::parse("pairs.cedar", text));
    const auto entities = cedar_test::random_entities(dice);
    Json::Array asked;
    for (std::size_t i = 0; i < requests; ++i)
        asked.push_back(request_json(cedar_test::random_request(dice, entities), set));
    return encode::canonical(Json::Object{{"policies", std::move(policies)},
                                          {"entities", cedar_test::entities_json(entities)},
                                          {"requests", std::move(asked)}});
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: cedar-pairs SEED COUNT\n";
        return 2;
    }
    Dice dice(std::stoull(argv[1]));
    RandomPolicies random(dice);
    for (std::size_t left = std::stoull(argv[2]); left > 0;) {
        const std::size_t requests = std::min(left, requests_of_a_set);
        const auto made = random_case(dice, random, requests);
        if (!made) {
            std::cerr << made.error().text() << "\n";
            return 1;
        }
        std::cout << *made << "\n";
        left -= requests;
    }
    for (const auto& [op, times] : random.used())
        std::cerr << op << "\t" << times << "\n";
    return std::cout.flush() ? 0 : 1;
}
