// The one challenge that every statement of a piece of evidence carries as qualifyingData.
#ifndef HOLDFAST_ATTEST_EVIDENCE_CHALLENGE_H
#define HOLDFAST_ATTEST_EVIDENCE_CHALLENGE_H

#include <string>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/evidence.h"
#include "holdfast/result.h"

namespace holdfast::attest {

struct Challenge {
    Bytes nonce;                    // the verifier's, 16–64 bytes
    std::string verifier;           // its id
    Bytes key_name;                 // of the agent key, see key_name_of
    std::vector<Bytes> credential;  // DER chain, leaf first; digest of the leaf is bound
    LedgerHead ledger_head;
    std::uint64_t register_events = 0;  // in the register's log, the anchor included
};

// SHA-256 over length-prefixed fields (4-byte big-endian lengths): "holdfast-challenge-v2", nonce,
// verifier, key name, SHA-256 of the leaf certificate (empty without one), ledger size (8 bytes
// big-endian), ledger root, register events (8 bytes). docs/verifying.md gives the layout.
Result<Sha256> challenge_digest(const Challenge& challenge);

// What evidence and the register call a key: its TPM Name, 34 bytes or more; outside a TPM the
// SHA-256 of its SubjectPublicKeyInfo, 32 bytes, so that neither can be taken for the other.
Bytes key_name_of(const KeyDescription& key);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_EVIDENCE_CHALLENGE_H
