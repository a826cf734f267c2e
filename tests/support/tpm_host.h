// TpmHost: a software TPM, a state directory and a Tpm opened on both, for integration tests.
#ifndef HOLDFAST_TESTS_SUPPORT_TPM_HOST_H
#define HOLDFAST_TESTS_SUPPORT_TPM_HOST_H

#include <filesystem>
#include <memory>
#include <string>

#include "hsm/tpm/tpm.h"
#include "tests/support/catch.h"
#include "tests/support/swtpm.h"

// First line of a test that has a chip.
#define NEEDS_SWTPM() \
    if (!holdfast::tests::has_swtpm()) HOLDFAST_SKIP("swtpm and tpm2-tools are not installed")
// Opens it, or fails with its words.
#define OPENED(host)                                         \
    do {                                                     \
        const auto opened = (host).open();                   \
        if (!opened) FAIL("open: " + opened.error().text()); \
    } while (false)

namespace holdfast::tests {

class TpmHost {
  public:
    explicit TpmHost(SoftwareTpm::Made made = SoftwareTpm::Made::blank) : chip(made) {}

    hsm::TpmOptions options() const {
        return {.tcti = chip.tcti(),
                .simulator_allowed = true,
                .nv_base = 0x01800100,
                .keys_dir = keys_dir(),
                .owner_auth_file = "",
                .endorsement_auth_file = "",
                .ek_certificate_dir = "",
                .anchor_pcr = default_anchor_pcr};
    }
    std::string keys_dir() const { return state.file("keys"); }

    Done open() {
        close();
        HOLDFAST_TRY(opened, hsm::Tpm::open(options()));
        tpm = std::move(opened);
        return done();
    }
    void close() { tpm.reset(); }

    hsm::KeyStore& keys() { return tpm->keys(); }

    KeyDescription create(Purpose purpose, const std::string& agent) {
        auto made =
            keys().create({.purpose = purpose, .agent = agent, .algorithm = KeyAlgorithm::es256});
        if (!made) FAIL(made.error().text());
        return *std::move(made);
    }
    KeyDescription create_agent(const std::string& name) { return create(Purpose::action, name); }

    SoftwareTpm chip;
    TemporaryDirectory state;
    std::unique_ptr<hsm::Tpm> tpm;
};

inline void copy_directory(const std::string& from, const std::string& to) {
    std::filesystem::remove_all(to);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
    std::filesystem::permissions(to, std::filesystem::perms::owner_all);
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_TPM_HOST_H
