// TokenKeys: the records in keys/, and the objects in the token that they mean.
#ifndef HOLDFAST_HSM_PKCS11_TOKEN_KEYS_H
#define HOLDFAST_HSM_PKCS11_TOKEN_KEYS_H

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/key_files.h"
#include "hsm/pkcs11/key_record.h"
#include "hsm/pkcs11/libp11_keys.h"
#include "hsm/pkcs11/session.h"

namespace holdfast::hsm::pkcs11 {

// What a ready key's record means in the token, found once and kept.
struct KeyInToken {
    KeyPair pair;
    EvpKey evp;  // null where libp11 does not sign
};

struct TokenKey {
    KeyRecord record;
    KeyDescription description;  // custody as the token says now
    // Why it cannot be used: spent, missing in the token, or another key than the record's.
    Result<KeyInToken> in_token;
};

class TokenKeys {
  public:
    TokenKeys(KeyFiles& files, Session& session, Libp11Keys& libp11, std::string serial,
              Custody best) noexcept
        : files_(&files),
          session_(&session),
          libp11_(&libp11),
          serial_(std::move(serial)),
          best_(best) {}

    // Removes what a crash left half made, and ends what it left half ended.
    Done clean_up();

    Result<std::string> next_agent_id(const std::string& agent);
    Done put(const KeyRecord& record);
    Done erase(const std::string& id);

    // not_found; denied with reason other_token. Good until the key is put or erased again.
    Result<const TokenKey*> find(std::string_view id);
    // Of this token's keys; those of other tokens are left out.
    Result<std::vector<std::string>> ids();

    // hsm or software_hsm, if the token says all that a key must say for it; else unproven.
    Result<Custody> custody_of(CK_OBJECT_HANDLE private_key) const;

  private:
    Result<KeyRecord> read(const std::string& id) const;
    Done clean_up(const std::string& id);
    Result<KeyInToken> look_up(const KeyRecord& record);
    Result<TokenKey> load(const std::string& id);

    KeyFiles* files_;
    Session* session_;
    Libp11Keys* libp11_;
    std::string serial_;
    Custody best_;
    std::map<std::string, TokenKey, std::less<>> cache_;
};

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_TOKEN_KEYS_H
