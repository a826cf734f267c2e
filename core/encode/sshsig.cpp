#include "core/encode/sshsig.h"

#include <algorithm>

#include "core/encode/pem.h"
#include "core/encode/ssh_wire.h"

namespace holdfast::encode {
namespace {

constexpr std::string_view magic = "SSHSIG";
constexpr std::uint32_t version = 1;
constexpr std::string_view label = "SSH SIGNATURE";
constexpr std::size_t max_armor = 2 * max_sshsig;

Error wrong(std::string_view why) {
    return {Code::invalid, "sshsig: " + std::string(why)};
}

Done check_shape(const Sshsig& sshsig, ByteView reserved) {
    if (sshsig.name_space.empty()) return wrong("the namespace is empty");
    if (sshsig.name_space.size() > max_sshsig_namespace) return wrong("the namespace is too long");
    if (!reserved.empty()) return wrong("something in the reserved field");
    if (sshsig.hash_algorithm != "sha256" && sshsig.hash_algorithm != "sha512")
        return wrong("the hash must be sha256 or sha512");
    return done();
}

}  // namespace

Result<Sshsig> parse_sshsig(ByteView blob) {
    if (blob.size() > max_sshsig) return wrong("more than 16384 bytes");
    if (!text_of(blob).starts_with(magic)) return wrong("does not begin with SSHSIG");
    SshReader reader(blob.subspan(magic.size()));
    HOLDFAST_TRY(stated_version, reader.number());
    if (stated_version != version) return wrong("must be version 1");
    HOLDFAST_TRY(public_key, reader.string());
    HOLDFAST_TRY(name_space, reader.string());
    HOLDFAST_TRY(reserved, reader.string());
    HOLDFAST_TRY(hash, reader.string());
    HOLDFAST_TRY(signature, reader.string());
    HOLDFAST_CHECK(reader.finish());
    Sshsig sshsig{bytes_of(public_key), std::string(text_of(name_space)),
                  std::string(text_of(hash)), bytes_of(signature)};
    HOLDFAST_CHECK(check_shape(sshsig, reserved));
    return sshsig;
}

Bytes write_sshsig(const Sshsig& sshsig) {
    return SshWriter()
        .raw(view_of(magic))
        .number(version)
        .string(sshsig.public_key)
        .string(view_of(sshsig.name_space))
        .string({})
        .string(view_of(sshsig.hash_algorithm))
        .string(sshsig.signature)
        .take();
}

Bytes sshsig_signed_bytes(const Sshsig& sshsig, ByteView message_digest) {
    return SshWriter()
        .raw(view_of(magic))
        .string(view_of(sshsig.name_space))
        .string({})
        .string(view_of(sshsig.hash_algorithm))
        .string(message_digest)
        .take();
}

Result<Bytes> parse_armored_sshsig(std::string_view text) {
    if (text.size() > max_armor) return wrong("more than 32768 bytes of text");
    HOLDFAST_TRY(blocks, from_pem(text, label));
    if (blocks.size() != 1) return wrong("more than one signature");
    return std::move(blocks.front());
}

std::string armor_sshsig(ByteView blob) {
    return to_pem(label, blob);
}

}  // namespace holdfast::encode
