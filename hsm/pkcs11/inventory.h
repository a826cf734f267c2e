// Inventory: what a PKCS#11 module and its tokens say of themselves, for operators. Loads the
// vendor's code into this process: never in one that holds anything.
#ifndef HOLDFAST_HSM_PKCS11_INVENTORY_H
#define HOLDFAST_HSM_PKCS11_INVENTORY_H

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/pkcs11/token.h"

namespace holdfast::hsm {

struct ListedMechanism {
    std::string name;  // "CKM_ECDSA"; "0x80000001" for what the standard of 2.40 does not know
    std::uint64_t smallest = 0;  // key size, as the token counts it
    std::uint64_t largest = 0;
    std::uint64_t flags = 0;  // CKF_SIGN …
};

struct ListedToken {
    std::uint64_t slot = 0;
    std::string label, manufacturer, model, serial;
    std::string uri;                 // that means exactly this token: what [pkcs11] token takes
    std::vector<std::string> flags;  // "login required", "user PIN locked" …
    std::uint64_t sessions = 0;      // open now, by this process
    std::uint64_t max_sessions = 0;  // 0 = no limit told
    std::uint64_t max_rw_sessions = 0;
    bool is_meant = false;  // by the URI that was asked for
    bool is_initialised = false;
    std::string unusable;  // why it cannot be used, for people; empty = it can
    bool wants_login = false;
    std::string no_login;  // why no PIN would be tried on it, for people; empty = one would be
    bool is_software = false;
    std::vector<KeyAlgorithm> algorithms;  // agent keys can be made for these
    std::vector<ListedMechanism> mechanisms;
};

struct Inventory {
    std::string manufacturer, description;  // of the module
    std::string version, cryptoki;          // "2.6", "2.40"
    std::uint64_t slots = 0;                // with and without a token
    std::vector<ListedToken> tokens;
};

// What Token::open would make of each token; invalid when options.token is no URI. No login, no
// session: costs no try and changes nothing. Of the PIN file only its facts are looked at: it need
// not be open to read (O_PATH).
Result<Inventory> take_inventory(const Pkcs11Options& options);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_PKCS11_INVENTORY_H
