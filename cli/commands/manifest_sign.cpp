// holdfast manifest sign: with a PEM key, or with whatever ssh-keygen can sign with.
#include <fcntl.h>

#include <iostream>

#include "cli/ask.h"
#include "cli/commands/manifest.h"
#include "cli/show.h"
#include "cli/ssh_sign.h"
#include "core/crypto/pem_signer.h"
#include "core/crypto/trusted_key.h"
#include "core/encode/base64.h"
#include "core/encode/dsse.h"
#include "core/encode/ssh_key.h"
#include "core/encode/sshsig.h"
#include "holdfast/descriptor.h"

namespace holdfast::cli {
namespace {

constexpr std::size_t max_key = 16UL * 1024;

struct Signed {
    Bytes signature;
    crypto::TrustedKey key;  // the public half
};

Result<Signed> sign_with_pem(const std::string& path, ByteView message) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return Error(Code::not_found, path + ": cannot be read");
    // Wiped when it goes, unlike a string.
    SecretBytes pem(max_key + 1);
    const ssize_t got = ::read(file.get(), pem.mutable_view().data(), pem.size());
    if (got < 0) return Error(Code::invalid, path + ": cannot be read");
    auto opened = crypto::PemSigner::open(pem.view().first(static_cast<std::size_t>(got)));
    if (!opened) return std::move(opened).error().within(path);
    const crypto::PemSigner& signer = *opened;
    HOLDFAST_TRY(signature, signer.sign(message));
    HOLDFAST_TRY(public_key, signer.public_key());
    HOLDFAST_TRY(key, crypto::TrustedKey::parse(public_key));
    return Signed{std::move(signature), std::move(key)};
}

Result<Signed> sign_by_ssh(const std::string& path, ByteView message) {
    HOLDFAST_TRY(blob, sign_with_ssh(path, attest::sshsig_namespace, message));
    HOLDFAST_TRY(sshsig, encode::parse_sshsig(blob));
    HOLDFAST_TRY(public_key, encode::parse_ssh_key_blob(sshsig.public_key));
    const std::string line = public_key.type + " " + encode::base64(public_key.blob);
    HOLDFAST_TRY(key, crypto::TrustedKey::parse(line));
    return Signed{std::move(blob), std::move(key)};
}

Result<std::string> sign(const Values& values, const std::string& path) {
    if (values.has("key") == values.has("ssh-key"))
        return wrong_usage("give either --key or --ssh-key");
    HOLDFAST_TRY(statement, read_large(path, attest::max_manifest));
    while (statement.ends_with('\n'))
        statement.pop_back();
    HOLDFAST_CHECK(attest::parse_statement(statement));
    encode::Dsse envelope{std::string(attest::payload_type), bytes_of(view_of(statement)), {}};
    const Bytes message = encode::dsse_signed_bytes(envelope.payload_type, envelope.payload);
    HOLDFAST_TRY(made, values.has("key") ? sign_with_pem(values.get_or("key", ""), message)
                                         : sign_by_ssh(values.get_or("ssh-key", ""), message));
    // Nobody should find out at launch that a signature is not good.
    HOLDFAST_CHECK(made.key.verify(attest::sshsig_namespace, message, made.signature));
    envelope.signatures.push_back({made.key.fingerprint(), std::move(made.signature)});
    return encode::to_json(envelope);
}

}  // namespace

Exit manifest_sign(const Globals& globals, const Values& values) {
    const std::string& path = values.operands().front();
    const auto envelope = sign(values, path);
    if (!envelope) return fail_or_usage(globals, exit_of(envelope.error()), envelope.error());
    const std::string output = values.get_or("output", path + ".dsse.json");
    const Done written = write_text(output, *envelope + "\n");
    if (!written) return fail(globals, written.error());
    if (output == "-") return Exit::ok;
    const auto signer = encode::parse_dsse(*envelope, envelope->size());
    if (!signer) return fail(globals, signer.error());
    const encode::Json summary =
        encode::Json::Object{{"output", output}, {"signer", signer->signatures.front().key_id}};
    std::cout << (globals.json ? encode::canonical(summary) + "\n" : lines_of(summary))
              << std::flush;
    return Exit::ok;
}

std::vector<Option> manifest_sign_options() {
    return {{"key", "FILE", "private key, PEM: P-256, P-384, Ed25519 or RSA"},
            {"ssh-key", "FILE", "SSH key as ssh-keygen -Y sign takes it: file, agent or token"},
            {"output", "FILE", "where the envelope goes; FILE.dsse.json by default"}};
}

}  // namespace holdfast::cli
