#include "hsm/tpm/error.h"

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tpm2_types.h>

#include <array>
#include <cstdio>
#include <string>

#include "hsm/tpm/tpm.h"

namespace holdfast::hsm {
namespace {

struct Row {
    TSS2_RC code;
    Action action;
};

// Kernel and user-space resource managers mark what the TPM itself said with their own layer.
constexpr TSS2_RC kernel_manager_layer = 11U << TSS2_RC_LAYER_SHIFT;

constexpr std::array rows = {
    Row{TPM2_RC_RETRY, Action::back_off},
    Row{TPM2_RC_TESTING, Action::back_off},
    Row{TPM2_RC_YIELDED, Action::back_off},
    Row{TPM2_RC_NV_RATE, Action::back_off_nv},
    Row{TPM2_RC_NV_UNAVAILABLE, Action::back_off_nv},
    Row{TPM2_RC_LOCKOUT, Action::lockout},
    Row{TPM2_RC_AUTH_FAIL, Action::bad_secret},
    Row{TPM2_RC_BAD_AUTH, Action::bad_secret},
    Row{TPM2_RC_CONTEXT_GAP, Action::restart},
    Row{TPM2_RC_OBJECT_MEMORY, Action::make_room},
    Row{TPM2_RC_SESSION_MEMORY, Action::make_room},
    Row{TPM2_RC_MEMORY, Action::make_room},
    Row{TPM2_RC_SESSION_HANDLES, Action::make_room},
    Row{TPM2_RC_OBJECT_HANDLES, Action::make_room},
    Row{TPM2_RC_REFERENCE_H0, Action::reload},
    Row{TPM2_RC_REFERENCE_H1, Action::reload},
    Row{TPM2_RC_REFERENCE_H2, Action::reload},
    Row{TPM2_RC_REFERENCE_S0, Action::reload},
    Row{TPM2_RC_HANDLE, Action::reload},
    Row{TPM2_RC_INTEGRITY, Action::reload},
    Row{TPM2_RC_POLICY, Action::refused},
    Row{TPM2_RC_POLICY_FAIL, Action::refused},
    Row{TPM2_RC_NV_UNINITIALIZED, Action::refused},
    Row{TPM2_RC_NV_SPACE, Action::no_room},
    Row{TPM2_RC_NV_DEFINED, Action::taken},
    Row{TPM2_RC_INITIALIZE, Action::not_ready},
    Row{TPM2_RC_FAILURE, Action::not_ready},
    Row{TPM2_RC_REBOOT, Action::not_ready},
    Row{TPM2_RC_UPGRADE, Action::not_ready},
};

constexpr TSS2_RC without_position(TSS2_RC code) noexcept {
    constexpr TSS2_RC format_one = 0x080;
    constexpr TSS2_RC format_one_code = 0x0BF;
    return (code & format_one) != 0 ? code & format_one_code : code & 0xFFFU;
}

constexpr Action lookup(TSS2_RC code) noexcept {
    for (const Row& row : rows)
        if (row.code == without_position(code)) return row.action;
    return Action::report;
}

constexpr Action decide(TSS2_RC code) noexcept {
    if (code == TSS2_RC_SUCCESS) return Action::none;
    switch (code & TSS2_RC_LAYER_MASK) {
        case TSS2_TPM_RC_LAYER:
        case TSS2_RESMGR_TPM_RC_LAYER:
        case kernel_manager_layer: return lookup(code);
        case TSS2_TCTI_RC_LAYER: return Action::restart;
        case TSS2_ESAPI_RC_LAYER:
        case TSS2_SYS_RC_LAYER: break;
        default: return Action::report;
    }
    // BAD_SEQUENCE is what a context says for ever after its first I/O error.
    switch (code & 0xFFFFU) {
        case TSS2_BASE_RC_BAD_SEQUENCE:
        case TSS2_BASE_RC_IO_ERROR:
        case TSS2_BASE_RC_NO_CONNECTION:
        case TSS2_BASE_RC_MALFORMED_RESPONSE:
        case TSS2_BASE_RC_INSUFFICIENT_RESPONSE: return Action::restart;
        default: return Action::report;
    }
}

// Codes as they were seen on the wire.
static_assert(decide(0x922) == Action::back_off && decide(0x90A) == Action::back_off);
static_assert(decide(0x908) == Action::back_off);
static_assert(decide(0x920) == Action::back_off_nv && decide(0x923) == Action::back_off_nv);
static_assert(decide(0x921) == Action::lockout);
static_assert(decide(0x98E) == Action::bad_secret && decide(0x9A2) == Action::bad_secret);
static_assert(decide(0x901) == Action::restart);
static_assert(decide(0x902) == Action::make_room && decide(0x903) == Action::make_room);
static_assert(decide(0x905) == Action::make_room);
static_assert(decide(0x910) == Action::reload && decide(0x18B) == Action::reload);
static_assert(decide(0x1DF) == Action::reload);
static_assert(decide(0x126) == Action::refused && decide(0x99D) == Action::refused);
static_assert(decide(0x14B) == Action::no_room && decide(0x14C) == Action::taken);
static_assert(decide(0x100) == Action::not_ready && decide(0x101) == Action::not_ready);
static_assert(decide(0xA000A) == Action::restart && decide(0xA0008) == Action::restart);
static_assert(decide(0x70007) == Action::restart);
static_assert(decide(0xC0126) == Action::refused && decide(0xB0143) == Action::report);
static_assert(decide(0x7000B) == Action::report);

struct Meaning {
    Code code;
    Retry retry;
    std::string_view reason;
    std::string_view advice;
};

Meaning meaning_of(Action action) noexcept {
    switch (action) {
        case Action::back_off:
        case Action::back_off_nv:
            return {Code::timeout, Retry::later, "tpm_busy", "the TPM was busy to the deadline"};
        case Action::lockout:
            return {Code::unavailable, Retry::later, "tpm_lockout",
                    "the TPM is in dictionary attack lockout; wait or clear it with lockout auth"};
        case Action::bad_secret:
            return {Code::denied, Retry::never, wrong_secret, "the TPM refused the auth value"};
        case Action::make_room: return {Code::busy, Retry::later, full, "the TPM has no free slot"};
        case Action::reload:
            return {Code::not_found, Retry::later, gone, "the TPM does not know this handle"};
        case Action::refused:
            return {Code::denied, Retry::never, fuse_blown, "the TPM refuses this key's policy"};
        case Action::no_room:
            return {Code::busy, Retry::never, nv_full, "the TPM's NV memory is full"};
        case Action::taken:
            return {Code::conflict, Retry::never, nv_taken, "the NV index is already defined"};
        case Action::not_ready:
            return {Code::unavailable, Retry::later, "tpm_not_ready",
                    "the TPM is not started or in failure mode; look at it"};
        case Action::restart:
            return {Code::unavailable, Retry::later, connection_lost,
                    "the connection to the TPM is lost"};
        case Action::none:
        case Action::report: break;
    }
    return {Code::internal, Retry::never, "", "unexpected"};
}

}  // namespace

Action action_of(TSS2_RC code) noexcept {
    return decide(code);
}

Error error_of(std::string_view call, TSS2_RC code) {
    std::array<char, 16> number{};
    (void)std::snprintf(number.data(), number.size(), "0x%x", code);
    const Meaning meaning = meaning_of(action_of(code));
    std::string text(call);
    text.append(": ").append(meaning.advice).append(" (").append(::Tss2_RC_Decode(code));
    text.append(", ").append(number.data()).append(")");
    return Error(meaning.code, std::move(text), meaning.retry).because(std::string(meaning.reason));
}

Done check(std::string_view call, TSS2_RC code) {
    if (code != TSS2_RC_SUCCESS) return error_of(call, code);
    return done();
}

}  // namespace holdfast::hsm
