// HostIdentity: who this host is, as its keys worker made and found it.
#ifndef HOLDFAST_DAEMON_LINK_HOST_IDENTITY_H
#define HOLDFAST_DAEMON_LINK_HOST_IDENTITY_H

#include <string>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/register.h"

namespace holdfast::daemon {

// Made by the worker before it answers anything else. One that keeps no host keys leaves ca, ledger
// and ca_certificate empty; one without a TPM leaves EK, AK and the register (absent) so.
struct HostIdentity {
    Custody custody = Custody::unproven;  // of keys made now
    std::string manufacturer;             // of chip or token
    std::string token;                    // its label and serial number, for people; empty in a TPM
    std::vector<KeyAlgorithm> algorithms;  // agent keys can be made for these
    std::vector<Bytes> ek_certificates;    // DER
    Bytes ek_public;                       // TPMT_PUBLIC
    Bytes ak_public;                       // TPMT_PUBLIC
    KeyDescription ca;
    KeyDescription ledger;
    Bytes ca_certificate;           // DER, self-signed, issued and renewed by the worker
    RegisterStatus event_register;  // at that moment
};

// Where this agent's key lives. A key in a token says it of itself; one in the TPM has the chip's,
// as long as there is a chip to say so.
inline Custody custody_of(const KeyDescription& key, const HostIdentity& identity) noexcept {
    if (key.backend == Backend::pkcs11) return key.custody;
    return identity.ak_public.empty() ? Custody::unproven : identity.custody;
}

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_HOST_IDENTITY_H
