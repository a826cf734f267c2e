// Launches on the wire: orders to the launcher, instances and notices back.
#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "daemon/link/launched.h"
#include "daemon/link/payload.h"

namespace holdfast::daemon {
namespace {

using payload::get_sha256;

constexpr std::size_t descriptors_of_instance = 3;

Error malformed(const char* what) {
    return Error(Code::invalid, std::string("link: malformed launch: ") + what);
}

Result<std::string> get_instance_id(PayloadReader& in) {
    HOLDFAST_TRY(id, in.text());
    const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
    // It becomes the name of a cgroup.
    if (id.empty() || id.size() > max_instance_id || !plain) return malformed("instance");
    return id;
}

Result<bool> get_bool(PayloadReader& in) {
    HOLDFAST_TRY(value, in.u8());
    if (value > 1) return malformed("flag");
    return value == 1;
}

Done get_digests(PayloadReader& in, LaunchedInstance& instance) {
    for (Sha256* digest : {&instance.manifest, &instance.tree, &instance.arguments_environment,
                           &instance.sandbox, &instance.entrypoint}) {
        HOLDFAST_TRY(value, get_sha256(in));
        *digest = value;
    }
    return done();
}

Done get_identity(PayloadReader& in, LaunchedInstance& instance) {
    HOLDFAST_TRY(agent, in.text());
    instance.agent = std::move(agent);
    HOLDFAST_TRY(id, get_instance_id(in));
    instance.instance = std::move(id);
    HOLDFAST_TRY(version, in.u64());
    if (version > static_cast<std::uint64_t>(attest::max_manifest_version))
        return malformed("version");
    instance.version = static_cast<std::int64_t>(version);
    HOLDFAST_TRY(signers, in.u8());
    if (signers != static_cast<std::uint8_t>(attest::Signers::leader) &&
        signers != static_cast<std::uint8_t>(attest::Signers::tree))
        return malformed("signers");
    instance.signers = static_cast<attest::Signers>(signers);
    HOLDFAST_TRY(kill_on_change, get_bool(in));
    instance.kill_on_change = kill_on_change;
    HOLDFAST_TRY(running, get_bool(in));
    instance.running = running;
    return done();
}

Done get_place(PayloadReader& in, LaunchedInstance& instance) {
    HOLDFAST_TRY(pid, in.u32());
    HOLDFAST_TRY(uid, in.u32());
    instance.pid = static_cast<pid_t>(pid);
    if (instance.pid <= 0) return malformed("pid");
    instance.uid = uid;
    HOLDFAST_TRY(cgroup, in.u64());
    instance.cgroup = cgroup;
    HOLDFAST_TRY(path, in.text());
    instance.cgroup_path = std::move(path);
    HOLDFAST_TRY(log, in.text());
    instance.log = std::move(log);
    HOLDFAST_TRY(count, in.u32());
    if (count > max_missing_guarantees) return malformed("number of guarantees");
    for (std::uint32_t i = 0; i < count; ++i) {
        HOLDFAST_TRY(missing, in.text());
        instance.missing.push_back(std::move(missing));
    }
    return done();
}

}  // namespace

Result<Reply> encode(const LaunchedInstance& instance) {
    PayloadWriter out;
    out.text(instance.agent).text(instance.instance);
    out.u64(static_cast<std::uint64_t>(instance.version));
    out.u8(static_cast<std::uint8_t>(instance.signers));
    out.u8(instance.kill_on_change ? 1 : 0).u8(instance.running ? 1 : 0);
    for (const Sha256* digest :
         {&instance.manifest, &instance.tree, &instance.arguments_environment, &instance.sandbox,
          &instance.entrypoint})
        out.bytes(*digest);
    out.u32(static_cast<std::uint32_t>(instance.pid)).u32(instance.uid).u64(instance.cgroup);
    out.text(instance.cgroup_path).text(instance.log);
    out.u32(static_cast<std::uint32_t>(instance.missing.size()));
    for (const std::string& missing : instance.missing)
        out.text(missing);
    Reply reply{out.take(), {}};
    for (const Descriptor* each : {&instance.pidfd, &instance.view, &instance.code}) {
        reply.descriptors.emplace_back(::fcntl(each->get(), F_DUPFD_CLOEXEC, 0));
        if (!reply.descriptors.back()) return Error(Code::busy, "no descriptor left", Retry::later);
    }
    return reply;
}

Result<LaunchedInstance> decode_launched(Reply reply) {
    if (reply.descriptors.size() != descriptors_of_instance) return malformed("descriptors");
    PayloadReader in(reply.body);
    LaunchedInstance instance;
    HOLDFAST_CHECK(get_identity(in, instance));
    HOLDFAST_CHECK(get_digests(in, instance));
    HOLDFAST_CHECK(get_place(in, instance));
    HOLDFAST_CHECK(in.finish());
    instance.pidfd = std::move(reply.descriptors[0]);
    instance.view = std::move(reply.descriptors[1]);
    instance.code = std::move(reply.descriptors[2]);
    return instance;
}

Bytes encode(const LaunchOrder& order) {
    PayloadWriter out;
    out.text(order.agent).text(order.instance).u8(order.manifest ? 1 : 0);
    if (order.manifest) out.bytes(*order.manifest);
    return out.u8(order.allow_downgrade ? 1 : 0).take();
}

Result<LaunchOrder> decode_launch_order(ByteView payload) {
    PayloadReader in(payload);
    LaunchOrder order;
    HOLDFAST_TRY(agent, in.text());
    order.agent = std::move(agent);
    HOLDFAST_TRY(instance, get_instance_id(in));
    order.instance = std::move(instance);
    HOLDFAST_TRY(has_manifest, get_bool(in));
    if (has_manifest) {
        HOLDFAST_TRY(manifest, get_sha256(in));
        order.manifest = manifest;
    }
    HOLDFAST_TRY(allow_downgrade, get_bool(in));
    order.allow_downgrade = allow_downgrade;
    HOLDFAST_CHECK(in.finish());
    return order;
}

Bytes encode(const EndOrder& order) {
    PayloadWriter out;
    return out.text(order.instance).u8(static_cast<std::uint8_t>(order.ending)).take();
}

Result<EndOrder> decode_end_order(ByteView payload) {
    PayloadReader in(payload);
    EndOrder order;
    HOLDFAST_TRY(instance, get_instance_id(in));
    order.instance = std::move(instance);
    HOLDFAST_TRY(ending, in.u8());
    if (ending < static_cast<std::uint8_t>(Ending::stop) ||
        ending > static_cast<std::uint8_t>(Ending::thaw))
        return malformed("ending");
    order.ending = static_cast<Ending>(ending);
    HOLDFAST_CHECK(in.finish());
    return order;
}

Bytes encode(const LaunchNotice& notice) {
    PayloadWriter out;
    out.u8(static_cast<std::uint8_t>(notice.kind));
    return out.text(notice.instance).text(notice.detail).take();
}

Result<LaunchNotice> decode_launch_notice(ByteView payload) {
    PayloadReader in(payload);
    LaunchNotice notice;
    HOLDFAST_TRY(kind, in.u8());
    if (kind < static_cast<std::uint8_t>(LaunchNotice::Kind::ended) ||
        kind > static_cast<std::uint8_t>(LaunchNotice::Kind::exec_refused))
        return malformed("kind of notice");
    notice.kind = static_cast<LaunchNotice::Kind>(kind);
    HOLDFAST_TRY(instance, get_instance_id(in));
    notice.instance = std::move(instance);
    HOLDFAST_TRY(detail, in.text());
    notice.detail = std::move(detail);
    HOLDFAST_CHECK(in.finish());
    return notice;
}

}  // namespace holdfast::daemon
