// ApprovalWorld: a handler's world in which policy demands two approvals of finance.
#ifndef HOLDFAST_TESTS_SUPPORT_APPROVAL_WORLD_H
#define HOLDFAST_TESTS_SUPPORT_APPROVAL_WORLD_H

#include <cstdlib>
#include <string>
#include <utility>

#include "tests/support/catch.h"
#include "tests/support/handler_world.h"
#include "tests/support/ssh_signer.h"

namespace holdfast::tests {

struct ApprovalWorld : HandlerWorld {
    static constexpr const char* refund =
        R"({"action":"refund.create","audience":"https://payments.example","params":{"amount":50}})";

    SshSigner carol{1}, dave{2}, erin{3}, stranger{9};

    ApprovalWorld() {
        declare(bot);
        name_operators(operator_toml("carol", carol, "\"finance\"", "1001") +
                       operator_toml("dave", dave) +
                       operator_toml("erin", erin, "\"on-call\"", "1003"));
        demand({2, "finance", {}});
    }

    void name_operators(const std::string& toml) {
        auto named = policy::Operators::parse("operators.toml", toml);
        if (!named) std::abort();
        services.operators = *std::move(named);
    }
    // What policy says of everything from here on.
    void demand(const policy::Demand& demanded) {
        const std::string annotations = demanded.approvals == 0
                                            ? std::string()
                                            : "@approvals(\"" + std::to_string(demanded.approvals) +
                                                  "\") @approvers(\"" + demanded.approvers + "\") ";
        put_policy("payments", "//! version = 1\n@id(\"refund\") " + annotations +
                                   "permit(principal, action, resource);\n");
    }
    void forbid() {
        put_policy("payments",
                   "//! version = 1\n@id(\"no\") forbid(principal, action, resource);\n");
    }

    // The agent asks; the id it gets.
    std::string ask(const std::string& body = refund) {
        const auto answer = as_agent(daemon::handlers::sign_action, body);
        return answer && answer->status == 202 ? text_at(json_of(answer), {"approval"})
                                               : "not asked: " + reason_of(answer);
    }
    std::string document_of(const std::string& id) {
        return text_at(json_of(as_operator(daemon::handlers::show_approval, id)), {"document"});
    }
    Result<daemon::Answer> send(const std::string& id, const std::string& signature) {
        const encode::Json body = encode::Json::Object{{"signature", signature}};
        return as_operator(daemon::handlers::approve, id, encode::canonical(body), "login:1009");
    }
    Result<daemon::Answer> approve(const std::string& id, const SshSigner& signer) {
        return send(id, signer.armored(document_of(id)));
    }
    std::string approved(const std::string& body = refund) {
        const std::string id = ask(body);
        (void)approve(id, carol);
        (void)approve(id, dave);
        return id;
    }
    static std::string with(const std::string& id, std::string body = refund) {
        body.insert(1, R"("approval":")" + id + "\",");
        return body;
    }
    Result<daemon::Answer> use(const std::string& id, const std::string& body = refund) {
        return as_agent(daemon::handlers::sign_action, with(id, body));
    }
    Result<daemon::Answer> wait(const std::string& id, int seconds = 0) {
        return finish(begin_wait(id, seconds));
    }
    Pending<daemon::Answer> begin_wait(const std::string& id, int seconds) {
        const daemon::Call& call = calls.emplace_back(daemon::Call{
            peer, &callers[bot], "", id, R"({"wait_s":)" + std::to_string(seconds) + "}",
            [this] { return code_is_the_same; }});
        return start_async(loop, daemon::handlers::wait_approval(services, call));
    }
    std::string state(const std::string& id) { return text_at(json_of(wait(id)), {"state"}); }
};

// Nothing was signed, and the refusal is on record.
inline void check_refused(const ApprovalWorld& world, const Result<daemon::Answer>& answer,
                          const std::string& reason) {
    CHECK(reason_of(answer) == reason);
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.count("action") == 0);
    REQUIRE_FALSE(world.ledger.records.empty());
    const auto& last = world.ledger.records.back();
    CHECK(last.type == "refused");
    CHECK(*last.members.at("reason").string() == reason);
}

inline std::string last_what(const ApprovalWorld& world) {
    const auto& last = world.ledger.records.back();
    return last.type == "approval" ? *last.members.at("what").string() : last.type;
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_APPROVAL_WORLD_H
