// The openssl command line tool as an independent judge of our CA and credentials.
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>

#include "core/crypto/certificate.h"
#include "core/crypto/crl.h"
#include "core/crypto/digest.h"
#include "core/crypto/jws_signature.h"
#include "core/crypto/signature.h"
#include "core/crypto/svid.h"
#include "core/encode/pem.h"
#include "tests/support/catch.h"
#include "tests/support/software_key.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using namespace holdfast::crypto;

namespace {

// The tool dates its own certificates by the clock, so ours follow it.
const std::int64_t now = std::time(nullptr);
const std::string at_now = " -attime " + std::to_string(now) + " ";

// A directory of test keys, and the openssl tool working in it.
class Workshop {
  public:
    // Exit code of "openssl …" run in the directory; what it prints goes to the file `said`.
    int openssl(const std::string& arguments) const {
        const std::string line = "cd " + place_.path() + " && openssl " + arguments + " >said 2>&1";
        return std::system(line.c_str());
    }
    std::string said() const { return std::string(text_of(read("said"))); }

    Bytes read(const std::string& name) const {
        std::ifstream file(place_.file(name), std::ios::binary);
        return bytes_of(view_of(std::string(std::istreambuf_iterator<char>(file), {})));
    }
    void write(const std::string& name, ByteView content) const {
        std::ofstream(place_.file(name), std::ios::binary) << text_of(content);
    }

    Bytes new_key(const std::string& name) const {
        REQUIRE(openssl("ecparam -name prime256v1 -genkey -noout -out " + name + ".key") == 0);
        REQUIRE(openssl("pkey -in " + name + ".key -pubout -outform DER -out " + name + ".spki") ==
                0);
        return read(name + ".spki");
    }

    // Signs a TBSCertificate, and leaves NAME.pem.
    Bytes certificate(const std::string& name, ByteView tbs, const std::string& signer) const {
        write("tbs", tbs);
        REQUIRE(openssl("dgst -sha256 -sign " + signer + ".key -out signature tbs") == 0);
        const auto raw = raw_of_der(read("signature"), KeyAlgorithm::es256);
        REQUIRE(raw);
        const auto der = assemble_certificate(tbs, *raw);
        REQUIRE(der);
        write(name + ".pem", view_of(encode::to_pem("CERTIFICATE", *der)));
        return *der;
    }

  private:
    tests::TemporaryDirectory place_;
};

bool have_openssl() {
    return std::system("openssl version >/dev/null 2>&1") == 0;
}

Bytes host_ca(const Workshop& workshop) {
    const CaRequest request{"h1.example.org", workshop.new_key("ca"), *random_bytes(16), now - 60,
                            now + max_ca_lifetime};
    return workshop.certificate("ca", *ca_tbs(request), "ca");
}

Bytes credential(const Workshop& workshop, const Bytes& ca, const std::string& spiffe_id) {
    const SvidRequest request{
        spiffe_id,  workshop.new_key("agent"),    ca, *random_bytes(16), now - 60,
        now + 3600, R"({"assurance":"observed"})"};
    return workshop.certificate("agent", *svid_tbs(request), "ca");
}

}  // namespace

TEST_CASE("svid: openssl accepts a credential under its host's CA", "[core][crypto]") {
    if (!have_openssl()) HOLDFAST_SKIP("the openssl tool is not installed");
    const Workshop workshop;
    const Bytes ca = host_ca(workshop);
    const Bytes leaf = credential(workshop, ca, "spiffe://h1.example.org/agent/bot");
    for (const char* purpose : {"", "-purpose sslclient", "-purpose sslserver"}) {
        const int code = workshop.openssl("verify -x509_strict -CAfile ca.pem" + at_now + purpose +
                                          " agent.pem");
        INFO(workshop.said());
        CHECK(code == 0);
    }
    const std::vector<Bytes> roots{ca};
    CHECK(verify_chain(leaf, {}, roots, {now, false}));
    CHECK_FALSE(verify_chain(leaf, {}, roots, {now + 3601, false}));
    CHECK_FALSE(verify_chain(leaf, {}, roots, {now - 61, false}));
}

