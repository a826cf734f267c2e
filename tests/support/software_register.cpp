// The software attester's register: its index, its log, and what both add up to.
#include <tss2/tss2_mu.h>

#include "attest/evidence/challenge.h"
#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "tests/support/made_structures.h"
#include "tests/support/software_attester.h"

namespace holdfast::tests {
namespace {

constexpr std::uint32_t register_index = 0x015000FF;

TPMS_NV_PUBLIC register_area() {
    TPMS_NV_PUBLIC area = index_area(register_index, TPM2_NT_EXTEND);
    area.attributes &= ~(TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD);
    area.attributes |= TPMA_NV_ORDERLY | TPMA_NV_CLEAR_STCLEAR;
    area.dataSize = 32;
    return area;
}

}  // namespace

Sha256 SoftwareAttester::manifest_digest() {
    return crypto::sha256(Bytes{9});
}

Sha256 SoftwareAttester::tree_root() {
    return crypto::sha256(Bytes{10});
}

std::string SoftwareAttester::launch_content() const {
    const std::string some = encode::hex(crypto::sha256(Bytes{11}));
    return encode::canonical(
        encode::Json::Object{{"type", attest::launch_event},
                             {"agent", key_.agent},
                             {"instance", "instance-1"},
                             {"manifest", encode::hex(manifest_digest())},
                             {"tree", encode::hex(tree_root())},
                             {"arguments_environment", some},
                             {"uid", 61000},
                             {"cgroup", "/holdfast/deploy-bot/instance-1"},
                             {"sandbox", some},
                             {"key_name", encode::base64url(attest::key_name_of(key_))},
                             {"time", now - 500}});
}

void SoftwareAttester::make_register() {
    TPMS_NV_PUBLIC area = register_area();
    offer(bends_.register_index, area);
    register_area_ = marshalled(area, ::Tss2_MU_TPMS_NV_PUBLIC_Marshal);
    attest::Anchor anchor{.name = name_of(register_area_),
                          .value = crypto::sha256(Bytes{1, 3}),
                          .reset_count = simulated_resets,
                          .restart_count = 1};
    offer(bends_.anchor, anchor);
    std::vector<std::string> events = {launch_content()};
    offer(bends_.events, events);
    using attest::CelPlace;
    const auto first = must(
        attest::make_cel_record(0, CelPlace::pcr, default_anchor_pcr, attest::to_content(anchor)));
    register_log_ = attest::to_cel_line(first);
    register_value_ = anchor.value;
    anchored_pcr_ = attest::extended(Sha256{}, first.digest);
    register_events_ = 1;
    for (std::string& content : events) {
        const auto record = must(attest::make_cel_record(register_events_++, CelPlace::nv_index,
                                                         area.nvIndex, std::move(content)));
        register_log_ += attest::to_cel_line(record);
        register_value_ = attest::extended(register_value_, record.digest);
    }
}

}  // namespace holdfast::tests
