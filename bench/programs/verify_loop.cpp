// verify-loop: what checking costs a relying party, through the library.
//   verify-loop action|evidence MS LEAST FILE CA [NONCE VERIFIER]
// FILE holds the compact JWS or the evidence, CA the issuer's certificate (PEM), NONCE hex.
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "bench/programs/samples.h"
#include "core/encode/base64.h"
#include "core/encode/pem.h"
#include "holdfast/register.h"
#include "holdfast/verifier.h"

namespace {

using namespace holdfast;

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int refused(const attest::Appraisal& appraisal) {
    for (const attest::Rule& rule : appraisal.rules)
        if (rule.outcome == attest::Outcome::fail || rule.required)
            std::cerr << rule.id << ": " << rule.detail << "\n";
    return 1;
}

int run(const std::vector<std::string>& arguments) {
    std::string text = content_of(arguments[3]);
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    const auto roots = encode::from_pem(content_of(arguments[4]), "CERTIFICATE");
    if (!roots) return 1;
    attest::Expectations expected{.now = std::time(nullptr),
                                  .profile = attest::Profile::evaluation,
                                  .ca_roots = *roots,
                                  .ek_roots = {},
                                  .nonce = {},
                                  .verifier = {},
                                  .audience = {},
                                  .agent = {},
                                  .enrolment = {},
                                  .manifests = {},
                                  .accept_unproven_boot = false,
                                  .accept_claimed_hsm = false,
                                  .anchor_pcr = default_anchor_pcr};
    const bool is_evidence = arguments[0] == "evidence";
    if (is_evidence) {
        auto nonce = encode::from_hex(arguments.at(5));
        if (!nonce) return 1;
        expected.nonce = *std::move(nonce);
        expected.verifier = arguments.at(6);
    }
    const auto verify = [&] {
        return is_evidence ? attest::verify_evidence(text, expected)
                           : attest::verify_action(text, expected);
    };
    const auto first = verify();
    if (!first) return 1;
    if (!first->accepted()) return refused(*first);
    holdfast::bench::Samples samples;
    if (!samples.repeat(std::chrono::milliseconds(std::stoi(arguments[1])),
                        std::stoul(arguments[2]), [&] { return verify().has_value(); }))
        return 1;
    samples.print();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const bool is_evidence = arguments.size() == 7 && arguments[0] == "evidence";
    if (!is_evidence && (arguments.size() != 5 || arguments[0] != "action")) {
        std::cerr << "usage: verify-loop action|evidence MS LEAST FILE CA [NONCE VERIFIER]\n";
        return 2;
    }
    return run(arguments);
}
