#include "core/encode/ssh_key.h"

#include <algorithm>
#include <array>

#include "core/encode/base64.h"
#include "core/encode/ssh_wire.h"

namespace holdfast::encode {
namespace {

constexpr std::size_t ed25519_key = 32;
constexpr std::size_t ed25519_signature = 64;
constexpr std::size_t max_rsa = 2048;  // bytes: OpenSSH stops at 16384 bits

struct EcType {
    std::string_view type;
    std::string_view curve;
    std::size_t coordinate;
};
constexpr std::array<EcType, 3> ec_types{
    {{ssh_p256, "nistp256", 32}, {ssh_p384, "nistp384", 48}, {ssh_sk_p256, "nistp256", 32}}};

const EcType* ec_type(std::string_view type) {
    const auto* found = std::find_if(ec_types.begin(), ec_types.end(),
                                     [&](const EcType& each) { return each.type == type; });
    return found == ec_types.end() ? nullptr : found;
}

bool is_sk(std::string_view type) {
    return type == ssh_sk_ed25519 || type == ssh_sk_p256;
}

Error wrong(std::string_view why) {
    return {Code::invalid, "ssh key: " + std::string(why)};
}

Done read_point(SshReader& reader, const EcType& ec, SshPublicKey& key) {
    HOLDFAST_TRY(curve, reader.string());
    HOLDFAST_TRY(point, reader.string());
    constexpr std::uint8_t uncompressed = 0x04;  // SEC 1, 2.3.3
    if (text_of(curve) != ec.curve) return wrong("the curve is not the type's");
    if (point.size() != 1 + 2 * ec.coordinate || point[0] != uncompressed)
        return wrong("not an uncompressed point of its curve");
    key.point = bytes_of(point.subspan(1));
    return done();
}

Done read_rsa(SshReader& reader, SshPublicKey& key) {
    HOLDFAST_TRY(exponent, reader.positive_number());
    HOLDFAST_TRY(modulus, reader.positive_number());
    if (exponent.size() > sizeof key.exponent || modulus.size() > max_rsa)
        return wrong("RSA numbers too large");
    for (const std::uint8_t byte : exponent)
        key.exponent = (key.exponent << 8U) | byte;
    // 0 and 1 would be no encryption at all, and an even one no key (FIPS 186-5, A.1.1).
    if (key.exponent < 3 || key.exponent % 2 == 0) return wrong("RSA exponent must be odd");
    key.modulus = bytes_of(modulus);
    return done();
}

Done read_numbers(SshReader& reader, SshPublicKey& key) {
    if (key.type == ssh_rsa) return read_rsa(reader, key);
    if (const EcType* ec = ec_type(key.type)) return read_point(reader, *ec, key);
    if (key.type != ssh_ed25519 && key.type != ssh_sk_ed25519)
        return wrong("keys of this type are not accepted");
    HOLDFAST_TRY(point, reader.string());
    if (point.size() != ed25519_key) return wrong("an Ed25519 key has 32 bytes");
    key.point = bytes_of(point);
    return done();
}

// r ‖ s, each as long as the curve's coordinates.
Result<Bytes> ecdsa_value(ByteView blob, std::size_t coordinate) {
    SshReader reader(blob);
    HOLDFAST_TRY(r, reader.positive_number());
    HOLDFAST_TRY(s, reader.positive_number());
    HOLDFAST_CHECK(reader.finish());
    if (r.size() > coordinate || s.size() > coordinate)
        return Error(Code::invalid, "ssh signature: a number too large for its curve");
    Bytes value(2 * coordinate);
    std::copy(r.begin(), r.end(),
              value.begin() + static_cast<std::ptrdiff_t>(coordinate - r.size()));
    std::copy(s.begin(), s.end(), value.end() - static_cast<std::ptrdiff_t>(s.size()));
    return value;
}

bool belongs(std::string_view algorithm, std::string_view key_type) {
    // RFC 8332: keys of type ssh-rsa sign with these; "ssh-rsa" itself means SHA-1.
    if (key_type == ssh_rsa) return algorithm == "rsa-sha2-256" || algorithm == "rsa-sha2-512";
    return algorithm == key_type;
}

}  // namespace

Result<SshPublicKey> parse_ssh_key_blob(ByteView blob) {
    if (blob.size() > max_ssh_key_blob) return wrong("more than 8192 bytes");
    SshReader reader(blob);
    HOLDFAST_TRY(type, reader.string());
    SshPublicKey key;
    key.type = text_of(type);
    HOLDFAST_CHECK(read_numbers(reader, key));
    if (is_sk(key.type)) {
        HOLDFAST_TRY(application, reader.string());
        key.application = text_of(application);
    }
    HOLDFAST_CHECK(reader.finish());
    key.blob = bytes_of(blob);
    return key;
}

Result<SshPublicKey> parse_ssh_key_line(std::string_view line) {
    if (line.size() > max_ssh_key_line) return wrong("a line of more than 16384 bytes");
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' '))
        line.remove_suffix(1);
    if (line.find_first_of("\n\r") != std::string_view::npos) return wrong("more than one line");
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return wrong("must be TYPE BASE64 [COMMENT]");
    const std::string_view type = line.substr(0, space);
    const std::string_view rest = line.substr(space + 1);
    auto blob = from_base64(rest.substr(0, rest.find(' ')));
    if (!blob) return std::move(blob).error().within("ssh key");
    HOLDFAST_TRY(key, parse_ssh_key_blob(*blob));
    if (key.type != type) return wrong("the line says another type than the key");
    return key;
}

Result<SshSignature> parse_ssh_signature(std::string_view key_type, ByteView blob) {
    SshReader reader(blob);
    HOLDFAST_TRY(algorithm, reader.string());
    HOLDFAST_TRY(value, reader.string());
    SshSignature signature;
    signature.algorithm = text_of(algorithm);
    if (!belongs(signature.algorithm, key_type))
        return Error(Code::invalid, "ssh signature: not an algorithm of this key");
    if (const EcType* ec = ec_type(key_type)) {
        HOLDFAST_TRY(numbers, ecdsa_value(value, ec->coordinate));
        signature.value = std::move(numbers);
    } else {
        signature.value = bytes_of(value);
    }
    const bool is_ed25519 = key_type == ssh_ed25519 || key_type == ssh_sk_ed25519;
    if (is_ed25519 && value.size() != ed25519_signature)
        return Error(Code::invalid, "ssh signature: an Ed25519 signature has 64 bytes");
    if (is_sk(key_type)) {
        HOLDFAST_TRY(flags, reader.byte());
        HOLDFAST_TRY(counter, reader.number());
        signature.flags = flags;
        signature.counter = counter;
    }
    HOLDFAST_CHECK(reader.finish());
    return signature;
}

}  // namespace holdfast::encode
