#include "daemon/callers/instances.h"

#include <algorithm>

#include "core/crypto/digest.h"
#include "core/encode/base64.h"

namespace holdfast::daemon {
namespace {

constexpr std::size_t instance_id_bytes = 16;

Error unrecognised(uid_t uid) {
    return Error(Code::denied, "no agent is declared for uid " + std::to_string(uid))
        .because("unrecognised_caller");
}

}  // namespace

Async<Instance> Instances::recognise(const Peer& peer) {
    // Before measuring, so that strangers cost the measurer nothing.
    if (!is_declared(peer.uid)) co_return unrecognised(peer.uid);

    auto measured = co_await measurer_.measure(peer.pid, peer.pidfd.get(), peer.uid);
    if (!measured) co_return std::move(measured).error();
    auto& view = *measured;
    HOLDFAST_CO_CHECK(attest::still_unchanged(peer.pidfd.get(), view));
    HOLDFAST_CO_TRY(agent, agent_of(peer.uid, view.measurement.executable.digest));
    HOLDFAST_CO_TRY(id, crypto::random_bytes(instance_id_bytes));
    co_return Instance{agent, encode::hex(id), std::move(view), peer.pid_reuse_excluded};
}

bool Instances::is_declared(uid_t uid) const {
    return std::any_of(agents_.begin(), agents_.end(),
                       [&](const auto& agent) { return agent.second.uid == uid; });
}

Result<std::string> Instances::agent_of(uid_t uid, const Sha256& executable) const {
    bool known_uid = false;
    for (const auto& [name, agent] : agents_) {
        if (agent.uid != uid) continue;
        if (agent.executable == executable) return name;
        known_uid = true;
    }
    if (!known_uid) return unrecognised(uid);
    return Error(Code::denied, "the executable with SHA-256 " + encode::hex(executable) +
                                   " is not declared for uid " + std::to_string(uid))
        .because("measurement_mismatch");
}

Done Instances::still_same(const Peer& peer, const Instance& instance) const {
    return attest::still_unchanged(peer.pidfd.get(), instance.view);
}

}  // namespace holdfast::daemon
