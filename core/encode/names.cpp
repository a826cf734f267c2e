// The words of custody.h and measurement.h, as they stand in credentials, actions and evidence.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "holdfast/agent_id.h"
#include "holdfast/custody.h"
#include "holdfast/measurement.h"

namespace holdfast {
namespace {

using std::string_view_literals::operator""sv;

template <class T, std::size_t Count>
using Names = std::array<std::pair<T, std::string_view>, Count>;

constexpr Names<Custody, 6> custodies{{{Custody::unproven, "unproven"sv},
                                       {Custody::tpm, "tpm"sv},
                                       {Custody::hsm, "hsm"sv},
                                       {Custody::software_tpm, "software-tpm"sv},
                                       {Custody::software_hsm, "software-hsm"sv},
                                       {Custody::tpm_virtual, "tpm-virtual"sv}}};
constexpr Names<Purpose, 4> purposes{{{Purpose::action, "action"sv},
                                      {Purpose::certificate, "certificate"sv},
                                      {Purpose::checkpoint, "checkpoint"sv},
                                      {Purpose::attest, "attest"sv}}};
constexpr Names<FuseKind, 5> fuse_kinds{{{FuseKind::none, "none"sv},
                                         {FuseKind::counter, "counter"sv},
                                         {FuseKind::bank, "bank"sv},
                                         {FuseKind::host, "host"sv},
                                         {FuseKind::object, "object"sv}}};
constexpr Names<Backend, 2> backends{{{Backend::tpm, "tpm"sv}, {Backend::pkcs11, "pkcs11"sv}}};
constexpr Names<KeyAlgorithm, 7> algorithms{{{KeyAlgorithm::es256, "ES256"sv},
                                             {KeyAlgorithm::es384, "ES384"sv},
                                             {KeyAlgorithm::ed25519, "Ed25519"sv},
                                             {KeyAlgorithm::ps256_2048, "PS256-2048"sv},
                                             {KeyAlgorithm::ps256_3072, "PS256-3072"sv},
                                             {KeyAlgorithm::rs256_2048, "RS256-2048"sv},
                                             {KeyAlgorithm::rs256_3072, "RS256-3072"sv}}};
constexpr Names<Assurance, 4> assurances{{{Assurance::observed, "observed"sv},
                                          {Assurance::launched, "launched"sv},
                                          {Assurance::recorded, "recorded"sv},
                                          {Assurance::enforced, "enforced"sv}}};

constexpr std::size_t max_key_number = 16;  // digits

bool is_key_number(std::string_view text) noexcept {
    return !text.empty() && text.size() <= max_key_number && text.front() != '0' &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

template <class T, std::size_t Count>
std::string_view name_in(const Names<T, Count>& names, T wanted) noexcept {
    for (const auto& [value, name] : names)
        if (value == wanted) return name;
    return "invalid";
}

template <class T, std::size_t Count>
Result<T> value_in(const Names<T, Count>& names, std::string_view wanted, std::string_view what) {
    std::string known;
    for (const auto& [value, name] : names) {
        if (name == wanted) return value;
        known.append(known.empty() ? "" : ", ").append(name);
    }
    return Error(Code::invalid, std::string(what) + " must be one of " + known);
}

}  // namespace

std::string_view to_string(Custody custody) noexcept {
    return name_in(custodies, custody);
}
Result<Custody> parse_custody(std::string_view text) {
    return value_in(custodies, text, "custody");
}

std::string_view to_string(Purpose purpose) noexcept {
    return name_in(purposes, purpose);
}
Result<Purpose> parse_purpose(std::string_view text) {
    return value_in(purposes, text, "purpose");
}

std::string_view to_string(FuseKind kind) noexcept {
    return name_in(fuse_kinds, kind);
}
Result<FuseKind> parse_fuse_kind(std::string_view text) {
    return value_in(fuse_kinds, text, "fuse");
}

std::string_view to_string(Backend backend) noexcept {
    return name_in(backends, backend);
}

bool is_host_key_id(std::string_view id) noexcept {
    return id == ca_key_id || id == ledger_key_id || id == ak_key_id;
}

std::string_view agent_key_prefix(Backend backend) noexcept {
    return backend == Backend::pkcs11 ? "hsm-" : "agent-";
}

std::string_view agent_in_key_id(std::string_view id, Backend backend) {
    const std::string_view prefix = agent_key_prefix(backend);
    const std::size_t dash = id.rfind('-');
    if (!id.starts_with(prefix) || dash < prefix.size() || !is_key_number(id.substr(dash + 1)))
        return {};
    const std::string_view name = id.substr(prefix.size(), dash - prefix.size());
    return check_agent_name(name) ? name : std::string_view();
}

std::string_view to_string(KeyAlgorithm algorithm) noexcept {
    return name_in(algorithms, algorithm);
}
Result<KeyAlgorithm> parse_key_algorithm(std::string_view text) {
    return value_in(algorithms, text, "algorithm");
}

std::string_view jws_alg(KeyAlgorithm algorithm) noexcept {
    switch (algorithm) {
        case KeyAlgorithm::es256: return "ES256";
        case KeyAlgorithm::es384: return "ES384";
        case KeyAlgorithm::ed25519: return "EdDSA";
        case KeyAlgorithm::ps256_2048:
        case KeyAlgorithm::ps256_3072: return "PS256";
        case KeyAlgorithm::rs256_2048:
        case KeyAlgorithm::rs256_3072: return "RS256";
    }
    return "invalid";
}

std::size_t signature_size(KeyAlgorithm algorithm) noexcept {
    switch (algorithm) {
        case KeyAlgorithm::es256:
        case KeyAlgorithm::ed25519: return 64;
        case KeyAlgorithm::es384: return 96;
        case KeyAlgorithm::ps256_2048:
        case KeyAlgorithm::rs256_2048: return 256;
        case KeyAlgorithm::ps256_3072:
        case KeyAlgorithm::rs256_3072: return 384;
    }
    return 0;
}

std::string_view to_string(Assurance assurance) noexcept {
    return name_in(assurances, assurance);
}
Result<Assurance> parse_assurance(std::string_view text) {
    return value_in(assurances, text, "assurance");
}

}  // namespace holdfast
