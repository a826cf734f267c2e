// Envelopes: who may have signed, over what, and what is read before that is known.
#include "attest/manifest/signed_manifest.h"
#include "core/crypto/public_key.h"
#include "core/crypto/signature.h"
#include "core/crypto/trusted_key.h"
#include "core/encode/base64.h"
#include "core/encode/pem.h"
#include "core/encode/ssh_wire.h"
#include "core/encode/sshsig.h"
#include "tests/support/catch.h"
#include "tests/support/sample_manifest.h"
#include "tests/support/signed_by_others.h"
#include "tests/support/software_key.h"

using namespace holdfast;
using namespace holdfast::attest;
using tests::envelope_of;
using tests::SoftwareKey;

namespace {

const SoftwareKey sponsor;
const SoftwareKey stranger;
const std::string statement = to_statement(tests::sample_manifest());

std::string pem_of(const SoftwareKey& key) {
    return encode::to_pem("PUBLIC KEY", key.spki());
}

auto signed_by(const SoftwareKey& key) {
    return [&key](ByteView message) { return *crypto::der_of_raw(key.sign(message)); };
}

std::string good_envelope() {
    return envelope_of(statement, "", signed_by(sponsor));
}

// The blob of an ecdsa-sha2-nistp256 key (RFC 5656 §3.1).
Bytes ssh_blob(const SoftwareKey& key) {
    const auto point = *crypto::p256_of_spki(key.spki());
    Bytes q{4};
    q.insert(q.end(), point.x.begin(), point.x.end());
    q.insert(q.end(), point.y.begin(), point.y.end());
    return encode::SshWriter()
        .string(view_of("ecdsa-sha2-nistp256"))
        .string(view_of("nistp256"))
        .string(q)
        .take();
}

std::string ssh_line(const SoftwareKey& key) {
    return "ecdsa-sha2-nistp256 " + encode::base64(ssh_blob(key));
}

// RFC 4251 §5: no zero in front, but where the first bit is set.
Bytes mpint(ByteView number) {
    while (!number.empty() && number[0] == 0)
        number = number.subspan(1);
    Bytes bytes = bytes_of(number);
    if (!bytes.empty() && (bytes[0] & 0x80) != 0) bytes.insert(bytes.begin(), 0);
    return bytes;
}

auto sshsig_by(const SoftwareKey& key, std::string name_space) {
    return [&key, name_space](ByteView message) {
        encode::Sshsig sshsig{ssh_blob(key), name_space, "sha256", {}};
        const Bytes raw = key.sign(encode::sshsig_signed_bytes(sshsig, crypto::sha256(message)));
        const Bytes numbers = encode::SshWriter()
                                  .string(mpint(ByteView(raw).first(32)))
                                  .string(mpint(ByteView(raw).last(32)))
                                  .take();
        sshsig.signature =
            encode::SshWriter().string(view_of("ecdsa-sha2-nistp256")).string(numbers).take();
        return encode::write_sshsig(sshsig);
    };
}

std::string fingerprint(const SoftwareKey& key) {
    return crypto::TrustedKey::parse(ssh_line(key))->fingerprint();
}

std::string reason(const Result<SignedManifest>& opened) {
    REQUIRE_FALSE(opened);
    return opened.error().reason();
}

}  // namespace

TEST_CASE("signed manifest: opened with a trusted key, and says which", "[attest][manifest]") {
    const auto opened = open_manifest(good_envelope(), {pem_of(stranger), pem_of(sponsor)});
    REQUIRE(opened);
    CHECK(opened->manifest.name == "refund-agent");
    CHECK(opened->digest == crypto::sha256(view_of(statement)));
    CHECK(opened->signer == "spki-sha256:" + encode::hex(crypto::sha256(sponsor.spki())));
}

TEST_CASE("signed manifest: an SSH key signs in its namespace", "[attest][manifest]") {
    const auto envelope = [](std::string name_space) {
        return envelope_of(statement, fingerprint(sponsor), sshsig_by(sponsor, name_space));
    };
    const auto opened = open_manifest(envelope("holdfast-manifest"), {ssh_line(sponsor)});
    REQUIRE(opened);
    CHECK(opened->signer == fingerprint(sponsor));
    // The right key and the right bytes, but signed for something else: a commit, a file.
    CHECK(reason(open_manifest(envelope("git"), {ssh_line(sponsor)})) == "manifest_unsigned");
    CHECK(reason(open_manifest(envelope("file"), {ssh_line(sponsor)})) == "manifest_unsigned");
}

TEST_CASE("signed manifest: without a trusted signer it is denied, unread", "[attest][manifest]") {
    CHECK(reason(open_manifest(good_envelope(), {pem_of(stranger)})) == "manifest_unsigned");
    CHECK(reason(open_manifest(good_envelope(), {})) == "manifest_unsigned");
    const auto unsigned_ = open_manifest(good_envelope(), {pem_of(stranger)});
    CHECK(unsigned_.error().code() == Code::denied);
    // Not even whether the payload is a manifest is said of bytes nobody signed.
    const std::string nonsense = envelope_of("nonsense", "", signed_by(stranger));
    CHECK(reason(open_manifest(nonsense, {pem_of(sponsor)})) == "manifest_unsigned");
    const auto signed_nonsense =
        open_manifest(envelope_of("nonsense", "", signed_by(sponsor)), {pem_of(sponsor)});
    REQUIRE_FALSE(signed_nonsense);
    CHECK(signed_nonsense.error().code() == Code::invalid);
}

