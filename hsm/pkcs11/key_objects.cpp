#include "hsm/pkcs11/key_objects.h"

#include <array>
#include <utility>

#include "hsm/pkcs11/error.h"
#include "hsm/pkcs11/mechanisms.h"

namespace holdfast::hsm::pkcs11 {
namespace {

// More than one of each half is wrong already.
constexpr std::size_t max_with_one_id = 16;

// From the strictest on: tokens differ in what they take at birth, never in what they are asked to
// be (sensitive, not extractable, signing).
enum class Strictness : std::uint8_t { frozen, sign_only, plain };
constexpr std::array strictness = {Strictness::frozen, Strictness::sign_only, Strictness::plain};

Template common_of(ByteView cka_id, const std::string& label, Strictness how) {
    Template half;
    half.flag(CKA_TOKEN, true).bytes(CKA_ID, cka_id).text(CKA_LABEL, label);
    if (how == Strictness::frozen) half.flag(CKA_MODIFIABLE, false).flag(CKA_COPYABLE, false);
    return half;
}

Template private_half(Template half, Strictness how) {
    half.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, false);
    half.flag(CKA_SIGN, true);
    if (how == Strictness::plain) return half;
    half.flag(CKA_DERIVE, false).flag(CKA_UNWRAP, false).flag(CKA_DECRYPT, false);
    // SoftHSM gives this right to every key, if it is not told otherwise.
    half.flag(CKA_SIGN_RECOVER, false);
    return half;
}

// Curves by their OID (RFC 5480, RFC 8410), except where a token knows Ed25519 by its name alone
// (PKCS#11 v3.0, 2.3.5: either).
constexpr std::array<std::uint8_t, 10> p256 = {0x06, 0x08, 0x2A, 0x86, 0x48,
                                               0xCE, 0x3D, 0x03, 0x01, 0x07};
constexpr std::array<std::uint8_t, 7> p384 = {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22};
constexpr std::array<std::uint8_t, 5> ed25519 = {0x06, 0x03, 0x2B, 0x65, 0x70};
constexpr std::string_view ed25519_by_name =
    "\x13\x0C"
    "edwards25519";
constexpr std::array<std::uint8_t, 3> exponent = {0x01, 0x00, 0x01};

std::vector<ByteView> parameters_of(KeyAlgorithm algorithm) {
    if (algorithm == KeyAlgorithm::es256) return {p256};
    if (algorithm == KeyAlgorithm::es384) return {p384};
    if (algorithm == KeyAlgorithm::ed25519) return {ed25519, view_of(ed25519_by_name)};
    return {ByteView()};
}

Template public_half(Template half, const Wanted& wanted, ByteView parameters, Strictness how) {
    half.flag(CKA_PRIVATE, false).flag(CKA_VERIFY, true);
    if (how != Strictness::plain) {
        half.flag(CKA_ENCRYPT, false).flag(CKA_WRAP, false);
        if (wanted.key_type == CKK_RSA) half.flag(CKA_VERIFY_RECOVER, false);
    }
    if (wanted.key_type != CKK_RSA) return std::move(half.bytes(CKA_EC_PARAMS, parameters));
    half.number(CKA_MODULUS_BITS, wanted.bits).bytes(CKA_PUBLIC_EXPONENT, exponent);
    return half;
}

// Of its answers those that another template may avoid.
bool is_about_the_template(const Error& error) {
    return error.code() == Code::internal || is(error, algorithm_unavailable) ||
           is(error, token_forbids);
}

Done destroy_each(Session& session, const std::vector<CK_OBJECT_HANDLE>& objects) {
    for (const CK_OBJECT_HANDLE object : objects)
        HOLDFAST_CHECK(session.destroy(object));
    return done();
}

Result<CK_OBJECT_HANDLE> find_half(const Session& session, CK_OBJECT_CLASS half, ByteView cka_id,
                                   const char* name) {
    HOLDFAST_TRY(found, session.find(half_with_id(half, cka_id), 2));
    if (found.empty())
        return Error(Code::denied,
                     std::string("the token does not have its ") + name + " key any more")
            .because(std::string(key_missing));
    if (found.size() > 1)
        return Error(Code::denied,
                     std::string("the token has more than one ") + name + " key with its id")
            .because("token_key_ambiguous");
    return found.front();
}

}  // namespace

Result<KeyPair> generate_pair(Session& session, KeyAlgorithm algorithm, ByteView cka_id,
                              const std::string& label) {
    const Wanted& wanted = wanted_for(algorithm);
    auto made = Result<KeyPair>(Error(Code::internal, "generate"));
    for (const ByteView parameters : parameters_of(algorithm))
        for (const Strictness how : strictness) {
            Template common = common_of(cka_id, label, how);
            made = session.generate(wanted.generate, public_half(common, wanted, parameters, how),
                                    private_half(common, how));
            if (made || !is_about_the_template(made.error())) return made;
        }
    return made;
}

Result<KeyPair> find_pair(const Session& session, ByteView cka_id) {
    HOLDFAST_TRY(private_key, find_half(session, CKO_PRIVATE_KEY, cka_id, "private"));
    HOLDFAST_TRY(public_key, find_half(session, CKO_PUBLIC_KEY, cka_id, "public"));
    return KeyPair{.public_key = public_key, .private_key = private_key};
}

Result<bool> was_always_inside(const Session& session, CK_OBJECT_HANDLE private_key) {
    struct Claim {
        CK_ATTRIBUTE_TYPE attribute;
        bool value;
    };
    constexpr std::array claims = {Claim{CKA_SENSITIVE, true}, Claim{CKA_EXTRACTABLE, false},
                                   Claim{CKA_ALWAYS_SENSITIVE, true},
                                   Claim{CKA_NEVER_EXTRACTABLE, true}, Claim{CKA_LOCAL, true}};
    for (const Claim& claim : claims) {
        HOLDFAST_TRY(said, session.read_flag(private_key, claim.attribute));
        if (said != claim.value) return false;
    }
    return true;
}

Done destroy_all(Session& session, ByteView cka_id) {
    // The private half first: it is the one that must be gone.
    HOLDFAST_TRY(halves, session.find(half_with_id(CKO_PRIVATE_KEY, cka_id), max_with_one_id));
    HOLDFAST_CHECK(destroy_each(session, halves));
    HOLDFAST_TRY(others, session.find(with_id(cka_id), max_with_one_id));
    HOLDFAST_CHECK(destroy_each(session, others));
    HOLDFAST_TRY(left, session.find(with_id(cka_id), 1));
    if (!left.empty())
        return Error(Code::unavailable, "the token says it destroyed the key, and still has it",
                     Retry::later);
    return done();
}

}  // namespace holdfast::hsm::pkcs11
