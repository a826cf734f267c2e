// The readers of what a TPM says (TPMT_PUBLIC, TPMS_NV_PUBLIC, TPMT_SIGNATURE, and TPMS_ATTEST as
// quote, certify and NV certify): no input reads out of bounds, a good one has one length, and what
// was read is within the structure.
#include <array>
#include <variant>

#include "core/tpm2/policy.h"
#include "core/tpm2/structures.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

namespace {

bool holds(ByteView whole, ByteView part) {
    return std::search(whole.begin(), whole.end(), part.begin(), part.end()) != whole.end() ||
           part.empty();
}

template <class Reader>
auto read(const Reader& reader, ByteView bytes) {
    auto made = reader(bytes);
    if (!made) return made;
    Bytes longer = bytes_of(bytes);
    longer.push_back(0);
    promise(!reader(bytes.first(bytes.size() - 1)), "no prefix of a structure is one");
    promise(!reader(longer), "nothing may be left over");
    return made;
}

void check_what(ByteView bytes, const tpm2::QuoteInfo& quote) {
    promise(holds(bytes, quote.pcr_digest), "the digest quoted is there");
    for (const auto& bank : quote.selected)
        promise(bank.pcrs.empty() || *bank.pcrs.rbegin() < 32, "a PCR has an index");
}
void check_what(ByteView bytes, const tpm2::CertifyInfo& certify) {
    promise(holds(bytes, certify.name) && holds(bytes, certify.qualified_name),
            "the names certified are there");
}
void check_what(ByteView bytes, const tpm2::NvCertifyInfo& nv) {
    promise(holds(bytes, nv.index_name) && holds(bytes, nv.contents), "what was read is there");
}

void check_attest(ByteView bytes) {
    const auto attest = read(tpm2::read_attest, bytes);
    if (!attest) return;
    promise(holds(bytes, attest->extra_data) && holds(bytes, attest->qualified_signer),
            "challenge and signer are there");
    std::visit([&](const auto& what) { check_what(bytes, what); }, attest->what);
}

void check_public(ByteView bytes) {
    const auto key = read(tpm2::read_public, bytes);
    if (!key) return;
    promise(!key->spki.empty() && !key->name.empty(), "a key has a public key and a Name");
    promise(holds(bytes, key->auth_policy), "its policy is there");
    (void)tpm2::qualified_name_of_primary(0x4000000B, *key);
    promise(!tpm2::verify(*key, bytes, bytes), "a public area is no signature");
}

void check_nv_public(ByteView bytes) {
    const auto index = read(tpm2::read_nv_public, bytes);
    const std::array fuses = {
        Fuse{FuseKind::counter, index ? index->index : 0, 7, bytes_of(bytes)}};
    const auto policy = tpm2::fuse_policy(fuses);
    promise(index || !policy, "no policy over what is no index");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes(data, size);
    check_public(bytes);
    check_nv_public(bytes);
    check_attest(bytes);
    const auto signature = read(tpm2::read_signature, bytes);
    promise(!signature || !signature->raw.empty(), "a signature is not empty");
    return 0;
}
