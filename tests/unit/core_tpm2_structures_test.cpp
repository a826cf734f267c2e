// The quote below is swtpm's; the others are of real machines, from $HOLDFAST_TESTDATA.
#include <tss2/tss2_tpm2_types.h>

#include <string>

#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "core/tpm2/attributes.h"
#include "core/tpm2/structures.h"
#include "tests/support/catch.h"
#include "tests/support/software_key.h"
#include "tests/support/testdata.h"

using namespace holdfast;
using encode::from_hex;
using encode::hex;
using tests::hex_member;
using tests::testdata;
using tests::testdata_bytes;
using tests::testdata_json;
using tpm2::read_attest;
using tpm2::read_nv_public;
using tpm2::read_public;
using tpm2::read_signature;

namespace {

constexpr const char* ak_area =
    "0023000b00050472000000100018000b00030010002034b65eae3f64d1ee6bc04e6a12ea7a2c89eae244d7f53f9c"
    "c89ef59da924aa9000204d082bcf1ff4c3e3fe0884378a2066de1fa3da7af5aa3b02304cd89345f686a7";
constexpr const char* ak_name =
    "000bb211d52abc867c97bcf4acae6470000b1d37016e1092c1fe8706c67eebc108e8";
constexpr const char* ak_qualified_name =
    "000b0d877c79acb7a1a79d97965348945392267309aed71ec3d50d8dfe3c4a7c7c98";
constexpr const char* quote =
    "ff54434780180022000b0d877c79acb7a1a79d97965348945392267309aed71ec3d50d8dfe3c4a7c7c9800203031"
    "3233343536373839616263646566303132333435363738396162636465660000000000005933000000010000000001"
    "201910230016363600000001000b03ff000000205341e6b2646979a70e57653007a1f310169421ec9bdd9f1a5648f7"
    "5ade005af1";
constexpr const char* quote_signature =
    "0018000b0020370c951a56f20bccd0dde1eaf3dcb32524d2b1f40f08ee42734b0b4a74d1cc6600204a55cf0430d871"
    "3ddc7645fe9e1fdd605e619c9679be6ad4c236eebc9e38b47c";

// The statement with one byte of it changed.
Bytes changed(const char* text, std::size_t at, std::uint8_t to) {
    Bytes bytes = *from_hex(text);
    bytes.at(at) = to;
    return bytes;
}

// TPMT_SIGNATURE over the quote: ECDSA, this hash, r and s.
Bytes signature_by(const tests::SoftwareKey& key, std::uint16_t hash, const EVP_MD* digest) {
    const Bytes raw = key.sign(*from_hex(quote), digest);
    Bytes signature{0, 0x18, 0, static_cast<std::uint8_t>(hash), 0, 32};
    signature.insert(signature.end(), raw.begin(), raw.begin() + 32);
    signature.insert(signature.end(), {0, 32});
    signature.insert(signature.end(), raw.begin() + 32, raw.end());
    return signature;
}

}  // namespace

TEST_CASE("public area: Name and qualified Name equal the chip's", "[core][tpm2]") {
    const auto ak = read_public(*from_hex(ak_area));
    REQUIRE(ak);
    CHECK(hex(ak->name) == ak_name);
    CHECK(ak->algorithm == KeyAlgorithm::es256);
    const auto qualified = qualified_name_of_primary(tpm2::endorsement_hierarchy, *ak);
    REQUIRE(qualified);
    CHECK(hex(*qualified) == ak_qualified_name);
}

TEST_CASE("public area: left over, missing or foreign bytes are refused", "[core][tpm2]") {
    Bytes longer = *from_hex(ak_area);
    longer.push_back(0);
    CHECK_FALSE(read_public(longer));
    Bytes shorter = *from_hex(ak_area);
    shorter.pop_back();
    CHECK_FALSE(read_public(shorter));
    CHECK_FALSE(read_public({}));
    CHECK_FALSE(read_public(changed(ak_area, 1, 0x08)));   // keyed hash
    CHECK_FALSE(read_public(changed(ak_area, 3, 0x10)));   // nameAlg null
    CHECK_FALSE(read_public(changed(ak_area, 19, 0x05)));  // curve P-521
    CHECK_FALSE(read_public(changed(ak_area, 30, 0x00)));  // not on the curve
}

TEST_CASE("NV public area: Name equals the chip's", "[core][tpm2]") {
    const auto index = read_nv_public(*from_hex("01500010000b2206001600000008"));
    REQUIRE(index);
    CHECK(hex(index->name) ==
          "000bd03504a5eef2d7450d2a1014a0eb150eb05a1b09c3b26ebb8d39e0bf880a2d47");
    CHECK(index->attributes == (tpm2::nv::fuse | tpm2::nv::type_counter));
    CHECK_FALSE(read_nv_public(*from_hex("01500010000b220600160000000800")));
    CHECK_FALSE(read_nv_public(*from_hex("01500010000b22060016000000")));
}

TEST_CASE("attest: a chip's quote reads as it was asked for", "[core][tpm2]") {
    const auto attest = read_attest(*from_hex(quote));
    REQUIRE(attest);
    CHECK(hex(attest->qualified_signer) == ak_qualified_name);
    CHECK(text_of(attest->extra_data) == "0123456789abcdef0123456789abcdef");
    CHECK(attest->reset_count == 1);
    const auto* info = std::get_if<tpm2::QuoteInfo>(&attest->what);
    REQUIRE(info != nullptr);
    REQUIRE(info->selected.size() == 1);
    CHECK(info->selected[0].hash == tpm2::alg_sha256);
    CHECK(info->selected[0].pcrs == std::set<std::uint8_t>{0, 1, 2, 3, 4, 5, 6, 7});
    CHECK(hex(info->pcr_digest) == hex(crypto::sha256(Bytes(8 * 32, 0))));
}

