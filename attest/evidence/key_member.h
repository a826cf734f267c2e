// The `key` member of evidence: the agent key described, in one form for TPMs and one for tokens.
#ifndef HOLDFAST_ATTEST_EVIDENCE_KEY_MEMBER_H
#define HOLDFAST_ATTEST_EVIDENCE_KEY_MEMBER_H

#include "core/encode/json.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::attest {

encode::Json::Object key_json(const KeyDescription& key);

// Which form it is, `backend` says; that of a TPM has none. An agent's key in a token is an action
// key with a custody that tokens can have, and has no fuse but its object.
Result<KeyDescription> key_from(const encode::Json& json);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_EVIDENCE_KEY_MEMBER_H
