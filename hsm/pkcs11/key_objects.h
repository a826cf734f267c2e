// Key objects: making a key pair in a token, finding it again, and what the token says of it.
#ifndef HOLDFAST_HSM_PKCS11_KEY_OBJECTS_H
#define HOLDFAST_HSM_PKCS11_KEY_OBJECTS_H

#include <string>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/pkcs11/session.h"

namespace holdfast::hsm::pkcs11 {

// A pair that can sign and nothing else, and never leaves. CKA_MODIFIABLE and CKA_COPYABLE are
// false where the token takes that: a copy would outlive the key's end.
Result<KeyPair> generate_pair(Session& session, KeyAlgorithm algorithm, ByteView cka_id,
                              const std::string& label);

// Exactly one private and one public key with this id. denied with reason key_missing when a half
// is not there, token_key_ambiguous when there are more.
Result<KeyPair> find_pair(const Session& session, ByteView cka_id);

// The public half as SubjectPublicKeyInfo; denied when it is not one for that algorithm.
Result<Bytes> spki_of(const Session& session, CK_OBJECT_HANDLE public_key, KeyAlgorithm algorithm);

// Do SENSITIVE, ALWAYS_SENSITIVE, NEVER_EXTRACTABLE and LOCAL read true, and EXTRACTABLE false?
// What the token does not say counts as no.
Result<bool> was_always_inside(const Session& session, CK_OBJECT_HANDLE private_key);

// Whatever has this id. Done when nothing has it any more.
Done destroy_all(Session& session, ByteView cka_id);

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_KEY_OBJECTS_H
