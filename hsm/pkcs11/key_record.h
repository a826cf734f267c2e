// keys/<id>.token.json: what is known of a key in a token without asking the token.
#ifndef HOLDFAST_HSM_PKCS11_KEY_RECORD_H
#define HOLDFAST_HSM_PKCS11_KEY_RECORD_H

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::hsm::pkcs11 {

inline constexpr std::size_t cka_id_size = 20;

enum class Stage : std::uint8_t {
    making = 1,  // on disk before the token is asked: undone at the next open
    ready = 2,
    spent = 3,  // ended: the object is destroyed, at the next open at the latest
};

struct KeyRecord {
    std::string id;
    std::string agent;  // empty for the host's own keys
    Purpose purpose = Purpose::action;
    KeyAlgorithm algorithm = KeyAlgorithm::es256;
    Stage stage = Stage::making;
    std::string serial;                   // of the token that has it
    Bytes cka_id;                         // random: by this it is found there
    Bytes spki;                           // empty while it is being made
    Custody custody = Custody::unproven;  // as found when it was made
};
std::string to_text(const KeyRecord& record);
// Exactly what to_text writes; anything else is invalid.
Result<KeyRecord> key_record_from(const std::string& id, std::string_view text);

KeyDescription describe(const KeyRecord& record);

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_KEY_RECORD_H
