#include "hsm/pkcs11/inventory.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <utility>

#include "hsm/pkcs11/choice.h"
#include "hsm/pkcs11/error.h"
#include "hsm/pkcs11/login.h"
#include "hsm/pkcs11/mechanisms.h"
#include "hsm/pkcs11/module.h"

namespace holdfast::hsm {
namespace {

struct NamedFlag {
    CK_FLAGS flag;
    const char* name;
};
constexpr std::array flag_names = {
    NamedFlag{CKF_TOKEN_INITIALIZED, "initialised"},
    NamedFlag{CKF_LOGIN_REQUIRED, "login required"},
    NamedFlag{CKF_WRITE_PROTECTED, "write protected"},
    NamedFlag{CKF_PROTECTED_AUTHENTICATION_PATH, "PIN pad"},
    NamedFlag{CKF_USER_PIN_INITIALIZED, "user PIN set"},
    NamedFlag{CKF_USER_PIN_COUNT_LOW, "user PIN was refused lately"},
    NamedFlag{CKF_USER_PIN_FINAL_TRY, "one try left for the user PIN"},
    NamedFlag{CKF_USER_PIN_LOCKED, "user PIN locked"},
    NamedFlag{CKF_USER_PIN_TO_BE_CHANGED, "user PIN to be changed"},
};

struct NamedMechanism {
    CK_MECHANISM_TYPE type;
    const char* name;
};
// Those that keys of ours are made or sign with; others are listed by number.
constexpr std::array mechanism_names = {
    NamedMechanism{CKM_EC_KEY_PAIR_GEN, "CKM_EC_KEY_PAIR_GEN"},
    NamedMechanism{CKM_ECDSA, "CKM_ECDSA"},
    NamedMechanism{CKM_EC_EDWARDS_KEY_PAIR_GEN, "CKM_EC_EDWARDS_KEY_PAIR_GEN"},
    NamedMechanism{CKM_EDDSA, "CKM_EDDSA"},
    NamedMechanism{CKM_RSA_PKCS_KEY_PAIR_GEN, "CKM_RSA_PKCS_KEY_PAIR_GEN"},
    NamedMechanism{CKM_RSA_PKCS, "CKM_RSA_PKCS"},
    NamedMechanism{CKM_RSA_PKCS_PSS, "CKM_RSA_PKCS_PSS"},
};

std::string name_of(CK_MECHANISM_TYPE type) {
    for (const NamedMechanism& row : mechanism_names)
        if (row.type == type) return row.name;
    std::array<char, 24> number{};
    (void)std::snprintf(number.data(), number.size(), "0x%08lx", type);
    return number.data();
}

std::string text_of(const CK_VERSION& version) {
    return std::to_string(version.major) + "." + std::to_string(version.minor);
}

ListedMechanism listed(const pkcs11::Mechanism& mechanism) {
    return {.name = name_of(mechanism.type),
            .smallest = mechanism.info.ulMinKeySize,
            .largest = mechanism.info.ulMaxKeySize,
            .flags = mechanism.info.flags};
}

// As log_in, but for the try itself.
Done check_login(const pkcs11::TokenFacts& token, const Pkcs11Options& options) {
    HOLDFAST_CHECK(pkcs11::check_pin_flags(token));
    const bool has_keys = ::access(options.keys_dir.c_str(), F_OK) == 0;  // opening would make it
    if (options.pin_descriptor < 0 || !has_keys) return done();
    HOLDFAST_TRY(files, KeyFiles::open(options.keys_dir));
    HOLDFAST_TRY(file, pkcs11::pin_file_identity(options.pin_descriptor));
    return pkcs11::check_untried(token, file, files);
}

Result<ListedToken> list_token(const pkcs11::Module& module, const pkcs11::TokenFacts& facts,
                               const pkcs11::LibraryNames& library, const Pkcs11Options& options) {
    ListedToken token;
    token.slot = facts.slot;
    token.label = facts.names.label;
    token.manufacturer = facts.names.manufacturer;
    token.model = facts.names.model;
    token.serial = facts.names.serial;
    token.uri = pkcs11::uri_of(facts.names);
    token.sessions = facts.sessions;
    token.max_sessions = facts.max_sessions;
    token.max_rw_sessions = facts.max_rw_sessions;
    token.is_initialised = (facts.flags & CKF_TOKEN_INITIALIZED) != 0;
    const auto usable = pkcs11::check_usable(facts);
    if (!usable) token.unusable = usable.error().text();
    token.wants_login = (facts.flags & CKF_LOGIN_REQUIRED) != 0;
    const auto would_log_in = check_login(facts, options);
    if (token.wants_login && !would_log_in) token.no_login = would_log_in.error().text();
    token.is_software = pkcs11::is_software(facts.names, library);
    for (const NamedFlag& row : flag_names)
        if ((facts.flags & row.flag) != 0) token.flags.emplace_back(row.name);
    HOLDFAST_TRY(mechanisms, pkcs11::mechanisms_of(module, facts.slot));
    token.algorithms = pkcs11::algorithms_of(mechanisms);
    for (const pkcs11::Mechanism& mechanism : mechanisms)
        token.mechanisms.push_back(listed(mechanism));
    return token;
}

}  // namespace

Result<Inventory> take_inventory(const Pkcs11Options& options) {
    HOLDFAST_TRY(uri, pkcs11::parse_token_uri(options.token));
    HOLDFAST_TRY(module, pkcs11::Module::load(options.module));
    CK_INFO info{};
    HOLDFAST_CHECK(pkcs11::check("C_GetInfo", module->calls().C_GetInfo(&info)));
    HOLDFAST_TRY(library, module->library());
    HOLDFAST_TRY(slots, module->slots());
    HOLDFAST_TRY(tokens, module->tokens());
    Inventory inventory;
    inventory.manufacturer = library.manufacturer;
    inventory.description = library.description;
    inventory.version = text_of(info.libraryVersion);
    inventory.cryptoki = text_of(info.cryptokiVersion);
    inventory.slots = slots.size();
    for (const pkcs11::TokenFacts& facts : tokens) {
        HOLDFAST_TRY(token, list_token(*module, facts, library, options));
        token.is_meant = pkcs11::is_meant(uri, facts);
        inventory.tokens.push_back(std::move(token));
    }
    return inventory;
}

}  // namespace holdfast::hsm
