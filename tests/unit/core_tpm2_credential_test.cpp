#include <string>

#include "core/encode/base64.h"
#include "core/tpm2/credential.h"
#include "tests/support/catch.h"
#include "tests/support/testdata.h"

using holdfast::Bytes;
using holdfast::SecretBytes;
using holdfast::encode::from_hex;
using holdfast::encode::hex;
using holdfast::tests::hex_member;
using holdfast::tests::testdata;
using holdfast::tests::testdata_json;
using holdfast::tpm2::make_credential;
using holdfast::tpm2::make_credential_with;

namespace {

constexpr std::size_t file_header = 8;  // tpm2-tools' own magic and version
constexpr const char* ecc_scalar =
    "a706d544decd78de340642bcc33317c0cba93b383ad635a1a2aff132936841da";

// The known answers' EKs are TPM2B_PUBLIC.
Bytes unsized(const Bytes& sized) {
    return {sized.begin() + 2, sized.end()};
}

// What tpm2-tools wrote, after its own header.
std::string expected(const holdfast::encode::Json& vector) {
    return vector.find("expected_hex")->string()->substr(2 * file_header);
}

}  // namespace

TEST_CASE("make_credential: an RSA EK gives the known sealed value", "[core][tpm2][credential]") {
    if (testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const auto kat = testdata_json("keylime/makecredential/kat.json");
    const auto& vector = *kat.find("test_makecredential");
    const auto made = make_credential_with(
        unsized(hex_member(vector, "ek_tpm")), hex_member(vector, "aik_name"),
        SecretBytes(hex_member(vector, "challenge")), SecretBytes(Bytes(32, 0x12)));
    REQUIRE(made);
    // The known answer ends where the two bytes of the random OAEP part's size begin.
    CHECK(hex(made->blob) + "0100" == expected(vector));
    CHECK(made->secret.size() == 2 + 256);
}

TEST_CASE("make_credential: a P-256 EK gives the known sealed value and ephemeral key",
          "[core][tpm2][credential]") {
    if (testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const auto kat = testdata_json("keylime/makecredential/kat.json");
    const auto& vector = *kat.find("test_makecredential_ecc");
    const auto made = make_credential_with(
        unsized(hex_member(vector, "ek_tpm")), hex_member(vector, "aik_name"),
        SecretBytes(hex_member(vector, "challenge")), SecretBytes(*from_hex(ecc_scalar)));
    REQUIRE(made);
    CHECK(hex(made->blob) + hex(made->secret) == expected(vector));
}

TEST_CASE("make_credential: two for the same EK never look alike", "[core][tpm2][credential]") {
    if (testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const auto kat = testdata_json("keylime/makecredential/kat.json");
    for (const char* which : {"test_makecredential", "test_makecredential_ecc"}) {
        const auto& vector = *kat.find(which);
        const Bytes ek = unsized(hex_member(vector, "ek_tpm"));
        const Bytes name = hex_member(vector, "aik_name");
        const auto first = make_credential(ek, name, SecretBytes(Bytes(32, 1)));
        const auto second = make_credential(ek, name, SecretBytes(Bytes(32, 1)));
        REQUIRE(first);
        REQUIRE(second);
        CHECK(first->blob != second->blob);
        CHECK(first->secret != second->secret);
    }
}

TEST_CASE("make_credential: a value longer than the EK's digest is refused",
          "[core][tpm2][credential]") {
    if (testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const auto kat = testdata_json("keylime/makecredential/kat.json");
    const auto& vector = *kat.find("test_makecredential_ecc");
    const Bytes ek = unsized(hex_member(vector, "ek_tpm"));
    const Bytes name = hex_member(vector, "aik_name");
    CHECK(make_credential(ek, name, SecretBytes(Bytes(32, 1))));
    CHECK_FALSE(make_credential(ek, name, SecretBytes(Bytes(33, 1))));
    CHECK_FALSE(make_credential(ek, name, SecretBytes()));
}

TEST_CASE("make_credential: an EK with bytes left over is refused", "[core][tpm2][credential]") {
    if (testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const auto kat = testdata_json("keylime/makecredential/kat.json");
    const auto& vector = *kat.find("test_makecredential_ecc");
    Bytes ek = unsized(hex_member(vector, "ek_tpm"));
    ek.push_back(0);
    CHECK_FALSE(make_credential(ek, hex_member(vector, "aik_name"), SecretBytes(Bytes(32, 1))));
}
