// HandlerWorld: everything a handler is given, with fakes where hardware, disk and CA would be.
#ifndef HOLDFAST_TESTS_SUPPORT_HANDLER_WORLD_H
#define HOLDFAST_TESTS_SUPPORT_HANDLER_WORLD_H

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <list>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "daemon/handlers/handlers.h"
#include "daemon/handlers/policies.h"
#include "daemon/handlers/revocations.h"
#include "tests/support/fake_issuer.h"
#include "tests/support/fake_keys.h"
#include "tests/support/fake_launcher.h"
#include "tests/support/fake_ledger.h"
#include "tests/support/key_samples.h"
#include "tests/support/run_async.h"
#include "tests/support/temporary_directory.h"

namespace holdfast::tests {

class NoMeasurer final : public daemon::Measurer {
  public:
    daemon::Async<attest::ProcessView> measure(pid_t, int, uid_t) override {
        co_return Error(Code::unavailable, "no measurer here").because("measurer_unavailable");
    }
    daemon::Async<std::monostate> check_view(Sha256) override {
        ++views_checked;
        co_return view_says;
    }
    Done view_says = done();
    int views_checked = 0;
};

struct HandlerWorld {
    static constexpr std::int64_t start_time = 1'700'000'000;
    static constexpr const char* bot = "deploy-bot";

    boost::asio::io_context loop;
    TemporaryDirectory directory;
    std::int64_t time = start_time;
    std::function<std::int64_t()> now = [this] { return time; };
    daemon::Settings settings = settings_in(directory.path());
    FakeKeys keys{loop};
    FakeLedger ledger;
    daemon::Anchor anchor{loop.get_executor(), keys, ledger, 0};
    daemon::Registry registry = open_registry(directory.file("registry.db"));
    daemon::Containment containment;
    FakeIssuer issuer;
    daemon::Credentials credentials{issuer, ledger, now};
    daemon::History history;
    daemon::RevocationList::Collect revoked = [this] {
        return daemon::handlers::revoked_now(services);
    };
    daemon::RevocationList crl{loop.get_executor(), keys, registry,
                               settings.crl_file,   now,  revoked};
    daemon::Refusals refusals{ledger, now};
    daemon::Host host{keys};
    NoMeasurer measurer;
    std::map<std::string, policy::AgentFile> agents;
    policy::Operators operators;
    daemon::Launched launched;
    daemon::Instances instances{measurer, agents, launched, [](const auto&, const auto&) {}};
    FakeLauncher launcher;
    daemon::Services services{settings,    keys,        ledger,   anchor,   registry,
                              containment, credentials, history,  crl,      refusals,
                              host,        instances,   launched, launcher, measurer,
                              agents,      operators,   now,      {}};
    daemon::Peer peer = this_process();
    std::map<std::string, daemon::Instance> callers;
    Done code_is_the_same = done();  // what the warm check says
    std::list<daemon::Call> calls;   // those under way need theirs to stay

    // Most stories are of a host without an anchor counter; the others begin with one, at 41.
    enum class Anchored : bool { no, yes };
    HandlerWorld() : HandlerWorld(Anchored::no) {}
    explicit HandlerWorld(Anchored how) {
        ledger.now = now;
        launched.set_complete(true);
        ledger.tell([this](const ledger::Record& record) { (void)history.take(record); });
        keys.tpm = how == Anchored::yes;
        if (!run_async(loop, anchor.settle())) std::abort();
        keys.tpm = true;
        keys.calls.clear();
        services.triggers.beside = [this](daemon::Async<std::monostate> work) {
            boost::asio::co_spawn(loop, beside(std::move(work)), boost::asio::detached);
        };
        services.read_policies = [](daemon::PolicyFiles files) -> daemon::Async<policy::Policies> {
            co_return daemon::handlers::read_policies(files);
        };
        permit_refunds();
    }
    boost::asio::awaitable<void> beside(daemon::Async<std::monostate> work) {
        ++works_beside;
        beside_says = co_await std::move(work);
    }
    int works_beside = 0;       // what triggers set off
    Done beside_says = done();  // of the last one that ended

    // An agent as after `apply`: key, row, file in force, an instance that runs its code.
    void declare(const std::string& name) {
        auto key = run_async(loop, keys.create(plain_key_of(name)));
        keys.calls.clear();
        policy::AgentFile file;
        file.name = name;
        file.accountability = {"finance@example.org",
                               "owner@example.org",
                               "author@example.org",
                               {"oncall@example.org"}};
        file.uid = peer.uid;
        file.executable.fill(0xee);
        file.lifetime = 3600;
        file.digest.fill(0xdd);
        daemon::AgentRow row;
        row.name = name;
        row.changed_by = "login:1";
        row.key = *key;
        row.file_digest = file.digest;
        (void)registry.put(row);
        containment.set(name, daemon::AgentState::active);
        agents[name] = std::move(file);
        daemon::Instance& caller = callers[name];
        caller.agent = name;
        caller.id = "instance-1";
        caller.view.measurement.executable.digest.fill(0xee);
        caller.view.measurement.digest.fill(0xaa);
    }

