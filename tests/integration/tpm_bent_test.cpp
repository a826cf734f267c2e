// A chip, or the bus to it, that does not do what it says: what Holdfast then does not believe.
#include <tss2/tss2_tpm2_types.h>

#include <atomic>
#include <filesystem>
#include <string>

#include "tests/support/bent_tpm.h"
#include "tests/support/catch.h"
#include "tests/support/tpm_host.h"

using namespace holdfast;
using tests::BentTpm;
using tests::TpmHost;

namespace {

// Bends the answers to one command, once it is told to.
struct Bent {
    Bent(TpmHost& host, TPM2_CC code, std::function<Bytes(const BentTpm::Ask&)> bend)
        : chip(host.chip,
               [this, code, bend = std::move(bend)](std::uint32_t asked, const BentTpm::Ask& ask) {
                   return bending && asked == code ? bend(ask) : ask();
               }) {
        auto options = host.options();
        options.tcti = chip.tcti();
        auto opened = hsm::Tpm::open(options);
        if (!opened) FAIL("open: " + opened.error().text());
        host.tpm = *std::move(opened);
    }
    std::atomic<bool> bending = false;
    BentTpm chip;
};

// TPM_RC_SUCCESS with one password session and no parameters (Part 1, 18.10).
const Bytes plain_yes{0x80, 0x02, 0, 0, 0, 19, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0};

}  // namespace

TEST_CASE("tpm: a signature that does not verify is not released", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    Bent bent(host, TPM2_CC_Sign, [](const BentTpm::Ask& ask) {
        constexpr std::size_t inside_r = 25;
        Bytes answer = ask();
        if (answer.size() > inside_r) answer[inside_r] ^= 1U;
        return answer;
    });
    const auto key = host.create_agent("bot");
    REQUIRE(host.keys().sign(key.id, view_of("x")));
    bent.bending = true;
    const auto raw = host.keys().sign(key.id, view_of("x"));
    REQUIRE_FALSE(raw);
    CHECK(raw.error().code() == Code::unavailable);
    CHECK(raw.error().text().find("does not verify") != std::string::npos);
    host.close();
}

TEST_CASE("fuse: a chip that says yes and moves nothing is not believed",
          "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    Bent bent(host, TPM2_CC_NV_Increment, [](const BentTpm::Ask&) { return plain_yes; });
    const auto key = host.create_agent("bot");
    bent.bending = true;
    const auto blown = host.keys().blow_fuse(key.id);
    REQUIRE_FALSE(blown);
    CHECK(blown.error().code() == Code::unavailable);
    CHECK(blown.error().retry() == Retry::later);
    bent.bending = false;
    CHECK(host.keys().blow_fuse(key.id));
    host.close();
}

TEST_CASE("attest: PCR values that are not the quoted ones are not passed on",
          "[integration][tpm][attest]") {
    NEEDS_SWTPM();
    TpmHost host;
    Bent bent(host, TPM2_CC_PCR_Read, [](const BentTpm::Ask& ask) {
        Bytes answer = ask();
        if (!answer.empty()) answer.back() ^= 1U;
        return answer;
    });
    const auto key = host.create_agent("bot");
    REQUIRE(host.tpm->quoter().attest(key.id, Sha256{}));
    bent.bending = true;
    const auto evidence = host.tpm->quoter().attest(key.id, Sha256{});
    REQUIRE_FALSE(evidence);
    CHECK(evidence.error().reason() == "tpm_changed_meanwhile");
    host.close();
}

TEST_CASE("tpm: a simulator behind a device file needs leave too", "[integration][tpm]") {
    NEEDS_SWTPM();
    const TpmHost host;
    const BentTpm device(
        host.chip, [](std::uint32_t, const BentTpm::Ask& ask) { return ask(); },
        BentTpm::Shape::device);
    auto options = host.options();
    options.tcti = device.tcti();
    options.simulator_allowed = false;
    const auto opened = hsm::Tpm::open(options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == Code::denied);
    CHECK(opened.error().text().find("by its manufacturer") != std::string::npos);
}

TEST_CASE("tpm: without leave a simulator is not even spoken to", "[integration][tpm]") {
    const tests::TemporaryDirectory state;
    const hsm::TpmOptions options{.tcti = "swtpm:path=" + state.file("nobody-listens"),
                                  .simulator_allowed = false,
                                  .nv_base = 0x01800100,
                                  .keys_dir = state.file("keys"),
                                  .owner_auth_file = "",
                                  .endorsement_auth_file = "",
                                  .ek_certificate_dir = "",
                                  .anchor_pcr = default_anchor_pcr};
    const auto opened = hsm::Tpm::open(options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == Code::denied);
}

TEST_CASE("keys directory: no key id leads out of it", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    REQUIRE(host.open());
    const auto key = host.create_agent("bot");
    for (const char* ending : {".json", ".pem"})
        std::filesystem::copy_file(host.keys_dir() + "/" + key.id + ending,
                                   host.state.file(key.id + ending));
    REQUIRE(host.keys().describe(key.id));
    const auto outside = host.keys().describe("../" + key.id);
    REQUIRE_FALSE(outside);
    CHECK(outside.error().code() == Code::not_found);
}
