// Chains checked against given roots: the second half of certificate.h.
#include "core/crypto/certificate.h"
#include "core/crypto/openssl.h"

namespace holdfast::crypto {
namespace {

using Store = Openssl<X509_STORE, ::X509_STORE_free>;
using StoreContext = Openssl<X509_STORE_CTX, ::X509_STORE_CTX_free>;

// A stack that points at certificates somebody else owns.
struct FreeStack {
    void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_free(stack); }
};
using BorrowedStack = std::unique_ptr<STACK_OF(X509), FreeStack>;

constexpr int max_intermediates = 8;
constexpr int security_level =
    2;  // 112 bits: RSA-2048, P-256, SHA-256 (SSL_CTX_set_security_level)

Result<std::vector<X509Object>> all_of(std::span<const Bytes> ders) {
    std::vector<X509Object> certificates;
    for (const Bytes& der : ders) {
        HOLDFAST_TRY(x509, x509_of(der));
        certificates.push_back(std::move(x509));
    }
    return certificates;
}

Result<Store> store_of(const std::vector<X509Object>& roots) {
    Store store(::X509_STORE_new());
    if (store == nullptr) return openssl_error(Code::internal, "chain: out of memory");
    for (const X509Object& root : roots)
        if (::X509_STORE_add_cert(store.get(), root.get()) != 1)
            return openssl_error(Code::invalid, "chain: root cannot be used");
    return store;
}

void apply(const ChainRules& rules, X509_STORE_CTX* context) {
    X509_VERIFY_PARAM* param = ::X509_STORE_CTX_get0_param(context);
    ::X509_VERIFY_PARAM_set_time(param, rules.now);
    ::X509_VERIFY_PARAM_set_depth(param, max_intermediates);
    ::X509_VERIFY_PARAM_set_auth_level(param, security_level);
    // The given roots are what the caller trusts, whether or not they signed themselves.
    (void)::X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
}

// RFC 5280 §6.1.4 (k): OpenSSL also takes old forms of CA (version 1, keyCertSign alone).
Done check_intermediates(X509_STORE_CTX* context) {
    constexpr int plain_ca = 1;
    const STACK_OF(X509)* chain = ::X509_STORE_CTX_get0_chain(context);
    for (int i = 1; i + 1 < sk_X509_num(chain); ++i)
        if (::X509_check_ca(sk_X509_value(chain, i)) != plain_ca)
            return Error(Code::denied, "chain: an intermediate is no CA");
    return done();
}

// RFC 5280 §4.2: a critical extension must be processed. We read URIs; whoever looks for other
// names (EK certificates) says so.
Done check_names(const X509Object& leaf, const ChainRules& rules) {
    if (rules.ignore_unknown_critical_san) return done();
    const int at = ::X509_get_ext_by_NID(leaf.get(), NID_subject_alt_name, -1);
    if (at < 0 || ::X509_EXTENSION_get_critical(::X509_get_ext(leaf.get(), at)) != 1) return done();
    HOLDFAST_TRY(certificate, parse_certificate(der_of(leaf.get(), ::i2d_X509)));
    if (certificate.other_sans == 0) return done();
    return Error(Code::denied, "chain: a critical subjectAltName is not a URI");
}

}  // namespace

Done verify_chain(ByteView leaf, std::span<const Bytes> intermediates, std::span<const Bytes> roots,
                  const ChainRules& rules) {
    HOLDFAST_TRY(subject, x509_of(leaf));
    HOLDFAST_TRY(helpers, all_of(intermediates));
    HOLDFAST_TRY(anchors, all_of(roots));
    HOLDFAST_CHECK(check_names(subject, rules));
    HOLDFAST_TRY(store, store_of(anchors));
    const BorrowedStack untrusted(sk_X509_new_null());
    const StoreContext context(::X509_STORE_CTX_new());
    bool ready = untrusted != nullptr && context != nullptr;
    for (const X509Object& helper : helpers)
        ready = ready && sk_X509_push(untrusted.get(), helper.get()) > 0;
    if (!ready ||
        ::X509_STORE_CTX_init(context.get(), store.get(), subject.get(), untrusted.get()) != 1)
        return openssl_error(Code::internal, "chain: out of memory");
    apply(rules, context.get());
    const bool verified = ::X509_verify_cert(context.get()) == 1;
    ::ERR_clear_error();
    if (!verified)
        return Error(Code::denied,
                     std::string("chain: ") + ::X509_verify_cert_error_string(
                                                  ::X509_STORE_CTX_get_error(context.get())));
    return check_intermediates(context.get());
}

}  // namespace holdfast::crypto
