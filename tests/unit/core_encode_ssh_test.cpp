// SSH's wire encoding, public keys, signatures and SSHSIG.
#include "core/encode/base64.h"
#include "core/encode/ssh_key.h"
#include "core/encode/ssh_wire.h"
#include "core/encode/sshsig.h"
#include "tests/support/catch.h"
#include "tests/support/signed_by_others.h"

using namespace holdfast;
using namespace holdfast::encode;
namespace by_others = holdfast::tests::by_others;

namespace {

SshPublicKey key_of(const by_others::Signed& signed_by) {
    const auto key = parse_ssh_key_line(signed_by.key);
    REQUIRE(key);
    return *key;
}

Sshsig sshsig_of(const by_others::Signed& signed_by) {
    const auto blob = parse_armored_sshsig(signed_by.signature);
    REQUIRE(blob);
    const auto sshsig = parse_sshsig(*blob);
    REQUIRE(sshsig);
    return *sshsig;
}

Bytes with_tail(Bytes bytes) {
    bytes.push_back(0);
    return bytes;
}

// No prefix of hostile bytes may be read past its end, nor pass for the whole.
template <class Parse>
void check_every_cut(ByteView whole, Parse parse) {
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK_FALSE(parse(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))));
    CHECK(parse(bytes_of(whole)));
    CHECK_FALSE(parse(with_tail(bytes_of(whole))));
}

Bytes ecdsa_blob(ByteView r, ByteView s) {
    return SshWriter()
        .string(view_of(ssh_p256))
        .string(SshWriter().string(r).string(s).take())
        .take();
}

}  // namespace

TEST_CASE("ssh wire: numbers are positive and as short as they can be", "[core][encode]") {
    const auto read = [](Bytes mpint) {
        const Bytes framed = SshWriter().string(mpint).take();
        const auto number = SshReader(framed).positive_number();
        return number ? bytes_of(*number) : Bytes{};
    };
    CHECK(read({0x01}) == Bytes{0x01});
    CHECK(read({0x00, 0x80}) == Bytes{0x80});
    CHECK(read({}).empty());            // zero
    CHECK(read({0x80}).empty());        // negative
    CHECK(read({0x00}).empty());        // a needless zero
    CHECK(read({0x00, 0x7f}).empty());  // likewise
}

TEST_CASE("ssh wire: a length past the end is refused", "[core][encode]") {
    CHECK_FALSE(SshReader(Bytes{0xff, 0xff, 0xff, 0xff, 1}).string());
    CHECK_FALSE(SshReader(Bytes{0, 0, 0, 2, 1}).string());
    CHECK(SshReader(Bytes{0, 0, 0, 1, 1}).string());
    CHECK_FALSE(SshReader(Bytes{0, 0, 0}).number());
}

TEST_CASE("ssh key: ssh-keygen's lines are read, of every accepted type", "[core][encode]") {
    CHECK(key_of(by_others::ssh_ed25519).point.size() == 32);
    CHECK(key_of(by_others::ssh_p256).point.size() == 64);
    CHECK(key_of(by_others::ssh_p384).point.size() == 96);
    CHECK(key_of(by_others::ssh_rsa).modulus.size() == 256);
    CHECK(key_of(by_others::ssh_rsa).exponent == 65537);
    CHECK(key_of(by_others::ssh_sk_ed25519).application == "ssh:");
    CHECK(key_of(by_others::ssh_sk_p256).point.size() == 64);
    CHECK_FALSE(parse_ssh_key_line(by_others::ssh_p521.key));
}

TEST_CASE("ssh key: cut short or with something behind it, no blob is a key", "[core][encode]") {
    for (const auto* each : {&by_others::ssh_ed25519, &by_others::ssh_p256, &by_others::ssh_rsa,
                             &by_others::ssh_sk_ed25519, &by_others::ssh_sk_p256})
        check_every_cut(key_of(*each).blob,
                        [](const Bytes& blob) { return parse_ssh_key_blob(blob).has_value(); });
}

TEST_CASE("ssh key: one line, which says the key's type", "[core][encode]") {
    const std::string line(by_others::ssh_ed25519.key);
    const std::string base64 = line.substr(12, line.find(' ', 12) - 12);
    CHECK(parse_ssh_key_line("ssh-ed25519 " + base64));
    CHECK(parse_ssh_key_line("ssh-ed25519 " + base64 + " any comment\r\n"));
    CHECK_FALSE(parse_ssh_key_line("ssh-rsa " + base64));
    CHECK_FALSE(parse_ssh_key_line(base64));
    CHECK_FALSE(parse_ssh_key_line("no-pty ssh-ed25519 " + base64));
    CHECK_FALSE(parse_ssh_key_line(line + line));
    CHECK_FALSE(parse_ssh_key_line(""));
    const std::string padding(max_ssh_key_line - 13 - base64.size(), 'c');
    CHECK(parse_ssh_key_line("ssh-ed25519 " + base64 + " " + padding));
    CHECK_FALSE(parse_ssh_key_line("ssh-ed25519 " + base64 + " " + padding + "c"));
}

