// Key descriptions with every member set, for what only carries them.
#ifndef HOLDFAST_TESTS_SUPPORT_KEY_SAMPLES_H
#define HOLDFAST_TESTS_SUPPORT_KEY_SAMPLES_H

#include <string>

#include "daemon/link/create_request.h"
#include "holdfast/custody.h"

namespace holdfast::tests {

inline KeyDescription a_key() {
    KeyDescription key;
    key.id = "agent-deploy-bot-1";
    key.agent = "deploy-bot";
    key.purpose = Purpose::action;
    key.backend = Backend::pkcs11;
    key.algorithm = KeyAlgorithm::es384;
    key.custody = Custody::hsm;
    key.token = "0123";
    key.spki = Bytes(91, 1);
    key.tpm_public = Bytes(86, 2);
    key.name = Bytes(34, 3);
    key.agent_fuse = {FuseKind::counter, 0x1800101, 7, Bytes(46, 4)};
    key.host_fuse = {FuseKind::counter, 0x1800100, ~0ULL, Bytes(46, 5)};
    return key;
}

inline bool same(const Fuse& a, const Fuse& b) {
    return a.kind == b.kind && a.nv_index == b.nv_index && a.value == b.value &&
           a.nv_public == b.nv_public;
}

inline bool same(const KeyDescription& a, const KeyDescription& b) {
    return a.id == b.id && a.agent == b.agent && a.purpose == b.purpose && a.backend == b.backend &&
           a.algorithm == b.algorithm && a.custody == b.custody && a.token == b.token &&
           a.spki == b.spki && a.tpm_public == b.tpm_public && a.name == b.name &&
           same(a.agent_fuse, b.agent_fuse) && same(a.host_fuse, b.host_fuse);
}

// What `apply` asks for when an agent file says nothing of its key.
inline daemon::CreateRequest plain_key_of(std::string agent) {
    return {std::move(agent), Backend::tpm, KeyAlgorithm::es256, ""};
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_KEY_SAMPLES_H
