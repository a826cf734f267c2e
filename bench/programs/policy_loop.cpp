// policy-loop: what a decision costs, and reading policies.
//   policy-loop decide|load MS LEAST FILE…
// The FILEs hold policies (bench/policies). load: parsed, merged and checked against the schema.
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "bench/programs/samples.h"
#include "policy/cedar/evaluate.h"
#include "policy/cedar/parser.h"
#include "policy/cedar/validate.h"

namespace {

using namespace holdfast;
using namespace holdfast::policy::cedar;

// The same one as in bench/cedar-loop.mjs.
Request request() {
    Entity agent;
    agent.attributes = {{"name", "refund-agent"},
                        {"sponsor", "finance@example.org"},
                        {"owner", "refunds@example.org"},
                        {"policy_author", "security@example.org"},
                        {"custody", "tpm"},
                        {"assurance", "launched"},
                        {"launched", true}};
    agent.ancestors = {{"Sponsor", "finance@example.org"},
                       {"Custody", "tpm"},
                       {"Assurance", "observed"},
                       {"Assurance", "launched"}};
    const Record context = {
        {"resource", "order/4711"},
        {"params", Record{{"amount_minor", std::int64_t{4200}}, {"currency", "EUR"}}},
        {"time", Record{{"hour", std::int64_t{12}}, {"weekday", std::int64_t{2}}}}};
    return {
        {"Agent", "refund-agent"},
        {"Action", "refund.create"},
        {"Audience", "https://payments.example"},
        context,
        {{{"Agent", "refund-agent"}, agent},
         {{"Action", "refund.create"}, {{}, {{"Action", "refund"}}}},
         {{"Audience", "https://payments.example"}, {{{"name", "https://payments.example"}}, {}}}}};
}

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Result<PolicySet> loaded(const std::vector<std::string>& texts) {
    std::vector<PolicySet> sets;
    for (const std::string& text : texts) {
        HOLDFAST_TRY(set, parse("bench.cedar", text));
        sets.push_back(std::move(set));
    }
    HOLDFAST_TRY(all, merge(std::move(sets)));
    for (const Finding& finding : validate(all))
        return Error(Code::invalid, finding.line());
    return all;
}

int run(const std::vector<std::string>& arguments) {
    std::vector<std::string> texts;
    for (std::size_t i = 3; i < arguments.size(); ++i)
        texts.push_back(content_of(arguments[i]));
    const auto set = loaded(texts);
    const Request asked = request();
    const auto decide = [&] {
        return verdict_of(authorize(*set, asked)).decision == Decision::permit;
    };
    if (!set || !decide()) {
        std::cerr << "policy-loop: " << (set ? "denied" : set.error().text()) << "\n";
        return 1;
    }
    const bool is_load = arguments[0] == "load";
    holdfast::bench::Samples samples;
    if (!samples.repeat(std::chrono::milliseconds(std::stoi(arguments[1])),
                        std::stoul(arguments[2]),
                        [&] { return is_load ? loaded(texts).has_value() : decide(); }))
        return 1;
    samples.print();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() < 4 || (arguments[0] != "decide" && arguments[0] != "load")) {
        std::cerr << "usage: policy-loop decide|load MS LEAST FILE…\n";
        return 2;
    }
    return run(arguments);
}
