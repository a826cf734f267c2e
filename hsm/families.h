// Which bytes a key of which purpose may sign: the keys worker's own judgement, before any hashing.
#ifndef HOLDFAST_HSM_FAMILIES_H
#define HOLDFAST_HSM_FAMILIES_H

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::hsm {

struct FamilyRules {
    std::string trust_domain;
    bool has_tpm;                       // the host, by its settings
    std::function<std::int64_t()> now;  // Unix seconds, the worker's own clock
    // Is this SubjectPublicKeyInfo a registered, unblown key of this agent?
    std::function<Done(std::string_view agent, ByteView spki)> is_live_agent_key;
    // Is it that of anybody's?
    std::function<Result<bool>(ByteView spki)> is_live_key;
};

// action: JWS signing input, typ holdfast-action+jwt or, outside a TPM, holdfast-possession+jwt;
// payload.agent = that key's agent, alg and kid = that key's; outside a TPM payload.custody too,
// and a possession names an AK exactly if the host has a TPM. certificate: TBSCertificate within
// core/crypto/svid's profile, subject = a live agent key or self, issued under this CA key, valid
// now and not only later; or what hsm/ca_families.h says. checkpoint: C2SP checkpoint text whose
// origin line is "<trust domain>/ledger". attest: nothing: only the TPM itself makes what the AK
// signs.
Done check_family(const KeyDescription& key, ByteView preimage, const FamilyRules& rules);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_FAMILIES_H
