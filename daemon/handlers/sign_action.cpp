// POST /v1/actions: from a permitted action to a recorded signature.
#include "api/messages.h"
#include "core/crypto/jwk.h"
#include "core/encode/base64.h"
#include "core/encode/jws.h"
#include "core/encode/statement.h"
#include "daemon/handlers/accountable.h"
#include "daemon/handlers/approvals.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/limits.h"
#include "daemon/handlers/permission.h"
#include "daemon/handlers/triggers.h"

namespace holdfast::daemon::handlers {
namespace {

Statement statement_of(const Services& services, const Call& call, const Permission& permission,
                       Action action, Custody custody) {
    const Measurement& measurement = call.instance->view.measurement;
    Statement statement;
    statement.action = std::move(action);
    statement.agent = spiffe_id(services, permission.caller.row->name);
    statement.instance = call.instance->id;
    statement.sponsor = permission.caller.file->accountability.sponsor;
    statement.measurement = measurement.digest;
    statement.assurance = measurement.assurance;
    statement.custody = custody;
    statement.fuse = permission.caller.row->key.agent_fuse.kind;
    statement.time = services.now();
    statement.sequence = services.ledger.next_index();
    statement.decision = "permit";
    statement.rule = rule_of(permission.decision);
    return statement;
}

struct ToSign {
    std::string agent;  // name
    std::string instance;
    std::string key_id;  // of the key worker
    std::string input;   // JWS signing input
    ledger::Record record;
    std::vector<std::string> rules;
    policy::Reservation reservation;
    std::string approval;  // id; empty: none was needed
};

void reserve_for(ToSign& wanted, policy::Reservation reservation) {
    // What it drew from blocks is counted with these.
    const auto& blocks = reservation.blocks;
    if (!blocks.empty())
        wanted.record.members["limit_blocks"] = encode::Json::Array(blocks.begin(), blocks.end());
    wanted.reservation = std::move(reservation);
}

// Only what is certainly not in the ledger is given back.
void settle_limits(Services& services, ToSign& wanted, const Result<std::uint64_t>& recorded) {
    if (recorded)
        services.limits.counted.commit(std::move(wanted.reservation), wanted.record.index);
    else if (recorded.error().code() != Code::timeout)
        services.limits.counted.release(wanted.reservation);
}

Result<ToSign> to_sign(const Services& services, const Call& call, const Permission& permission,
                       Action action, Custody custody, const IssuedCredential& credential) {
    const AgentRow& row = *permission.caller.row;
    const Statement statement =
        statement_of(services, call, permission, std::move(action), custody);
    HOLDFAST_TRY(kid, crypto::jwk_thumbprint(row.key.spki));
    const encode::JwsHeader header{std::string(jws_alg(row.key.algorithm)),
                                   std::string(encode::action_typ), std::move(kid),
                                   credential.chain};
    encode::Json payload = encode::to_json(statement);
    std::string input = encode::signing_input(header, payload);
    ledger::Record record{"action", statement.time, statement.sequence, {}};
    record.members["accountable"] = accountable_of(services, *permission.caller.file);
    record.members["credential_serial"] = credential.serial;
    record.members["statement"] = std::move(payload);
    return ToSign{row.name,
                  call.instance->id,
                  row.key.id,
                  std::move(input),
                  std::move(record),
                  rules_named(permission.decision),
                  {},
                  {}};
}

void bring_approval(Services& services, ToSign& wanted, std::string id) {
    if (id.empty()) return;
    wanted.record.members["approvals"] = approval_record(services, id);
    wanted.approval = std::move(id);
}

// Used with the record, whatever becomes of both; but what the ledger did not even queue (it is too
// long, too many wait) uses up nothing. The same step of the loop: nobody else had the approval.
Async<std::uint64_t> queue_record(Services& services, ToSign& wanted) {
    auto record = services.ledger.append(wanted.record.type, std::move(wanted.record.members));
    const bool queued = services.ledger.next_index() != wanted.record.index;
    if (queued) use_approval(services, wanted.approval);
    return record;
}

// The caller did not suspend since the sequence was read, so the record gets exactly that index.
Async<Answer> sign_recorded(Services& services, ToSign wanted) {
    auto record = queue_record(services, wanted);
    Bytes preimage = bytes_of(view_of(wanted.input));
    auto signature = services.keys.sign(wanted.key_id, std::move(preimage));
    // The record is on its way to the disk: disk and chip work at once. Nothing leaves before both
    // have answered.
    auto signed_raw = co_await std::move(signature);
    auto recorded = co_await std::move(record);
    settle_limits(services, wanted, recorded);
    if (!recorded) co_return std::move(recorded).error().within("record");
    // A revocation meanwhile wins.
    Done released = services.containment.allows(wanted.agent, wanted.instance);
    if (!signed_raw) released = Error(signed_raw.error()).within("sign");
    if (!released) {
        std::string reason = released.error().reason();
        (void)co_await record_withheld(services, wanted.record.index, std::move(reason));
        co_return std::move(released).error();
    }
    const api::Signed reply{encode::compact(wanted.input, *signed_raw), wanted.record.index,
                            std::move(wanted.rules)};
    Answer answer = json_answer(api::to_json(reply));
    answer.gated_agent = wanted.agent;
    answer.sequence = wanted.record.index;
    co_return answer;
}

}  // namespace

Async<Answer> sign_action(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::action_request(call.body));
    auto known = watched_caller(services, call, request.action.action);
    if (!known) {
        Denial denial{std::move(known).error()};
        co_return co_await refuse_action(services, call, std::move(request.action),
                                         std::move(denial));
    }
    // Policies speak of the host, too. Asked once.
    HOLDFAST_CO_TRY(identity, co_await services.host.identity());
    auto ruling = ruling_of(services, call, caller_of(services, call), request, identity);
    if (auto* denial = std::get_if<Denial>(&ruling))
        co_return co_await refuse_action(services, call, std::move(request.action),
                                         std::move(*denial));
    auto& asked = std::get<Permission>(ruling);
    HOLDFAST_CO_CHECK(services.ledger.writable());
    HOLDFAST_CO_CHECK(services.anchor.holds());
    if (must_ask(asked.demand, request))
        co_return co_await ask_approval(services, call, std::move(request.action),
                                        std::move(asked.decision), std::move(asked.demand));
    const KeyDescription key = asked.caller.row->key;
    CredentialRequest wanted_credential = credential_request(asked.caller, call, key);
    HOLDFAST_CO_TRY(credential,
                    co_await services.credentials.current(std::move(wanted_credential)));

