#include "hsm/pkcs11/libp11_keys.h"

#include <libp11.h>
#include <openssl/err.h>

#include <algorithm>

#include "hsm/pkcs11/error.h"
#include "hsm/pkcs11/libp11_error.h"

namespace holdfast::hsm::pkcs11 {
namespace {

using DigestContext = Owned<EVP_MD_CTX, ::EVP_MD_CTX_free>;

bool has_id(const PKCS11_KEY& key, ByteView cka_id) {
    return std::equal(cka_id.begin(), cka_id.end(), key.id, key.id + key.id_len);
}

}  // namespace

// libp11 waits for ever for a session where the token has none left.
Done Libp11Keys::check_room() const {
    HOLDFAST_TRY(facts, module_->token_in(session_->slot()));
    if (facts.max_sessions != 0 && facts.sessions >= facts.max_sessions)
        return Error(Code::busy, "the token has no session left for libp11", Retry::later)
            .because(std::string(token_busy));
    return done();
}

Result<EVP_PKEY*> Libp11Keys::find(ByteView cka_id) {
    const auto known = found_.find(bytes_of(cka_id));
    if (known != found_.end()) return known->second.get();
    HOLDFAST_TRY(key, look_for(cka_id));
    return found_.emplace(bytes_of(cka_id), std::move(key)).first->second.get();
}

Result<EvpKey> Libp11Keys::look_for(ByteView cka_id) {
    HOLDFAST_CHECK(session_->check_alive());
    if (!has_session_) HOLDFAST_CHECK(check_room());
    HOLDFAST_TRY(token, module_->for_libp11(session_->slot()));
    PKCS11_KEY* keys = nullptr;
    unsigned int count = 0;
    const bool is_told = ::PKCS11_enumerate_keys(token, &keys, &count) == 0;
    has_session_ = true;
    if (!is_told) {
        ::ERR_clear_error();
        // Either it lost the token, or it met a key it does not know.
        HOLDFAST_CHECK(session_->check_alive());
        return EvpKey();
    }
    PKCS11_KEY* const end = keys + count;
    PKCS11_KEY* const found =
        std::find_if(keys, end, [cka_id](const PKCS11_KEY& key) { return has_id(key, cka_id); });
    if (found == end) return EvpKey();
    EvpKey key(::PKCS11_get_private_key(found));
    if (!key) return libp11_error("PKCS11_get_private_key");
    return key;
}

Result<Bytes> evp_sign(EVP_PKEY* key, const EVP_MD* hash, ByteView message) {
    const DigestContext context(::EVP_MD_CTX_new());
    if (!context || ::EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, key) != 1)
        return libp11_error("EVP_DigestSignInit");
    Bytes signature(static_cast<std::size_t>(::EVP_PKEY_get_size(key)));
    std::size_t size = signature.size();
    if (::EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) !=
        1)
        return libp11_error("EVP_DigestSign");
    signature.resize(size);
    return signature;
}

}  // namespace holdfast::hsm::pkcs11
