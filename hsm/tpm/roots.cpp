#include "hsm/tpm/roots.h"

#include <optional>
#include <string>

#include "core/encode/base64.h"
#include "core/tpm2/structures.h"
#include "hsm/tpm/commands.h"
#include "hsm/tpm/marshal.h"
#include "hsm/tpm/templates.h"

namespace holdfast::hsm {
namespace {

constexpr const char* pin_file = "srk.name";
constexpr const char* ak_id = "ak";

// Of the SRK, a Name is all we compare.
Result<Bytes> name_of(Connection& tpm, ESYS_TR object) {
    Owned<TPM2B_NAME, ::Esys_Free> name;
    HOLDFAST_CHECK(check("Esys_TR_GetName", ::Esys_TR_GetName(tpm.esys(), object, out(name))));
    const auto* start = static_cast<const std::uint8_t*>(name->name);
    return Bytes(start, start + name->size);
}

Result<std::optional<Bytes>> pinned(const KeyFiles& files) {
    auto text = files.read(pin_file);
    if (!text && text.error().code() == Code::not_found) return std::optional<Bytes>();
    if (!text) return std::move(text).error();
    HOLDFAST_TRY(name, encode::from_hex(*text));
    return std::optional<Bytes>(std::move(name));
}

Done check_pin(const std::optional<Bytes>& pin, const Bytes& name) {
    if (!pin || *pin == name) return done();
    return Error(Code::denied, "keys/ belongs to another TPM: it was made under storage root key " +
                                   encode::hex(*pin) + ", this TPM has " + encode::hex(name) +
                                   " (another machine's state directory, or the TPM was cleared)")
        .because(std::string(other_tpm));
}

Result<Lasting> find_srk(Connection& tpm) {
    HOLDFAST_TRY(srk, lasting(tpm, srk_handle));
    HOLDFAST_TRY(area, read_public_area(tpm, srk.handle()));
    if (!fits_srk(area))
        return Error(Code::denied,
                     "the key at 0x81000001 is not a storage root key: it must be fixedTPM, "
                     "fixedParent, restricted and for decryption");
    return srk;
}

// Made again from its template it has the same Name, so an evicted SRK comes back as itself.
Result<Lasting> make_srk(Connection& tpm, const std::optional<Bytes>& pin) {
    HOLDFAST_TRY(primary, create_primary(tpm, ESYS_TR_RH_OWNER, srk_template()));
    HOLDFAST_TRY(name, name_of(tpm, primary.handle()));
    HOLDFAST_CHECK(check_pin(pin, name));
    return make_persistent(tpm, primary.handle(), srk_handle);
}

}  // namespace

Result<Roots> Roots::open(Connection& tpm, KeyFiles& files, LoadedKeys& loaded) {
    HOLDFAST_TRY(pin, pinned(files));
    auto srk = find_srk(tpm);
    if (!srk && is(srk.error(), gone)) srk = make_srk(tpm, pin);
    if (!srk) return std::move(srk).error();
    HOLDFAST_TRY(name, name_of(tpm, srk->handle()));
    HOLDFAST_CHECK(check_pin(pin, name));
    if (!pin) HOLDFAST_CHECK(files.write(pin_file, encode::hex(name)));
    Roots roots(tpm, loaded, *std::move(srk), std::move(name));
    HOLDFAST_TRY(ak, roots.use_ak());
    HOLDFAST_TRY(ak_area, read_public_area(tpm, ak));
    HOLDFAST_TRY(ak_public, marshalled<::Tss2_MU_TPMT_PUBLIC_Marshal>(ak_area));
    roots.ak_public_ = std::move(ak_public);
    return roots;
}

Result<ESYS_TR> Roots::use_ak() {
    return loaded_->use(
        ak_id, [this] { return create_primary(*tpm_, ESYS_TR_RH_ENDORSEMENT, ak_template()); });
}

}  // namespace holdfast::hsm
