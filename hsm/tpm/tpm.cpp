#include "hsm/tpm/tpm.h"

#include <optional>
#include <utility>

#include "hsm/key_files.h"
#include "hsm/tpm/anchor_counter.h"
#include "hsm/tpm/connection.h"
#include "hsm/tpm/fuses.h"
#include "hsm/tpm/handles.h"
#include "hsm/tpm/key_shelf.h"
#include "hsm/tpm/policy_session.h"
#include "hsm/tpm/register.h"
#include "hsm/tpm/roots.h"
#include "hsm/tpm/schemes.h"
#include "hsm/tpm/tpm_key_store.h"
#include "hsm/tpm/tpm_quoter.h"

namespace holdfast::hsm {
namespace {

Done check_anchor_pcr(std::uint8_t pcr) {
    if (pcr < first_anchor_pcr || pcr > last_anchor_pcr)
        return Error(Code::invalid, "register.anchor_pcr must be 8 to 15");
    return done();
}

// NV indices are 0x01……; what we may use must fit in there whole.
Done check_nv_base(std::uint32_t base) {
    constexpr std::uint32_t first = 0x01000000;
    constexpr std::uint32_t last = 0x01FFFFFF;
    if (base < first || base > last - max_own_indices + 1)
        return Error(Code::invalid, "tpm.nv_base must lie between 0x01000000 and 0x01FFF000");
    return done();
}

}  // namespace

// Members refer to those before them and never move; they end in reverse order.
struct Tpm::Parts {
    Parts(Connection opened, KeyFiles keys_dir, const TpmOptions& options)
        : connection(std::move(opened)),
          files(std::move(keys_dir)),
          manufacturer(connection.manufacturer()),
          loaded(connection),
          session(connection),
          fuses(connection, files, options.nv_base),
          event_register(connection, files, options.nv_base + register_offset, options.anchor_pcr),
          anchor_counter(connection, files, options.nv_base + anchor_counter_offset),
          ek_certificate_dir(options.ek_certificate_dir) {}

    Done open() {
        if (connection.is_owned()) HOLDFAST_CHECK(connection.flush_all());
        HOLDFAST_TRY(found, Roots::open(connection, files, loaded));
        roots.emplace(std::move(found));
        HOLDFAST_CHECK(fuses.open());
        HOLDFAST_CHECK(event_register.open());
        shelf.emplace(connection, files, loaded, *roots, fuses);
        HOLDFAST_TRY(algorithms, find_algorithms(connection));
        store.emplace(connection, session, *shelf, *roots, fuses, std::move(algorithms));
        quoter.emplace(connection, *shelf, *roots, fuses, event_register, ek_certificate_dir);
        return shelf->clean_up();
    }

    Connection connection;
    KeyFiles files;
    std::string manufacturer;
    LoadedKeys loaded;
    PolicySession session;
    Fuses fuses;
    Register event_register;
    AnchorCounter anchor_counter;
    std::string ek_certificate_dir;
    std::optional<Roots> roots;
    std::optional<KeyShelf> shelf;
    std::optional<TpmKeyStore> store;
    std::optional<TpmQuoter> quoter;
};

Tpm::Tpm(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Tpm::~Tpm() = default;

Result<std::unique_ptr<Tpm>> Tpm::open(const TpmOptions& options) {
    HOLDFAST_CHECK(check_nv_base(options.nv_base));
    HOLDFAST_CHECK(check_anchor_pcr(options.anchor_pcr));
    HOLDFAST_TRY(files, KeyFiles::open(options.keys_dir));
    HOLDFAST_TRY(connection, Connection::open(options));
    auto parts = std::make_unique<Parts>(std::move(connection), std::move(files), options);
    HOLDFAST_CHECK(parts->open());
    return std::make_unique<Tpm>(std::move(parts));
}

// Parts::open filled both, or there would be no Tpm.
KeyStore& Tpm::keys() noexcept {
    return *parts_->store;
}
Quoter& Tpm::quoter() noexcept {
    return *parts_->quoter;
}
Registrar& Tpm::registrar() noexcept {
    return parts_->event_register;
}
AnchorKeeper& Tpm::anchor() noexcept {
    return parts_->anchor_counter;
}
Custody Tpm::custody() const noexcept {
    return parts_->connection.custody();
}
const std::string& Tpm::manufacturer() const noexcept {
    return parts_->manufacturer;
}

}  // namespace holdfast::hsm
