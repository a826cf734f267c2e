#include "daemon/launcher/store_jobs.h"

#include <set>
#include <utility>

#include "daemon/launcher/launcher.h"
#include "daemon/link/codec.h"
#include "daemon/link/codec_store.h"

namespace holdfast::daemon {

namespace {

// It works with what strangers wrote: only what is a reply, and nothing beside it, goes on.
Result<Reply> judged(Result<Message> answer) {
    if (!answer) return std::move(answer).error();
    auto reply = decode_reply(*std::move(answer));
    if (!reply)
        return Error(Code::unavailable, "the importer answers nonsense").because("importer_failed");
    HOLDFAST_TRY(outcome, *std::move(reply));
    return Reply{std::move(outcome.body), {}};
}

}  // namespace

Message store_answer(std::uint64_t job, Result<Message> answer) {
    Message reply = encode_reply(Message{}, judged(std::move(answer)));
    Message message;
    message.operation = Operation::store_answer;
    message.payload = PayloadWriter().u64(job).bytes(reply.payload).take();
    message.descriptors = std::move(reply.descriptors);
    return message;
}

// The store is ours to name; what of it is in use only we know.
Result<Bytes> LaunchWorker::store_payload(const Message& request) const {
    const std::string& store = parts_.settings.store_dir;
    if (request.operation == Operation::import_code) {
        HOLDFAST_TRY(import, decode_import(request.payload));
        if (import.store != store) return Error(Code::invalid, "launcher: another store");
        return encode(import);
    }
    if (request.operation != Operation::collect_store) return encode_store(store);
    HOLDFAST_TRY(opened, attest::Store::open(store, ::geteuid()));
    HOLDFAST_TRY(all, opened.list());
    CollectRequest collect{store, {}};
    std::map<std::string, std::int64_t> newest;
    for (const auto& stored : all)
        newest[stored.name] = std::max(newest[stored.name], stored.version);
    // Of each agent its newest version, and what could be launched if nobody signed that; and
    // whatever runs.
    for (const auto& stored : all)
        if (stored.version == newest[stored.name]) collect.keep.push_back(stored.digest);
    for (const auto& [agent, version] : newest)
        if (const auto launchable = launchable_manifest(parts_.settings, agent))
            collect.keep.push_back(*launchable);
    for (const auto& [instance, running] : running_)
        collect.keep.push_back(running.kept.facts.manifest);
    return encode(collect);
}

Result<Reply> LaunchWorker::ask_store(const Message& request) {
    HOLDFAST_TRY(payload, store_payload(request));
    Message asked;
    asked.operation = request.operation;
    asked.payload = std::move(payload);
    HOLDFAST_TRY(job, importers_.start(asked));
    return Reply{PayloadWriter().u64(job).take(), {}};
}

}  // namespace holdfast::daemon
