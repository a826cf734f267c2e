#include "hsm/tpm/key_blob.h"

#include <algorithm>
#include <array>

#include "core/encode/pem.h"

namespace holdfast::hsm {
namespace {

constexpr std::string_view label = "TSS2 PRIVATE KEY";
constexpr std::uint8_t sequence_tag = 0x30;
constexpr std::uint8_t integer_tag = 0x02;
constexpr std::uint8_t octets_tag = 0x04;
// OBJECT IDENTIFIER 2.23.133.10.1.3 (id-loadablekey), then [0] EXPLICIT BOOLEAN TRUE (emptyAuth).
constexpr std::array<std::uint8_t, 13> head = {0x06, 0x06, 0x67, 0x81, 0x05, 0x0A, 0x01,
                                               0x03, 0xA0, 0x03, 0x01, 0x01, 0xFF};

// DER, X.690 §8.1.3: everything here is shorter than 64 KiB.
void append_element(Bytes& der, std::uint8_t tag, ByteView content) {
    const std::size_t size = content.size();
    der.push_back(tag);
    if (size > 0xFF) der.insert(der.end(), {0x82, static_cast<std::uint8_t>(size >> 8U)});
    if (size > 0x7F && size <= 0xFF) der.push_back(0x81);
    der.push_back(static_cast<std::uint8_t>(size & 0xFFU));
    der.insert(der.end(), content.begin(), content.end());
}

// The content of the next element, which must have this tag and the shortest length form.
Result<Bytes> take_element(ByteView& rest, std::uint8_t tag) {
    const Error broken(Code::invalid, "not a TPM key blob of ours");
    if (rest.size() < 2 || rest[0] != tag) return broken;
    std::size_t header = 2;
    std::size_t size = rest[1];
    if (size == 0x81 && rest.size() > 2 && rest[2] > 0x7F) {
        header = 3;
        size = rest[2];
    }
    if (rest[1] == 0x82 && rest.size() > 3 && rest[2] != 0) {
        header = 4;
        size = (static_cast<std::size_t>(rest[2]) << 8U) | rest[3];
    }
    if ((header == 2 && size > 0x7F) || rest.size() - header < size) return broken;
    const ByteView content = rest.subspan(header, size);
    rest = rest.subspan(header + size);
    return bytes_of(content);
}

Bytes integer_bytes(std::uint32_t value) {
    // A leading zero keeps 0x81000001 positive (X.690 §8.3).
    return {0, static_cast<std::uint8_t>(value >> 24U),
            static_cast<std::uint8_t>((value >> 16U) & 0xFFU),
            static_cast<std::uint8_t>((value >> 8U) & 0xFFU),
            static_cast<std::uint8_t>(value & 0xFFU)};
}

}  // namespace

std::string to_key_blob(std::uint32_t parent, const KeyAreas& areas) {
    Bytes body(head.begin(), head.end());
    append_element(body, integer_tag, integer_bytes(parent));
    append_element(body, octets_tag, areas.public_area);
    append_element(body, octets_tag, areas.private_area);
    Bytes der;
    append_element(der, sequence_tag, body);
    return encode::to_pem(label, der);
}

Result<KeyAreas> from_key_blob(std::string_view pem, std::uint32_t parent) {
    HOLDFAST_TRY(blocks, encode::from_pem(pem, label));
    ByteView outer = blocks.front();
    HOLDFAST_TRY(body, take_element(outer, sequence_tag));
    ByteView rest = body;
    if (!outer.empty() || blocks.size() != 1 || rest.size() < head.size() ||
        !std::equal(head.begin(), head.end(), rest.begin()))
        return Error(Code::invalid, "not a TPM key blob of ours");
    rest = rest.subspan(head.size());
    HOLDFAST_TRY(found_parent, take_element(rest, integer_tag));
    if (found_parent != integer_bytes(parent))
        return Error(Code::denied, "this key belongs to another parent").because("other_tpm");
    KeyAreas areas;
    HOLDFAST_TRY(public_area, take_element(rest, octets_tag));
    HOLDFAST_TRY(private_area, take_element(rest, octets_tag));
    if (!rest.empty()) return Error(Code::invalid, "not a TPM key blob of ours");
    areas.public_area = std::move(public_area);
    areas.private_area = std::move(private_area);
    return areas;
}

}  // namespace holdfast::hsm
