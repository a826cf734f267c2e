#include "hsm/tpm/endorsement_key.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "core/crypto/certificate.h"
#include "core/encode/pem.h"
#include "core/tpm2/structures.h"
#include "hsm/tpm/commands.h"
#include "hsm/tpm/marshal.h"
#include "hsm/tpm/nv.h"
#include "hsm/tpm/templates.h"

namespace holdfast::hsm {
namespace {

namespace fs = std::filesystem;

Result<std::optional<Bytes>> whole_index(Connection& tpm, TPM2_HANDLE index) {
    auto area = nv_public(tpm, index);
    if (!area && is(area.error(), gone)) return std::optional<Bytes>();
    if (!area) return std::move(area).error();
    if (area->dataSize > max_ek_certificate || (area->attributes & TPMA_NV_WRITTEN) == 0)
        return std::optional<Bytes>();
    HOLDFAST_TRY(bytes, nv_bytes(tpm, {.index = index, .auth = {}}, area->dataSize));
    return std::optional<Bytes>(std::move(bytes));
}

Result<std::vector<Bytes>> chain_in_nv(Connection& tpm) {
    HOLDFAST_TRY(indices, nv_indices(tpm, ek_chain_first, ek_chain_last));
    Bytes all;
    for (const TPM2_HANDLE index : indices) {
        HOLDFAST_TRY(part, whole_index(tpm, index));
        if (part) all.insert(all.end(), part->begin(), part->end());
    }
    return split_certificates(all);
}

Result<Bytes> read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    Bytes bytes(max_ek_certificate + 1);
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (file.bad() || (!file.eof() && file.fail()) || file.gcount() == 0)
        return Error(Code::unavailable, path.string() + ": cannot be read");
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    if (bytes.size() > max_ek_certificate)
        return Error(Code::invalid, path.string() + ": too large for an EK certificate");
    return bytes;
}

// DER, or PEM with one or more certificates.
Result<std::vector<Bytes>> certificates_in_file(const fs::path& path) {
    HOLDFAST_TRY(bytes, read_file(path));
    if (text_of(bytes).find("-----BEGIN") == std::string_view::npos)
        return split_certificates(bytes);
    return encode::from_pem(text_of(bytes), "CERTIFICATE");
}

Result<std::vector<fs::path>> certificate_files(const std::string& directory) {
    std::error_code failed;
    std::vector<fs::path> paths;
    auto entry = fs::directory_iterator(directory, failed);
    for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
        const std::string ending = entry->path().extension().string();
        if (ending == ".der" || ending == ".crt" || ending == ".pem")
            paths.push_back(entry->path());
    }
    if (failed) return Error(Code::unavailable, directory + ": " + failed.message());
    std::sort(paths.begin(), paths.end());
    return paths;
}

Result<std::vector<Bytes>> certificates_in_directory(const std::string& directory) {
    std::vector<Bytes> found;
    if (directory.empty()) return found;
    HOLDFAST_TRY(paths, certificate_files(directory));
    for (const fs::path& path : paths) {
        HOLDFAST_TRY(certificates, certificates_in_file(path));
        std::move(certificates.begin(), certificates.end(), std::back_inserter(found));
        if (found.size() > max_ek_certificates)
            return Error(Code::invalid, directory + ": more than 16 certificates");
    }
    return found;
}

// The key this template yields, if it is the one that one of the certificates was issued for; that
// certificate comes first in the answer.
Result<std::optional<EndorsementKey>> try_template(Connection& tpm, const TPM2B_PUBLIC& wanted,
                                                   const std::vector<Bytes>& certificates) {
    auto primary = create_primary(tpm, ESYS_TR_RH_ENDORSEMENT, wanted);
    // A chip need not know every curve and size.
    if (!primary && primary.error().code() == Code::internal)
        return std::optional<EndorsementKey>();
    if (!primary) return std::move(primary).error();
    HOLDFAST_TRY(area, read_public_area(tpm, primary->handle()));
    HOLDFAST_TRY(bytes, marshalled<::Tss2_MU_TPMT_PUBLIC_Marshal>(area));
    HOLDFAST_TRY(key, tpm2::read_public(bytes));
    const auto is_of_this_key = [&](const Bytes& der) {
        const auto certificate = crypto::parse_certificate(der);
        return certificate && certificate->spki == key.spki;
    };
    const auto leaf = std::find_if(certificates.begin(), certificates.end(), is_of_this_key);
    if (leaf == certificates.end()) return std::optional<EndorsementKey>();
    EndorsementKey found{.certificates = {*leaf}, .made_from = wanted, .area = area};
    for (auto other = certificates.begin(); other != certificates.end(); ++other)
        if (other != leaf) found.certificates.push_back(*other);
    return std::optional<EndorsementKey>(std::move(found));
}

