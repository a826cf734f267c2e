// SSH's keys, signatures and SSHSIGs: one encoding each, and none is a known key's.
#include "core/crypto/trusted_key.h"
#include "core/encode/ssh_key.h"
#include "core/encode/sshsig.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/signed_by_others.h"

using namespace holdfast;
using fuzz::promise;

namespace {

// Another message than by_others signed: so nothing that is made of its signatures is good.
constexpr std::string_view message = "not what was signed";

void check_key_text(std::string_view text) {
    const auto key = crypto::TrustedKey::parse(text);
    if (!key) return;
    promise(!key->fingerprint().empty(), "a key has a fingerprint");
    promise(!key->verify("n", view_of(message), view_of(text)), "a key is no signature");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(data, size);
    check_key_text(text_of(input));
    static const auto trusted = crypto::TrustedKey::parse(tests::by_others::ssh_ed25519.key);
    promise(!trusted->verify("holdfast-manifest", view_of(message), input), "none is forged");
    if (const auto key = encode::parse_ssh_key_blob(input))
        promise(key->blob == bytes_of(input), "a key is its whole blob");
    const auto sshsig = encode::parse_sshsig(input);
    if (!sshsig) return 0;
    promise(encode::write_sshsig(*sshsig) == bytes_of(input), "an SSHSIG has one encoding");
    const auto armored = encode::parse_armored_sshsig(encode::armor_sshsig(input));
    promise(armored && *armored == bytes_of(input), "armor keeps every byte");
    if (const auto key = encode::parse_ssh_key_blob(sshsig->public_key))
        (void)encode::parse_ssh_signature(key->type, sshsig->signature);
    return 0;
}
