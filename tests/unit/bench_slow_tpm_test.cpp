#include <tss2/tss2_tpm2_types.h>

#include <chrono>

#include "bench/slow-tpm/commands.h"
#include "bench/slow-tpm/frame.h"
#include "bench/slow-tpm/pace.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::bench;
using namespace std::chrono_literals;

namespace {

Bytes frame_of(std::uint16_t tag, std::uint32_t says, std::size_t has) {
    Bytes bytes = {static_cast<std::uint8_t>(tag >> 8U), static_cast<std::uint8_t>(tag)};
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        bytes.push_back(static_cast<std::uint8_t>(says >> shift));
    bytes.resize(has);
    return bytes;
}

}  // namespace

TEST_CASE("slow-tpm: its command names are the specification's", "[bench]") {
    CHECK(command_named("Sign") == TPM2_CC_Sign);
    CHECK(command_named("sign") == TPM2_CC_Sign);
    CHECK(command_named("PolicyNV") == TPM2_CC_PolicyNV);
    CHECK(command_named("NV_Certify") == TPM2_CC_NV_Certify);
    CHECK(command_named("CreatePrimary") == TPM2_CC_CreatePrimary);
    CHECK(command_named("EvictControl") == TPM2_CC_EvictControl);
    CHECK(command_named("CreateLoaded") == TPM2_CC_CreateLoaded);
    CHECK(command_named("Signs") == std::nullopt);
    CHECK(command_named("") == std::nullopt);
    CHECK(name_of(TPM2_CC_StartAuthSession) == "StartAuthSession");
    CHECK(name_of(0x20000001) == "0x20000001");
}

TEST_CASE("slow-tpm: what uses a private key is heavy, what makes one is slower, the rest light",
          "[bench]") {
    Pace pace(*profile_named("25"), {});
    CHECK(pace.next(TPM2_CC_Sign) == 25ms);
    CHECK(pace.next(TPM2_CC_Quote) == 25ms);
    CHECK(pace.next(TPM2_CC_Load) == 25ms);
    CHECK(pace.next(TPM2_CC_Create) == 75ms);
    CHECK(pace.next(TPM2_CC_PolicyNV) == 2ms);
    CHECK(pace.next(0x20000001) == 2ms);
    CHECK(profile_named("26") == nullptr);
}

TEST_CASE("slow-tpm: the slow twentieth comes at the twentieth heavy command, every time",
          "[bench]") {
    Pace pace(*profile_named("200"), {});
    for (int round = 0; round < 2; ++round) {
        for (int heavy = 1; heavy < 20; ++heavy) {
            CHECK(pace.next(TPM2_CC_Sign) == 200ms);
            CHECK(pace.next(TPM2_CC_PolicyNV) == 8ms);
        }
        CHECK(pace.next(TPM2_CC_Sign) == 600ms);
    }
}

TEST_CASE("slow-tpm: --only delays the commands it names and no other", "[bench]") {
    Pace pace(*profile_named("70"), {TPM2_CC_Quote});
    CHECK(pace.next(TPM2_CC_Quote) == 70ms);
    CHECK(pace.next(TPM2_CC_Sign) == 0ms);
    CHECK(pace.next(TPM2_CC_PolicyNV) == 0ms);
}

TEST_CASE("slow-tpm: a frame is as long as it says, 10 to 4096 bytes, and nothing follows it",
          "[bench]") {
    CHECK(look_at(frame_of(no_sessions, 12, 9)) == Frame::partial);
    CHECK(look_at(frame_of(no_sessions, 12, 11)) == Frame::partial);
    CHECK(look_at(frame_of(no_sessions, 12, 12)) == Frame::whole);
    CHECK(look_at(frame_of(with_sessions, 10, 10)) == Frame::whole);
    CHECK(look_at(frame_of(no_sessions, 12, 13)) == Frame::malformed);
    CHECK(look_at(frame_of(no_sessions, 9, 10)) == Frame::malformed);
    CHECK(look_at(frame_of(no_sessions, 4096, 4096)) == Frame::whole);
    CHECK(look_at(frame_of(no_sessions, 4097, 100)) == Frame::malformed);
    CHECK(look_at(frame_of(0x8003, 12, 12)) == Frame::malformed);
}