Result<std::vector<TPM2B_PUBLIC>> templates_of(Connection& tpm, const EkSlot& slot) {
    std::vector<TPM2B_PUBLIC> templates;
    if (slot.nv_template != 0) {
        HOLDFAST_TRY(bytes, whole_index(tpm, slot.nv_template));
        if (bytes) {
            HOLDFAST_TRY(area,
                         (unmarshalled<::Tss2_MU_TPMT_PUBLIC_Unmarshal, TPMT_PUBLIC>(*bytes)));
            templates.push_back(TPM2B_PUBLIC{.size = 0, .publicArea = area});
        }
    }
    templates.insert(templates.end(), slot.templates.begin(), slot.templates.end());
    return templates;
}

Result<std::optional<EndorsementKey>> try_slot(Connection& tpm, const EkSlot& slot,
                                               const std::vector<Bytes>& certificates) {
    HOLDFAST_TRY(templates, templates_of(tpm, slot));
    for (const TPM2B_PUBLIC& wanted : templates) {
        HOLDFAST_TRY(found, try_template(tpm, wanted, certificates));
        if (found) return found;
    }
    return std::optional<EndorsementKey>();
}

Result<EndorsementKey> without_certificate(Connection& tpm) {
    const TPM2B_PUBLIC wanted = default_ek_template();
    HOLDFAST_TRY(primary, create_primary(tpm, ESYS_TR_RH_ENDORSEMENT, wanted));
    HOLDFAST_TRY(area, read_public_area(tpm, primary.handle()));
    return EndorsementKey{.certificates = {}, .made_from = wanted, .area = area};
}

}  // namespace

std::vector<Bytes> split_certificates(ByteView der) {
    std::vector<Bytes> found;
    // SEQUENCE with a two-byte length (X.690 §8.1.3): no certificate is shorter than 128 bytes.
    while (der.size() > 4 && der[0] == 0x30 && der[1] == 0x82 &&
           found.size() < max_ek_certificates) {
        const std::size_t size = 4 + ((static_cast<std::size_t>(der[2]) << 8U) | der[3]);
        if (size > der.size()) break;
        found.push_back(bytes_of(der.first(size)));
        der = der.subspan(size);
    }
    return found;
}

Result<EndorsementKey> find_endorsement_key(Connection& tpm, const std::string& directory) {
    bool has_certificate = false;
    HOLDFAST_TRY(chain, chain_in_nv(tpm));
    const std::vector<EkSlot> slots = ek_slots();
    for (const EkSlot& slot : slots) {
        HOLDFAST_TRY(bytes, whole_index(tpm, slot.certificate));
        if (!bytes) continue;
        has_certificate = true;
        std::vector<Bytes> certificates = split_certificates(*bytes);
        certificates.insert(certificates.end(), chain.begin(), chain.end());
        HOLDFAST_TRY(found, try_slot(tpm, slot, certificates));
        if (found) return *std::move(found);
    }
    HOLDFAST_TRY(given, certificates_in_directory(directory));
    for (const EkSlot& slot : slots) {
        if (given.empty()) break;
        has_certificate = true;
        HOLDFAST_TRY(found, try_slot(tpm, slot, given));
        if (found) return *std::move(found);
    }
    if (!has_certificate) return without_certificate(tpm);
    return Error(Code::unavailable,
                 "no endorsement key of this TPM is the one its EK certificates were issued for");
}

}  // namespace holdfast::hsm