TEST_CASE("attest: what no TPM made, or more than it made, is refused", "[core][tpm2]") {
    CHECK_FALSE(read_attest(changed(quote, 0, 0xfe)));  // magic
    CHECK_FALSE(read_attest(changed(quote, 5, 0x19)));  // a time statement
    Bytes longer = *from_hex(quote);
    longer.push_back(0);
    CHECK_FALSE(read_attest(longer));
    Bytes shorter = *from_hex(quote);
    shorter.pop_back();
    CHECK_FALSE(read_attest(shorter));
    CHECK_FALSE(read_attest({}));
}

TEST_CASE("attest: every truncation of a statement is refused", "[core][tpm2]") {
    const Bytes whole = *from_hex(quote);
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK_FALSE(read_attest(ByteView(whole).first(size)));
}

TEST_CASE("attest: a bank selected twice is refused", "[core][tpm2]") {
    std::string text = quote;
    const std::string once = "00000001000b03ff0000";
    text.replace(text.find(once), once.size(), "00000002000b03ff0000000b03ff0000");
    CHECK_FALSE(read_attest(*from_hex(text)));
}

TEST_CASE("verify: a chip's signature holds over exactly its statement", "[core][tpm2]") {
    const auto ak = read_public(*from_hex(ak_area));
    REQUIRE(ak);
    const Bytes signature = *from_hex(quote_signature);
    CHECK(verify(*ak, *from_hex(quote), signature));
    CHECK_FALSE(verify(*ak, changed(quote, 60, 0), signature));
    CHECK_FALSE(verify(*ak, *from_hex(quote), changed(quote_signature, 20, 0)));
    Bytes longer = signature;
    longer.push_back(0);
    CHECK_FALSE(verify(*ak, *from_hex(quote), longer));
}

TEST_CASE("verify: a signature that names another scheme than the key is refused", "[core][tpm2]") {
    const auto ak = read_public(*from_hex(ak_area));
    REQUIRE(ak);
    CHECK_FALSE(verify(*ak, *from_hex(quote), changed(quote_signature, 3, 0x0c)));  // SHA-384
    CHECK_FALSE(verify(*ak, *from_hex(quote), changed(quote_signature, 3, 0x04)));  // SHA-1
    CHECK_FALSE(verify(*ak, *from_hex(quote), changed(quote_signature, 1, 0x14)));  // RSASSA
}

TEST_CASE("verify: a SHA-1 signature proves nothing", "[core][tpm2]") {
    const tests::SoftwareKey software;
    tpm2::Public key;
    key.type = TPM2_ALG_ECC;
    key.scheme = TPM2_ALG_NULL;  // who signs chooses, SHA-1 too
    key.spki = software.spki();
    const Bytes statement = *from_hex(quote);
    CHECK(verify(key, statement, signature_by(software, TPM2_ALG_SHA256, ::EVP_sha256())));
    CHECK_FALSE(verify(key, statement, signature_by(software, TPM2_ALG_SHA1, ::EVP_sha1())));
}

TEST_CASE("verify: a good signature with another hash than the key's own is refused",
          "[core][tpm2]") {
    const tests::SoftwareKey software;
    tpm2::Public key;
    key.type = TPM2_ALG_ECC;
    key.scheme = TPM2_ALG_ECDSA;
    key.scheme_hash = TPM2_ALG_SHA256;
    key.spki = software.spki();
    const Bytes statement = *from_hex(quote);
    CHECK(verify(key, statement, signature_by(software, TPM2_ALG_SHA256, ::EVP_sha256())));
    CHECK_FALSE(verify(key, statement, signature_by(software, TPM2_ALG_SHA384, ::EVP_sha384())));
}

TEST_CASE("signature: leading zeros a TPM dropped come back", "[core][tpm2]") {
    const auto signature = read_signature(*from_hex("0018000b0001050002ffee"));
    REQUIRE(signature);
    REQUIRE(signature->raw.size() == 64);
    CHECK(signature->raw[31] == 5);
    CHECK(signature->raw[62] == 0xff);
}

TEST_CASE("signature: one without a byte in it is none", "[core][tpm2]") {
    CHECK(read_signature(*from_hex("0014000b0001ee")));          // RSASSA
    CHECK_FALSE(read_signature(*from_hex("0014000b0000")));      // RSASSA
    CHECK_FALSE(read_signature(*from_hex("0016000b0000")));      // RSAPSS
    CHECK_FALSE(read_signature(*from_hex("0018000b00000000")));  // ECDSA
    CHECK_FALSE(read_signature(*from_hex("0018000b0001050000")));
    CHECK_FALSE(read_signature(*from_hex("0018000b0000000105")));
}

TEST_CASE("webauthn: a real chip's certify statement names the key and its AK",
          "[core][tpm2][testdata]") {
    if (testdata().empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const auto statement = testdata_json("webauthn/nuvoton_npct75x_ecc.json");
    const auto attest = read_attest(hex_member(statement, "certInfo_hex"));
    const auto key = read_public(hex_member(statement, "pubArea_hex"));
    REQUIRE(attest);
    REQUIRE(key);
    const auto* certified = std::get_if<tpm2::CertifyInfo>(&attest->what);
    REQUIRE(certified != nullptr);
    CHECK(certified->name == key->name);
    CHECK(hex(attest->extra_data) == "b4c2270f75ad1927561cf5a28ccad6fd37d8a3e8");
}