TEST_CASE("svid: openssl accepts credentials for keys of every algorithm", "[core][crypto]") {
    if (!have_openssl()) HOLDFAST_SKIP("the openssl tool is not installed");
    const Workshop workshop;
    const Bytes ca = host_ca(workshop);
    const std::vector<Bytes> roots{ca};
    for (const KeyAlgorithm algorithm : key_algorithms) {
        INFO(to_string(algorithm));
        const SvidRequest request{"spiffe://h1.example.org/agent/bot",
                                  tests::SoftwareKey(algorithm).spki(),
                                  ca,
                                  *random_bytes(16),
                                  now - 60,
                                  now + 3600,
                                  R"({"assurance":"observed"})"};
        const Bytes leaf = workshop.certificate("agent", *svid_tbs(request), "ca");
        CHECK(workshop.openssl("verify -x509_strict -CAfile ca.pem" + at_now + "agent.pem") == 0);
        CHECK(verify_chain(leaf, {}, roots, {now, false}));
    }
}

TEST_CASE("svid: a credential for another host breaks the CA's name constraint", "[core][crypto]") {
    if (!have_openssl()) HOLDFAST_SKIP("the openssl tool is not installed");
    const Workshop workshop;
    const Bytes ca = host_ca(workshop);
    const std::vector<Bytes> roots{ca};
    for (const char* other :
         {"spiffe://h2.example.org/agent/bot", "spiffe://x.h1.example.org/agent/bot",
          "spiffe://example.org/agent/bot"}) {
        const Bytes leaf = credential(workshop, ca, other);
        CHECK(workshop.openssl("verify -CAfile ca.pem" + at_now + "agent.pem") != 0);
        CHECK(workshop.said().find("permitted subtree violation") != std::string::npos);
        const auto verified = verify_chain(leaf, {}, roots, {now, false});
        REQUIRE_FALSE(verified);
        CHECK(verified.error().text().find("permitted subtree violation") != std::string::npos);
    }
}

TEST_CASE("svid: a credential signed by another key does not verify", "[core][crypto]") {
    if (!have_openssl()) HOLDFAST_SKIP("the openssl tool is not installed");
    const Workshop workshop;
    const Bytes ca = host_ca(workshop);
    const SvidRequest request{"spiffe://h1.example.org/agent/bot",
                              workshop.new_key("agent"),
                              ca,
                              *random_bytes(16),
                              now - 60,
                              now + 3600,
                              "{}"};
    const Bytes leaf = workshop.certificate("agent", *svid_tbs(request), "agent");
    CHECK(workshop.openssl("verify -CAfile ca.pem" + at_now + "agent.pem") != 0);
    const std::vector<Bytes> roots{ca};
    CHECK_FALSE(verify_chain(leaf, {}, roots, {now, false}));
    CHECK_FALSE(verify_chain(leaf, {}, {}, {now, false}));
}

