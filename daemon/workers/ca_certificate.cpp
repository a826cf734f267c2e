#include "daemon/workers/ca_certificate.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/crypto/certificate.h"
#include "core/crypto/digest.h"
#include "core/crypto/svid.h"
#include "core/encode/pem.h"
#include "daemon/log.h"
#include "holdfast/descriptor.h"

namespace holdfast::daemon {
namespace {

constexpr std::size_t serial_size = 16;
constexpr std::size_t max_certificate_file = 16UL * 1024;
constexpr const char* pem_label = "CERTIFICATE";

Error failed(const std::string& path) {
    return Error(Code::unavailable, path + ": " + std::generic_category().message(errno));
}

Result<Bytes> read_certificate(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) return failed(path);
    std::string text(max_certificate_file, '\0');
    const auto size = ::read(file.get(), text.data(), text.size());
    if (size < 0) return failed(path);
    text.resize(static_cast<std::size_t>(size));
    HOLDFAST_TRY(blocks, encode::from_pem(text, pem_label));
    return std::move(blocks.front());
}

Done write_all(int file, std::string_view text, const std::string& path) {
    if (::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file) != 0)
        return failed(path);
    return done();
}

// Whole or not at all, also after a power cut.
Done write_certificate(const std::string& path, ByteView der) {
    const std::string next = path + ".new";
    {
        const Descriptor file(
            ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
        if (!file) return failed(next);
        HOLDFAST_CHECK(write_all(file.get(), encode::to_pem(pem_label, der), next));
    }
    if (std::rename(next.c_str(), path.c_str()) != 0) return failed(path);
    const auto folder_name = std::filesystem::path(path).parent_path();
    const Descriptor folder(::open(folder_name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0) return failed(folder_name);
    return done();
}

struct Found {
    Bytes der;
    std::int64_t not_after;
};

Result<Found> read_valid(const std::string& path, const KeyDescription& ca,
                         const std::string& trust_domain, std::int64_t now) {
    HOLDFAST_TRY(der, read_certificate(path));
    HOLDFAST_TRY(certificate, crypto::parse_certificate(der));
    HOLDFAST_TRY(facts, crypto::check_tbs(certificate.tbs, trust_domain));
    if (!facts.is_ca || facts.subject_spki != ca.spki)
        return Error(Code::not_found, path + ": not the CA key's certificate");
    if (now < certificate.not_before || now >= certificate.not_after)
        return Error(Code::not_found, path + ": not valid now");
    return Found{std::move(der), certificate.not_after};
}

}  // namespace

Result<Bytes> CaCertificate::issue(const KeyDescription& ca, std::int64_t now) const {
    crypto::CaRequest request{};
    request.trust_domain = trust_domain_;
    request.spki = ca.spki;
    HOLDFAST_TRY(serial, crypto::random_bytes(serial_size));
    request.serial = std::move(serial);
    request.not_before = now - crypto::clock_skew;
    request.not_after = request.not_before + crypto::max_ca_lifetime;
    HOLDFAST_TRY(tbs, crypto::ca_tbs(request));
    HOLDFAST_TRY(signature, sign_(ca, tbs));
    HOLDFAST_TRY(der, crypto::assemble_certificate(tbs, signature));
    HOLDFAST_CHECK(write_certificate(file_, der));
    log_info("CA certificate issued for " + trust_domain_);
    return der;
}

Result<Bytes> CaCertificate::current(const KeyDescription& ca, std::int64_t now) {
    auto found = read_valid(file_, ca, trust_domain_, now);
    if (found && found->not_after - now > ca_renewal) return std::move(found->der);
    auto issued = issue(ca, now);
    if (issued || !found) return issued;
    log_warning("CA certificate not renewed: " + issued.error().text());
    return std::move(found->der);
}

}  // namespace holdfast::daemon
