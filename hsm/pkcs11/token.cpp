#include "hsm/pkcs11/token.h"

#include <utility>

#include "hsm/key_files.h"
#include "hsm/pkcs11/choice.h"
#include "hsm/pkcs11/error.h"
#include "hsm/pkcs11/libp11_keys.h"
#include "hsm/pkcs11/login.h"
#include "hsm/pkcs11/mechanisms.h"
#include "hsm/pkcs11/module.h"
#include "hsm/pkcs11/pkcs11_key_store.h"
#include "hsm/pkcs11/session.h"
#include "hsm/pkcs11/token_keys.h"

namespace holdfast::hsm {
namespace {

using pkcs11::TokenFacts;

Result<Custody> custody_in(const pkcs11::Module& module, const TokenFacts& token, bool allowed) {
    HOLDFAST_TRY(library, module.library());
    if (!pkcs11::is_software(token.names, library)) return Custody::hsm;
    if (allowed) return Custody::software_hsm;
    return Error(Code::denied, "token " + pkcs11::text_of(token.names) +
                                   " is software; keys in it need pkcs11.software = allow, and "
                                   "are labelled software-hsm")
        .because("software_token");
}

}  // namespace

// Members refer to those before them and never move; they end in reverse order.
struct Token::Parts {
    Parts(std::unique_ptr<pkcs11::Module> loaded, pkcs11::Session opened, KeyFiles keys_dir,
          TokenFacts token, pkcs11::Pkcs11KeyStore::About about)
        : module(std::move(loaded)),
          session(std::move(opened)),
          files(std::move(keys_dir)),
          facts(std::move(token)),
          libp11(*module, session),
          keys(files, session, facts.names.serial, about.custody),
          store(session, keys, libp11, std::move(about)) {}

    std::unique_ptr<pkcs11::Module> module;
    pkcs11::Session session;
    KeyFiles files;
    TokenFacts facts;
    pkcs11::Libp11Keys libp11;
    pkcs11::TokenKeys keys;
    pkcs11::Pkcs11KeyStore store;
};

Token::Token(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Token::~Token() = default;

Result<std::unique_ptr<Token>> Token::open(const Pkcs11Options& options) {
    HOLDFAST_TRY(files, KeyFiles::open(options.keys_dir));
    HOLDFAST_TRY(module, pkcs11::Module::load(options.module));
    HOLDFAST_TRY(token, pkcs11::find_token(*module, options.token));
    HOLDFAST_CHECK(pkcs11::check_usable(token));
    HOLDFAST_TRY(custody, custody_in(*module, token, options.software_allowed));
    HOLDFAST_TRY(mechanisms, pkcs11::mechanisms_of(*module, token.slot));
    HOLDFAST_TRY(session, pkcs11::Session::open(*module, token.slot));
    HOLDFAST_CHECK(pkcs11::log_in(session, token, options.pin_descriptor, files));
    pkcs11::Pkcs11KeyStore::About about{.serial = token.names.serial,
                                        .custody = custody,
                                        .algorithms = pkcs11::algorithms_of(mechanisms)};
    auto parts = std::make_unique<Parts>(std::move(module), std::move(session), std::move(files),
                                         std::move(token), std::move(about));
    HOLDFAST_CHECK(parts->keys.clean_up());
    return std::make_unique<Token>(std::move(parts));
}

KeyStore& Token::keys() noexcept {
    return parts_->store;
}
Custody Token::custody() const noexcept {
    return parts_->store.custody();
}
const std::string& Token::label() const noexcept {
    return parts_->facts.names.label;
}
const std::string& Token::serial() const noexcept {
    return parts_->facts.names.serial;
}
const std::string& Token::manufacturer() const noexcept {
    return parts_->facts.names.manufacturer;
}

Done Token::check_is_meant(std::string_view uri) const {
    HOLDFAST_TRY(meant, pkcs11::parse_token_uri(uri));
    if (pkcs11::means(meant, parts_->facts.names)) return done();
    return Error(Code::conflict, std::string(uri) + " is not this host's token, which is " +
                                     pkcs11::text_of(parts_->facts.names))
        .because(std::string(pkcs11::other_token));
}

}  // namespace holdfast::hsm