TEST_CASE("svid: a credential cannot issue, and a host's CA has no CA below it", "[core][crypto]") {
    if (!have_openssl()) HOLDFAST_SKIP("the openssl tool is not installed");
    const Workshop workshop;
    const Bytes ca = host_ca(workshop);
    const Bytes agent = credential(workshop, ca, "spiffe://h1.example.org/agent/bot");
    (void)workshop.new_key("sub");
    (void)workshop.new_key("leaf");
    workshop.write("sub.ext", view_of("basicConstraints=critical,CA:true\nkeyUsage=keyCertSign\n"));
    workshop.write("leaf.ext", view_of("subjectAltName=URI:spiffe://h1.example.org/agent/eve\n"));
    const std::vector<Bytes> roots{ca};
    // Both are made by the tool: none of our functions would.
    const auto issue = [&](const std::string& name, const std::string& issuer) {
        REQUIRE(workshop.openssl("req -new -subj /CN=" + name + " -key " + name +
                                 ".key -out csr") == 0);
        REQUIRE(workshop.openssl("x509 -req -in csr -days 30000 -CA " + issuer + ".pem -CAkey " +
                                 issuer + ".key -set_serial 5 -extfile " + name + ".ext -out " +
                                 name + ".pem") == 0);
        return encode::from_pem(text_of(workshop.read(name + ".pem")), "CERTIFICATE")->front();
    };
    const std::vector<Bytes> sub{issue("sub", "ca")};
    const Bytes below_sub = issue("leaf", "sub");
    CHECK(verify_chain(below_sub, sub, roots, {now, false}).error().text().find("path length") !=
          std::string::npos);
    const std::vector<Bytes> agents{agent};
    CHECK_FALSE(verify_chain(issue("leaf", "agent"), agents, roots, {now, false}));
}

TEST_CASE("svid: openssl reads a signature over an action as we do", "[core][crypto]") {
    if (!have_openssl()) HOLDFAST_SKIP("the openssl tool is not installed");
    const Workshop workshop;
    const Bytes spki = workshop.new_key("agent");
    workshop.write("message", view_of("header.payload"));
    REQUIRE(workshop.openssl("dgst -sha256 -sign agent.key -out signature message") == 0);
    Bytes raw = *raw_of_der(workshop.read("signature"), KeyAlgorithm::es256);
    CHECK(verify_es256(spki, view_of("header.payload"), raw));
    CHECK_FALSE(verify_es256(spki, view_of("header.payloae"), raw));
    raw.back() ^= 1;
    CHECK_FALSE(verify_es256(spki, view_of("header.payload"), raw));
}

TEST_CASE("crl: openssl takes a list, and finds what stands in it revoked", "[core][crypto][crl]") {
    if (!have_openssl()) HOLDFAST_SKIP("the openssl tool is not installed");
    const Workshop workshop;
    const Bytes ca = host_ca(workshop);
    const Bytes leaf = credential(workshop, ca, "spiffe://h1.example.org/agent/bot");
    const auto publish = [&](std::vector<RevokedCertificate> revoked) {
        const CrlRequest request{ca, 9, now - clock_skew, now + 3600, std::move(revoked)};
        const Bytes tbs = *crl_tbs(request);
        workshop.write("tbs", tbs);
        REQUIRE(workshop.openssl("dgst -sha256 -sign ca.key -out signature tbs") == 0);
        const auto raw = raw_of_der(workshop.read("signature"), KeyAlgorithm::es256);
        const auto der = assemble_crl(tbs, *raw);
        REQUIRE(der);
        workshop.write("list.pem", view_of(encode::to_pem("X509 CRL", *der)));
        REQUIRE(workshop.openssl("crl -in list.pem -CAfile ca.pem -noout -text") == 0);
    };
    const std::string verify =
        "verify -x509_strict -crl_check -CAfile ca.pem -CRLfile list.pem" + at_now + "agent.pem";
    publish({});
    CHECK(workshop.said().find("verify OK") != std::string::npos);
    CHECK(workshop.said().find("X509v3 CRL Number") != std::string::npos);
    CHECK(workshop.openssl(verify) == 0);
    const Bytes serial = *serial_of_hex(parse_certificate(leaf)->serial);
    for (const RevocationReason reason :
         {RevocationReason::certificate_hold, RevocationReason::privilege_withdrawn,
          RevocationReason::cessation_of_operation}) {
        publish({{serial, now - 5, reason}});
        CHECK(workshop.openssl(verify) != 0);
        CHECK(workshop.said().find("certificate revoked") != std::string::npos);
    }
    Bytes other = serial;
    other.back() ^= 1;
    publish({{other, now - 5, RevocationReason::certificate_hold}});
    CHECK(workshop.openssl(verify) == 0);
}
