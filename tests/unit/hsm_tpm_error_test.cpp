#include <tss2/tss2_tpm2_types.h>

#include "hsm/tpm/connection.h"
#include "hsm/tpm/error.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::hsm;

TEST_CASE("tpm error: the parameter and handle bits of a code do not change its meaning",
          "[hsm][tpm]") {
    for (const TSS2_RC position : {0x000U, 0x100U, 0x200U, 0x900U, 0x140U, 0x240U, 0x840U}) {
        CHECK(action_of(TPM2_RC_HANDLE | position) == Action::reload);
        CHECK(action_of(TPM2_RC_POLICY_FAIL | position) == Action::refused);
        CHECK(action_of(TPM2_RC_BAD_AUTH | position) == Action::bad_secret);
    }
}

TEST_CASE("tpm error: the layer is decoded before the code", "[hsm][tpm]") {
    // The same low bits mean RETRY from the TPM and nothing we know from other layers.
    CHECK(action_of(0x922) == Action::back_off);
    CHECK(action_of(0xC0922) == Action::back_off);  // as a resource manager passes it on
    CHECK(action_of(0x90922) == Action::report);
    CHECK(action_of(0xA0922) == Action::restart);
}

TEST_CASE("tpm error: whatever the transport says, the process ends", "[hsm][tpm]") {
    for (TSS2_RC base = 1; base < 24; ++base) {
        const Error error = error_of("Esys_Sign", TSS2_TCTI_RC_LAYER | base);
        CHECK(error.code() == Code::unavailable);
        CHECK(error.reason() == connection_lost);
    }
    CHECK(error_of("Esys_Sign", TSS2_ESYS_RC_BAD_SEQUENCE).reason() == connection_lost);
    CHECK(error_of("Esys_Sign", TSS2_ESYS_RC_BAD_VALUE).code() == Code::internal);
}

TEST_CASE("tpm error: a refused policy is a blown fuse, a lockout is not", "[hsm][tpm]") {
    CHECK(error_of("PolicyNV", TPM2_RC_POLICY).reason() == fuse_blown);
    CHECK(error_of("PolicyNV", TPM2_RC_POLICY).code() == Code::denied);
    const Error lockout = error_of("Sign", TPM2_RC_LOCKOUT);
    CHECK(lockout.code() == Code::unavailable);
    CHECK(lockout.retry() == Retry::later);
    CHECK(lockout.reason() != fuse_blown);
}

TEST_CASE("tpm error: the text names the call and the code", "[hsm][tpm]") {
    const auto failed = check("Esys_Load", 0x1DF);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().text().rfind("Esys_Load: ", 0) == 0);
    CHECK(failed.error().text().find("0x1df") != std::string::npos);
    CHECK(check("Esys_Load", TSS2_RC_SUCCESS));
}

TEST_CASE("tpm custody: a label comes from the TCTI and from the chip", "[hsm][tpm]") {
    CHECK(custody_of("device", "IFX ") == Custody::tpm);
    CHECK(custody_of("device", "STM ") == Custody::tpm);
    CHECK(custody_of("device", "IBM ") == Custody::software_tpm);  // swtpm behind a hypervisor
    CHECK(custody_of("device", "GOOG") == Custody::tpm_virtual);
    CHECK(custody_of("swtpm", "IFX ") == Custody::software_tpm);  // whatever it calls itself
    CHECK(custody_of("mssim", "XCG ") == Custody::software_tpm);
    CHECK(is_simulator_manufacturer("IBM "));
    CHECK_FALSE(is_simulator_manufacturer("GOOG"));
}

TEST_CASE("tpm TCTI: only a kind and a place together are accepted", "[hsm][tpm]") {
    CHECK(*tcti_name("device:/dev/tpmrm0") == "device");
    CHECK(*tcti_name("swtpm:path=/run/x") == "swtpm");
    for (const char* bad : {"", ":", "device", "device:", "swtpm", "/lib/evil.so:x", "cmd:sh"})
        CHECK_FALSE(tcti_name(bad));
}