    // Without a worker an action would be recorded only to be withheld.
    HOLDFAST_CO_CHECK(services.keys.available(key.id));
    auto no_block = co_await open_blocks(services, call.instance->agent, request.action);
    if (no_block)
        co_return co_await refuse_limited(services, call, std::move(request.action),
                                          *std::move(no_block));
    // Issuing may have taken seconds: containment, declaration and code as they are now decide.
    // From here to the queued record nothing suspends, or the sequence would be another record's.
    ruling = ruling_of(services, call, same_caller_of(services, call), request, identity);
    if (auto* denial = std::get_if<Denial>(&ruling))
        co_return co_await refuse_action(services, call, std::move(request.action),
                                         std::move(*denial));
    const auto& permission = std::get<Permission>(ruling);
    if (permission.caller.row->key.id != key.id)
        co_return Error(Code::busy, "the agent's key was replaced meanwhile", Retry::later);
    if (must_ask(permission.demand, request))
        co_return Error(Code::denied, "an approval is demanded since a moment ago", Retry::later)
            .because("approval_required");
    HOLDFAST_CO_CHECK(services.containment.take_turn(permission.caller.row->name));
    HOLDFAST_CO_TRY(wanted, to_sign(services, call, permission, request.action,
                                    custody_of(key, identity), credential));
    auto reserved = reserve_limits(services, *permission.caller.file, request.action);
    if (auto* refusal = std::get_if<policy::LimitRefusal>(&reserved))
        co_return co_await refuse_limited(services, call, std::move(request.action),
                                          std::move(*refusal));
    reserve_for(wanted, std::get<policy::Reservation>(std::move(reserved)));
    note_audience(services, call.instance->agent, request.action.audience);
    bring_approval(services, wanted, request.approval);
    add_policy(wanted.record, permission);
    co_return co_await sign_recorded(services, std::move(wanted));
}

Async<std::uint64_t> record_withheld(Services& services, std::uint64_t sequence,
                                     std::string reason) {
    encode::Json::Object members;
    members["reason"] = reason.empty() ? std::string("not_released") : std::move(reason);
    members["sequence"] = static_cast<std::int64_t>(sequence);
    services.limits.counted.withheld(sequence);
    co_return co_await services.ledger.append("withheld", std::move(members));
}

}  // namespace holdfast::daemon::handlers
