// Certificates of real TPMs, read and chained; skipped where the machine has none.
#include <algorithm>

#include "core/crypto/certificate.h"
#include "core/encode/pem.h"
#include "tests/support/catch.h"
#include "tests/support/testdata.h"

using namespace holdfast;
using namespace holdfast::crypto;

namespace {

constexpr std::int64_t in_2024 = 1'720'000'000;

// PEM or DER, as vendors publish them.
Bytes certificate(const std::string& path) {
    if (tests::testdata().empty()) return {};
    const std::string content = tests::testdata_text(path);
    const auto blocks = encode::from_pem(content, "CERTIFICATE");
    return blocks ? blocks->front() : bytes_of(view_of(content));
}

}  // namespace

TEST_CASE("certificate: a real EK certificate is read, its critical names too", "[core][crypto]") {
    const Bytes der = certificate("keylime/ek-certs/stm-st33htphahb4-rsa.der");
    if (der.empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const auto read = parse_certificate(der);
    REQUIRE(read);
    CHECK(read->uris.empty());
    CHECK(read->other_sans == 1);
    CHECK_FALSE(read->is_ca);
    CHECK(read->holdfast_claims.empty());
    CHECK(std::count(read->extended_key_usage.begin(), read->extended_key_usage.end(),
                     "2.23.133.8.1") == 1);  // tcg-kp-EKCertificate
    // The TBSCertificate is the bytes that were signed, not an encoding of what we understood.
    CHECK(std::search(der.begin(), der.end(), read->tbs.begin(), read->tbs.end()) ==
          der.begin() + 4);
}

TEST_CASE("certificate: bytes after it and bytes missing are refused", "[core][crypto]") {
    Bytes der = certificate("keylime/ek-certs/stm-st33htphahb4-rsa.der");
    if (der.empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    CHECK_FALSE(parse_certificate(ByteView(der).first(der.size() - 1)));
    der.push_back(0);
    CHECK_FALSE(parse_certificate(der));
    CHECK_FALSE(parse_certificate({}));
    // As read from a TPM's NV, padded with zeros: stripping them is the reader's decision.
    CHECK_FALSE(parse_certificate(certificate("keylime/ek-certs/st_sha256_with_rsa_der.der")));
}

TEST_CASE("certificate: an STM EK chains to its vendor's root, and to no other", "[core][crypto]") {
    const Bytes ek = certificate("keylime/ek-certs/stm-st33htphahb4-rsa.der");
    if (ek.empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    std::vector<Bytes> helpers{certificate("keylime/tpm_cert_store/STM_RSA_RT.pem")};
    for (const char* number : {"01", "02", "03", "04", "05", "06", "07"})
        helpers.push_back(
            certificate(std::string("keylime/tpm_cert_store/STM_RSA_") + number + "I.pem"));
    const std::vector<Bytes> root{certificate("keylime/tpm_cert_store/GS_TPM_RT.pem")};
    const std::vector<Bytes> other{certificate("keylime/tpm_cert_store/IFX_RSA_RT.pem")};
    const ChainRules rules{in_2024, true};
    const auto verified = verify_chain(ek, helpers, root, rules);
    INFO((verified ? "" : verified.error().text()));
    CHECK(verified);
    CHECK(verify_chain(ek, helpers, other, rules).error().code() == Code::denied);
    CHECK_FALSE(verify_chain(ek, {}, root, rules));
    CHECK_FALSE(verify_chain(ek, helpers, {}, rules));
    // Partial: the intermediates themselves may be what the caller trusts.
    CHECK(verify_chain(ek, {}, helpers, rules));
    CHECK_FALSE(verify_chain(ek, helpers, root, {4'102'444'800, true}));  // 2100
    CHECK_FALSE(verify_chain(ek, helpers, root, {1'000'000'000, true}));  // 2001
}

TEST_CASE("certificate: critical names we cannot judge are refused unless told", "[core][crypto]") {
    const Bytes ek = certificate("keylime/ek-certs/stm-st33htphahb4-rsa.der");
    if (ek.empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const std::vector<Bytes> pinned{ek};
    CHECK(verify_chain(ek, {}, pinned, {in_2024, true}));
    CHECK(verify_chain(ek, {}, pinned, {in_2024, false}).error().text().find("subjectAltName") !=
          std::string::npos);
}

TEST_CASE("certificate: Nuvoton's SET order is kept as signed", "[core][crypto]") {
    const Bytes ek = certificate("keylime/ek-certs/nuvoton-nonDER-setordering-B.der");
    if (ek.empty()) HOLDFAST_SKIP("HOLDFAST_TESTDATA is not set");
    const std::vector<Bytes> root{certificate("keylime/tpm_cert_store/NUVO_2111.pem")};
    const auto verified = verify_chain(ek, {}, root, {in_2024, true});
    INFO((verified ? "" : verified.error().text()));
    CHECK(verified);
}