TEST_CASE("ssh key: points and numbers no key can have are refused", "[core][encode]") {
    const auto ec = [](std::string_view curve, const Bytes& point) {
        return parse_ssh_key_blob(SshWriter()
                                      .string(view_of(ssh_p256))
                                      .string(view_of(curve))
                                      .string(point)
                                      .take())
            .has_value();
    };
    Bytes point(65, 1);
    point[0] = 4;
    CHECK(ec("nistp256", point));  // on the curve or not is for who verifies with it
    CHECK_FALSE(ec("nistp384", point));
    CHECK_FALSE(ec("nistp256", Bytes(64, 4)));
    point[0] = 2;
    CHECK_FALSE(ec("nistp256", point));
    const auto rsa = [](const Bytes& e, std::size_t modulus) {
        Bytes n(modulus, 0x7f);
        return parse_ssh_key_blob(SshWriter().string(view_of(ssh_rsa)).string(e).string(n).take())
            .has_value();
    };
    CHECK(rsa({3}, 256));
    CHECK(rsa({1, 0, 1}, 2048));
    CHECK_FALSE(rsa({1, 0, 1}, 2049));
    CHECK_FALSE(rsa({1}, 256));
    CHECK_FALSE(rsa({2}, 256));
    CHECK_FALSE(rsa({1, 0, 0, 0, 1}, 256));
}

TEST_CASE("ssh signature: of the key's own algorithm, its numbers padded", "[core][encode]") {
    const auto signature = parse_ssh_signature(ssh_p256, ecdsa_blob(Bytes{5}, Bytes{0, 0x80}));
    REQUIRE(signature);
    Bytes expected(64, 0);
    expected[31] = 5;
    expected[63] = 0x80;
    CHECK(signature->value == expected);
    CHECK(parse_ssh_signature(ssh_p256, ecdsa_blob(Bytes(32, 1), Bytes(32, 1))));
    CHECK_FALSE(parse_ssh_signature(ssh_p256, ecdsa_blob(Bytes(33, 1), Bytes(32, 1))));
    CHECK_FALSE(parse_ssh_signature(ssh_ed25519, ecdsa_blob(Bytes{5}, Bytes{6})));
    const auto named = [](std::string_view name) {
        return SshWriter().string(view_of(name)).string(Bytes(256, 1)).take();
    };
    CHECK(parse_ssh_signature(ssh_rsa, named("rsa-sha2-256")));
    CHECK(parse_ssh_signature(ssh_rsa, named("rsa-sha2-512")));
    CHECK_FALSE(parse_ssh_signature(ssh_rsa, named("ssh-rsa")));          // SHA-1
    CHECK_FALSE(parse_ssh_signature(ssh_ed25519, named("ssh-ed25519")));  // 256 bytes
}

TEST_CASE("sshsig: ssh-keygen's signatures are read and written again", "[core][encode]") {
    for (const auto* each : {&by_others::ssh_ed25519, &by_others::ssh_ed25519_sha256,
                             &by_others::ssh_rsa, &by_others::ssh_sk_p256}) {
        const auto blob = parse_armored_sshsig(each->signature);
        REQUIRE(blob);
        const Sshsig sshsig = sshsig_of(*each);
        CHECK(sshsig.name_space == "holdfast-manifest");
        CHECK(sshsig.public_key == key_of(*each).blob);
        CHECK(write_sshsig(sshsig) == *blob);
        CHECK(*parse_armored_sshsig(armor_sshsig(*blob)) == *blob);
        check_every_cut(*blob, [](const Bytes& cut) { return parse_sshsig(cut).has_value(); });
        check_every_cut(sshsig.signature, [&](const Bytes& cut) {
            return parse_ssh_signature(key_of(*each).type, cut).has_value();
        });
    }
    CHECK(sshsig_of(by_others::ssh_ed25519).hash_algorithm == "sha512");
    CHECK(sshsig_of(by_others::ssh_ed25519_sha256).hash_algorithm == "sha256");
}

TEST_CASE("sshsig: version 1, a namespace, SHA-2 and nothing reserved", "[core][encode]") {
    const Sshsig good = sshsig_of(by_others::ssh_ed25519);
    const auto read = [](const Sshsig& sshsig) {
        return parse_sshsig(write_sshsig(sshsig)).has_value();
    };
    CHECK(read(good));
    Sshsig bent = good;
    bent.name_space = std::string(max_sshsig_namespace, 'n');
    CHECK(read(bent));
    bent.name_space += 'n';
    CHECK_FALSE(read(bent));
    bent.name_space.clear();
    CHECK_FALSE(read(bent));
    for (const char* hash : {"sha1", "sha384", "SHA512", ""}) {
        bent = good;
        bent.hash_algorithm = hash;
        CHECK_FALSE(read(bent));
    }
    Bytes blob = write_sshsig(good);
    blob[9] = 2;
    CHECK_FALSE(parse_sshsig(blob));
    const Bytes reserved = SshWriter()
                               .raw(view_of("SSHSIG"))
                               .number(1)
                               .string(good.public_key)
                               .string(view_of(good.name_space))
                               .string(view_of("x"))
                               .string(view_of("sha512"))
                               .string(good.signature)
                               .take();
    CHECK_FALSE(parse_sshsig(reserved));
    CHECK_FALSE(parse_armored_sshsig(std::string(by_others::ssh_ed25519.signature) +
                                     std::string(by_others::ssh_ed25519.signature)));
}

TEST_CASE("sshsig: its size is bounded, at the bound and one past it", "[core][encode]") {
    Sshsig sshsig = sshsig_of(by_others::ssh_ed25519);
    sshsig.signature.resize(sshsig.signature.size() + max_sshsig - write_sshsig(sshsig).size());
    CHECK(parse_sshsig(write_sshsig(sshsig)));
    sshsig.signature.push_back(0);
    CHECK_FALSE(parse_sshsig(write_sshsig(sshsig)));
}
