// software-action ALGORITHM DIR: an action signed without hardware (action.jws) and the CA behind
// it (ca.pem), for judges that are not Holdfast's.
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include "core/encode/pem.h"
#include "tests/support/software_attester.h"

using namespace holdfast;

namespace {

void write(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
}

}  // namespace

int main(int argc, char** argv) try {
    const auto algorithm = parse_key_algorithm(argc == 3 ? argv[1] : "");
    if (!algorithm) {
        std::fputs("usage: software-action ALGORITHM DIR\n", stderr);
        return 2;
    }
    tests::Bends bends;
    bends.algorithm = *algorithm;
    const tests::SoftwareAttester host(std::move(bends));
    const std::string folder = argv[2];
    write(folder + "/action.jws", host.action(host.statement()));
    write(folder + "/ca.pem", encode::to_pem("CERTIFICATE", host.ca_certificate()));
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "software-action: %s\n", error.what());
    return 1;
}
