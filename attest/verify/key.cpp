#include "attest/verify/key.h"

#include <algorithm>
#include <vector>

#include "core/tpm2/attributes.h"
#include "core/tpm2/policy.h"

namespace holdfast::attest {
namespace {

// The terms that are in the policy: an agent fuse of kind `host` or `none` adds none of its own.
std::vector<Fuse> terms_of(const KeyDescription& key) {
    std::vector<Fuse> terms;
    if (has_own_fuse(key)) terms.push_back(key.agent_fuse);
    terms.push_back(key.host_fuse);
    return terms;
}

bool is_counter(const Fuse& fuse) noexcept {
    return fuse.kind == FuseKind::counter || fuse.kind == FuseKind::host;
}

std::uint64_t big_endian(const Bytes& bytes) noexcept {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes)
        value = value << 8U | byte;
    return value;
}

}  // namespace

void check_key(Sheet& sheet, const KeyDescription& key, const tpm2::Public& area) {
    namespace object = tpm2::object;
    constexpr std::uint32_t wanted =
        object::fixed_tpm | object::fixed_parent | object::sensitive_data_origin | object::sign;
    // userWithAuth would let the empty password sign, around the fuses.
    constexpr std::uint32_t refused = object::user_with_auth | object::admin_with_policy |
                                      object::restricted | object::decrypt |
                                      object::encrypted_duplication;
    sheet.check("key.attributes",
                (area.attributes & wanted) == wanted && (area.attributes & refused) == 0,
                "fixedTPM, fixedParent, sensitiveDataOrigin, sign; not userWithAuth, "
                "adminWithPolicy, restricted, decrypt, encryptedDuplication");
    sheet.check("key.scheme", area.algorithm && area.name_alg == tpm2::alg_sha256,
                area.algorithm
                    ? "fixed to " + std::string(to_string(*area.algorithm)) + ", Name with SHA-256"
                    : "curve or size, scheme and hash are fixed to no algorithm of ours");
    const bool described =
        key.purpose == Purpose::action && key.name == area.name && key.spki == area.spki;
    sheet.check("key.description", described,
                "purpose action; Name and public key as in the public area");
}

void check_policy(Sheet& sheet, const KeyDescription& key, const tpm2::Public& area) {
    sheet.check("fuse.kind", key.agent_fuse.kind != FuseKind::none && is_counter(key.host_fuse),
                "agent fuse: " + std::string(to_string(key.agent_fuse.kind)) +
                    ", host fuse: " + std::string(to_string(key.host_fuse.kind)));
    const auto policy = tpm2::fuse_policy(terms_of(key));
    if (!policy) {
        sheet.fail("key.policy", policy.error().text());
        return;
    }
    sheet.check("key.policy", std::ranges::equal(*policy, area.auth_policy),
                "authPolicy is PolicyNV over exactly the fuses shown");
}

void check_fuse_index(Sheet& sheet, const std::string& rule, const Fuse& fuse) {
    const auto index = tpm2::read_nv_public(fuse.nv_public);
    if (!index) {
        sheet.fail(rule + ".attributes", index.error().text());
        return;
    }
    const std::uint32_t type = is_counter(fuse) ? tpm2::nv::type_counter : tpm2::nv::type_bits;
    sheet.check(rule + ".attributes", index->attributes == (tpm2::nv::fuse | type),
                "a written counter or bank with AUTHREAD, AUTHWRITE, OWNERREAD, OWNERWRITE, NO_DA "
                "and nothing else");
}

void check_fuse_value(Sheet& sheet, const std::string& rule, const Fuse& fuse,
                      const tpm2::NvCertifyInfo& certified) {
    const auto index = tpm2::read_nv_public(fuse.nv_public);
    sheet.check(rule + ".name", index && index->name == certified.index_name,
                "the index read is the index in the policy");
    const bool whole = certified.offset == 0 && certified.contents.size() == 8;
    const std::uint64_t value = whole ? big_endian(certified.contents) : 0;
    const bool unblown = is_counter(fuse) ? value == fuse.value : (value & fuse.value) == 0;
    sheet.check(rule + ".intact", whole && unblown,
                whole ? "the chip says " + std::to_string(value) + ", the key was made with " +
                            std::to_string(fuse.value)
                      : "not the whole of the index was read");
}

}  // namespace holdfast::attest
