// TokenKeys: the records in keys/, and the objects in the token that they mean.
#ifndef HOLDFAST_HSM_PKCS11_TOKEN_KEYS_H
#define HOLDFAST_HSM_PKCS11_TOKEN_KEYS_H

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/key_files.h"
#include "hsm/pkcs11/key_record.h"
#include "hsm/pkcs11/session.h"

namespace holdfast::hsm::pkcs11 {

struct TokenKey {
    KeyRecord record;
    KeyDescription description;  // custody as the token says now
    // Why it cannot be used: spent, missing in the token, or another key than the record's.
    Result<KeyPair> in_token;
};

class TokenKeys {
  public:
    TokenKeys(KeyFiles& files, Session& session, std::string serial, Custody best) noexcept
        : files_(&files), session_(&session), serial_(std::move(serial)), best_(best) {}

    // Removes what a crash left half made, and ends what it left half ended.
    Done clean_up();

    Result<std::string> next_agent_id(const std::string& agent);
    Done put(const KeyRecord& record);
    Done erase(const std::string& id);

    // Refused from here on, whatever disk and token say: the object is destroyed, then the record
    // says so. Done when the object is gone, also where the disk is full; else what the token said,
    // or other_token for a key that another one has: both are finished at the next open.
    Done end(KeyRecord record);

    // What the disk says, without asking the token; also of other tokens' keys. not_found.
    Result<KeyRecord> record(std::string_view id) const;
    // not_found; denied with reason other_token. Good until the key is put, ended or erased again.
    Result<const TokenKey*> find(std::string_view id);
    // Of every record here, whatever its stage, and whichever token it means.
    Result<std::vector<std::string>> ids() const;
    bool is_own(const KeyRecord& record) const noexcept { return record.serial == serial_; }

    // hsm or software_hsm, if the token says all that a key must say for it; else unproven.
    Result<Custody> custody_of(CK_OBJECT_HANDLE private_key) const;

  private:
    Done clean_up(const std::string& id);
    Result<KeyPair> look_up(const KeyRecord& record) const;
    Result<TokenKey> load(const std::string& id) const;

    KeyFiles* files_;
    Session* session_;
    std::string serial_;
    Custody best_;
    std::set<std::string, std::less<>> ended_;  // here; a record may not have been written
    std::map<std::string, TokenKey, std::less<>> cache_;
};

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_TOKEN_KEYS_H
