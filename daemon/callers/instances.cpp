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

// People, services and 65534 are never launched agents; see config_check.cpp.
constexpr uid_t first_launch_uid = 65'536;

bool is_launch_uid(uid_t uid) {
    return uid >= first_launch_uid;
}

// Not who changes while it is looked at: that one is measured again, and judged then.
bool is_about_code(const Error& error) {
    return error.code() == Code::denied && error.reason() != "caller_gone" &&
           error.reason() != "measurement_changed";
}

Error not_told_yet() {
    return Error(Code::unavailable, "no launcher has said yet which agents run", Retry::later)
        .because("launcher_unavailable");
}

}  // namespace

Async<Instance> Instances::recognise(const Peer& peer) {
    if (launched_.is_launched(peer.uid)) co_return co_await recognise_launched(peer);
    // Before measuring, so that strangers cost the measurer nothing.
    if (!is_declared(peer.uid)) {
        if (!launched_.complete() && is_launch_uid(peer.uid)) co_return not_told_yet();
        co_return unrecognised(peer.uid);
    }
    auto measured = co_await measurer_.measure(peer.pid, peer.pidfd.get(), peer.uid);
    if (!measured) co_return std::move(measured).error();
    co_return observed(peer, *std::move(measured));
}

Result<Instance> Instances::observed(const Peer& peer, attest::ProcessView view) const {
    HOLDFAST_CHECK(attest::still_unchanged(peer.pidfd.get(), view));
    HOLDFAST_TRY(agent, agent_of(peer.uid, view.measurement.executable.digest));
    HOLDFAST_TRY(id, crypto::random_bytes(instance_id_bytes));
    return Instance{agent, encode::hex(id), std::move(view), peer.pid_reuse_excluded};
}

Async<Instance> Instances::recognise_launched(const Peer& peer) {
    HOLDFAST_CO_TRY(before, launched_.behind(peer));
    const std::string id = before->facts.instance;
    auto measured = co_await measurer_.measure(peer.pid, peer.pidfd.get(), peer.uid);
    // It may have ended meanwhile: asked again, of the table as it is now.
    HOLDFAST_CO_TRY(entry, launched_.behind(peer));
    if (entry->facts.instance != id) co_return unrecognised(peer.uid);
    if (!measured) {
        if (is_about_code(measured.error())) on_changed_(id, measured.error());
        co_return std::move(measured).error();
    }
    auto& view = *measured;
    Done right = check_code(*entry, view, entry->facts.pid == peer.pid);
    if (right && entry->facts.signers == attest::Signers::leader) right = check_untraceable(peer);
    if (!right) {
        on_changed_(id, right.error());
        co_return right.error();
    }
    // An import adds links to the store's files, which moves their ctime.
    view.ignores_change_time = true;
    view.measurement.assurance = Assurance::launched;
    view.measurement.digest = entry->facts.manifest;
    Instance instance{entry->facts.agent, id, std::move(view), true};
    HOLDFAST_CO_CHECK(as_launched(peer, instance));
    co_return instance;
}

bool Instances::is_declared(uid_t uid) const {
    return std::any_of(agents_.begin(), agents_.end(), [&](const auto& agent) {
        return !agent.second.launch && agent.second.uid == uid;
    });
}

Result<std::string> Instances::agent_of(uid_t uid, const Sha256& executable) const {
    bool known_uid = false;
    for (const auto& [name, agent] : agents_) {
        if (agent.launch || agent.uid != uid) continue;
        if (agent.executable == executable) return name;
        known_uid = true;
    }
    if (!known_uid) return unrecognised(uid);
    return Error(Code::denied, "the executable with SHA-256 " + encode::hex(executable) +
                                   " is not declared for uid " + std::to_string(uid))
        .because("measurement_mismatch");
}

Done Instances::as_launched(const Peer& peer, const Instance& instance) const {
    const Launched::Entry* entry = launched_.find(instance.id);
    if (entry == nullptr)
        return Error(Code::denied, "instance " + instance.id + " has ended")
            .because("instance_over");
    Done in_place = check_place(*entry, peer);
    if (!in_place) {
        // Who is gone or over already changes nothing more.
        if (in_place.error().reason() == "measurement_changed")
            on_changed_(instance.id, in_place.error());
        return in_place;
    }
    // A library of its tree that it maps late is no attack: it is measured again, and judged then.
    return attest::still_unchanged(peer.pidfd.get(), instance.view);
}

Done Instances::still_same(const Peer& peer, const Instance& instance) const {
    if (instance.is_launched()) return as_launched(peer, instance);
    return attest::still_unchanged(peer.pidfd.get(), instance.view);
}

}  // namespace holdfast::daemon