    // Answers of calls that are still under way come with run_all().
    Pending<daemon::Answer> begin_as_agent(daemon::Handler handler, std::string body) {
        const daemon::Call& call = calls.emplace_back(daemon::Call{
            peer, &callers[bot], "", "", std::move(body), [this] { return code_is_the_same; }});
        return start_async(loop, handler(services, call));
    }
    Pending<daemon::Answer> begin_as_operator(daemon::Handler handler, std::string argument,
                                              std::string body = "",
                                              std::string principal = "login:1000") {
        const daemon::Call& call = calls.emplace_back(daemon::Call{
            peer, nullptr, std::move(principal), std::move(argument), std::move(body), {}});
        return start_async(loop, handler(services, call));
    }
    Result<daemon::Answer> as_agent(daemon::Handler handler, std::string body) {
        return finish(begin_as_agent(handler, std::move(body)));
    }
    Result<daemon::Answer> as_operator(daemon::Handler handler, std::string argument,
                                       std::string body = "",
                                       std::string principal = "login:1000") {
        return finish(
            begin_as_operator(handler, std::move(argument), std::move(body), std::move(principal)));
    }
    // Runs what can run; what waits for the test stays.
    void run_ready() {
        loop.restart();
        loop.poll();
    }
    template <class T>
    Result<T> finish(const Pending<T>& pending) {
        loop.restart();
        while (!pending->has_value() && loop.run_one() != 0) {
        }
        if (!pending->has_value()) return Error(Code::internal, "the loop ran out of work");
        return **pending;
    }

    // In force, and in its file: this set as it was applied before the story begins.
    void put_policy(const std::string& name, const std::string& text) {
        auto set = policy::parse_policy_set(name + ".cedar", text);
        if (!set) throw std::runtime_error(set.error().text());
        set->may_permit = true;
        policy::PolicySets sets = services.policies.sets();
        sets.insert_or_assign(name, *set);
        if (!registry.put_policies({{name, {name, set->version, text, ""}}})) std::abort();
        std::ofstream(settings.policies_dir + "/" + name + ".cedar") << text;
        auto policies = policy::Policies::of(std::move(sets));
        if (!policies) throw std::runtime_error(policies.error().text());
        services.policies = *std::move(policies);
    }
    // What agents may, unless a story says otherwise.
    void permit_refunds() {
        put_policy("payments",
                   "//! version = 1\n@id(\"refunds\") permit(principal, action == "
                   "Action::\"refund.create\", resource == "
                   "Audience::\"https://payments.example\");\n");
    }

    void write_agent_file(const std::string& name, const std::string& environment = "test") {
        std::ofstream file(settings.agents_dir + "/" + name + ".toml");
        file << "name = \"" << name << "\"\nenvironment = \"" << environment
             << "\"\n[accountability]\nsponsor = \"s@example.org\"\nowner = \"o@example.org\"\n"
             << "policy_author = \"p@example.org\"\ncan_stop = [\"c@example.org\"]\n"
             << "[recognise]\nuid = " << uid_of(name) << "\nexecutable_sha256 = \""
             << std::string(64, 'e') << "\"\n";
    }

    static daemon::Settings settings_in(const std::string& path) {
        daemon::Settings settings;
        settings.host_name = "host";
        settings.host_domain = "test";
        settings.agents_dir = path + "/agents.d";
        settings.policies_dir = path + "/policies.d";
        settings.policy_unsigned_allowed = true;
        settings.operators_file = path + "/operators.toml";
        settings.approvals_expire_s = 900;
        settings.reinstate_by = "another";
        std::filesystem::create_directory(settings.agents_dir);
        std::filesystem::create_directory(settings.policies_dir);
        return settings;
    }
    static daemon::Registry open_registry(const std::string& path) {
        auto registry = daemon::Registry::open(path);
        if (!registry) std::abort();
        return *std::move(registry);
    }
    static daemon::Peer this_process() {
        daemon::Peer peer;
        peer.pid = ::getpid();
        peer.uid = ::getuid();
        return peer;
    }
    // Two agents may not be recognised alike.
    static unsigned uid_of(const std::string& name) {
        unsigned sum = 1000;
        for (const char c : name)
            sum += static_cast<unsigned char>(c);
        return sum;
    }
};

inline std::string reason_of(const Result<daemon::Answer>& answer) {
    return answer ? "answered " + answer->body : answer.error().reason();
}

inline encode::Json json_of(const Result<daemon::Answer>& answer) {
    if (!answer) return {};
    auto json = encode::parse_json(answer->body, std::size_t{1} << 20);
    return json ? *std::move(json) : encode::Json();
}

inline std::string text_at(const encode::Json& json, std::initializer_list<const char*> path) {
    const encode::Json* at = &json;
    for (const char* name : path) {
        at = at->find(name);
        if (at == nullptr) return "(absent)";
    }
    return at->string() == nullptr ? encode::canonical(*at) : *at->string();
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_HANDLER_WORLD_H