TEST_CASE("signed manifest: a payload edited after signing is denied", "[attest][manifest]") {
    auto envelope = *encode::parse_dsse(good_envelope(), max_envelope);
    const auto opens = [&] {
        return open_manifest(encode::to_json(envelope), {pem_of(sponsor)}).has_value();
    };
    CHECK(opens());
    // Another version of the same length: a manifest, but not the signed one.
    std::string text(text_of(envelope.payload));
    text.replace(text.find("\"version\":3"), 11, "\"version\":4");
    CHECK(parse_statement(text));
    envelope.payload = bytes_of(view_of(text));
    CHECK_FALSE(opens());
}

TEST_CASE("signed manifest: the payload type is signed, and must be in-toto's",
          "[attest][manifest]") {
    auto envelope = *encode::parse_dsse(good_envelope(), max_envelope);
    envelope.payload_type = "application/json";
    CHECK_FALSE(open_manifest(encode::to_json(envelope), {pem_of(sponsor)}));
    // Also when it was signed like that.
    envelope.signatures[0].signature =
        signed_by(sponsor)(encode::dsse_signed_bytes(envelope.payload_type, envelope.payload));
    CHECK_FALSE(open_manifest(encode::to_json(envelope), {pem_of(sponsor)}));
    // A signature over the bare payload, as tools that know no DSSE make it.
    envelope.payload_type = payload_type;
    envelope.signatures[0].signature = signed_by(sponsor)(envelope.payload);
    CHECK(reason(open_manifest(encode::to_json(envelope), {pem_of(sponsor)})) ==
          "manifest_unsigned");
}

TEST_CASE("signed manifest: a key id promises nothing", "[attest][manifest]") {
    const auto opens = [](const std::string& key_id, const SoftwareKey& by) {
        return open_manifest(envelope_of(statement, key_id, signed_by(by)), {pem_of(sponsor)})
            .has_value();
    };
    const std::string own = "spki-sha256:" + encode::hex(crypto::sha256(sponsor.spki()));
    CHECK(opens(own, sponsor));
    CHECK(opens("", sponsor));
    CHECK(opens("what another tool calls it", sponsor));
    CHECK_FALSE(opens(own, stranger));
    CHECK_FALSE(opens("spki-sha256:00", sponsor));
}

TEST_CASE("signed manifest: one good signature among others is enough", "[attest][manifest]") {
    auto envelope =
        *encode::parse_dsse(envelope_of(statement, "", signed_by(stranger)), max_envelope);
    const Bytes message = encode::dsse_signed_bytes(envelope.payload_type, envelope.payload);
    envelope.signatures.push_back({"", signed_by(sponsor)(message)});
    CHECK(open_manifest(encode::to_json(envelope), {pem_of(sponsor)}));
}

TEST_CASE("signed manifest: a trusted key that cannot be read is an error", "[attest][manifest]") {
    const auto opened = open_manifest(good_envelope(), {pem_of(sponsor), "ssh-dss AAAA"});
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == Code::invalid);
    CHECK(open_manifest(good_envelope(), std::vector<std::string>(64, pem_of(sponsor))));
    CHECK_FALSE(open_manifest(good_envelope(), std::vector<std::string>(65, pem_of(sponsor))));
}

TEST_CASE("signed manifest: an envelope's size is bounded, at the bound and one past it",
          "[attest][manifest]") {
    std::string longest = good_envelope();
    longest.resize(max_envelope, ' ');
    CHECK(open_manifest(longest, {pem_of(sponsor)}));
    longest.push_back(' ');
    CHECK_FALSE(open_manifest(longest, {pem_of(sponsor)}));
}

TEST_CASE("signed manifest: read without looking at signatures, it names no signer",
          "[attest][manifest]") {
    const auto read = read_manifest_unverified(envelope_of(statement, "", signed_by(stranger)));
    REQUIRE(read);
    CHECK(read->signer.empty());
    CHECK(read->digest == crypto::sha256(view_of(statement)));
    CHECK_FALSE(read_manifest_unverified(statement));
}

TEST_CASE("signed manifest: valid from its first to its last second", "[attest][manifest]") {
    const Manifest manifest = tests::sample_manifest();
    CHECK(check_validity(manifest, manifest.not_before));
    CHECK(check_validity(manifest, manifest.not_after));
    const auto early = check_validity(manifest, manifest.not_before - 1);
    const auto late = check_validity(manifest, manifest.not_after + 1);
    REQUIRE_FALSE(early);
    REQUIRE_FALSE(late);
    CHECK(early.error().reason() == "manifest_not_yet_valid");
    CHECK(late.error().reason() == "manifest_expired");
    CHECK(late.error().code() == Code::denied);
}
