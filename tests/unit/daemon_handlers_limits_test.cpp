// Limits on the way of an action: reserved with its record, given back when nothing was released.
#include "daemon/handlers/limits.h"
#include "daemon/state/limit_fold.h"
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"
#include "tests/support/limit_samples.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;

namespace {

std::string paying(int amount) {
    return R"({"action":"refund.create","audience":"https://payments.example","params":{"amount":)" +
           std::to_string(amount) + "}}";
}

struct LimitWorld : HandlerWorld {
    explicit LimitWorld(std::vector<policy::Limit> limits, Anchored how = Anchored::no)
        : HandlerWorld(how) {
        declare(bot);
        agents[bot].limits = std::move(limits);
        services.limits.count = [this](policy::DeclaredLimits declared) {
            return counted(std::move(declared));
        };
        handlers::take_declared_limits(services);
        count();
        // Issued once, so that stories are about actions.
        (void)as_agent(handlers::credential, "");
        keys.calls.clear();
        ledger.records.clear();
    }
    // From the fake ledger's records.
    daemon::Async<policy::Limits> counted(policy::DeclaredLimits declared) {
        ++countings;
        if (counting_fails) co_return *counting_fails;
        policy::Limits limits(declared);
        daemon::LimitFold fold(limits);
        std::uint64_t index = 0;
        for (const auto& record : ledger.records)
            if (Done taken = fold.take({record.type, time, index++, record.members}); !taken)
                co_return taken.error();
        co_return limits;
    }
    void count() { (void)run_async(loop, handlers::count_limits(services)); }
    std::string sign(int amount = 1) {
        const auto answer = as_agent(handlers::sign_action, paying(amount));
        return answer ? "signed" : answer.error().reason();
    }
    std::uint64_t used(std::size_t which = 0) {
        return services.limits.counted.use(bot, agents[bot].limits[which], time)->used;
    }
    // As after kill -9: nothing but the ledger and the files.
    void start_again() {
        services.limits.counted = {};
        count();
    }

    int countings = 0;
    std::optional<Error> counting_fails;
};

}  // namespace

TEST_CASE("sign with a limit: one past it is refused, on record, before the chip is asked",
          "[daemon][limits]") {
    LimitWorld world({count_limit("two", 2, 3600)});
    CHECK(world.sign() == "signed");
    CHECK(world.sign() == "signed");
    world.keys.calls.clear();
    const auto answer = world.as_agent(handlers::sign_action, paying(1));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code() == Code::denied);
    CHECK(answer.error().retry() == Retry::later);
    CHECK(answer.error().reason() == "limit_exceeded");
    CHECK(world.keys.calls.empty());
    CHECK(world.ledger.count("action") == 2);
    REQUIRE(world.ledger.count("refused") == 1);
    const auto& refused = world.ledger.records.back().members;
    CHECK(*refused.at("reason").string() == "limit_exceeded");
    CHECK(text_at(refused.at("asked"), {"limit"}) == "two");
    CHECK(text_at(refused.at("asked"), {"action"}) == "refund.create");
}

TEST_CASE("sign with a limit: what is under way counts", "[daemon][limits]") {
    LimitWorld world({count_limit("one", 1, 3600)});
    world.keys.hold();
    const auto first = world.begin_as_agent(handlers::sign_action, paying(1));
    world.run_ready();
    CHECK(world.sign() == "limit_exceeded");
    world.keys.let_go();
    CHECK(world.finish(first));
    CHECK(world.sign() == "limit_exceeded");
}

TEST_CASE("sign with a limit: a signature the chip did not give is given back",
          "[daemon][limits]") {
    LimitWorld world({sum_limit("money", "amount", 10, 3600)});
    world.keys.sign_refuses = Error(Code::unavailable, "no");
    CHECK(world.sign(10) != "signed");
    CHECK(world.ledger.count("withheld") == 1);
    CHECK(world.used() == 0);
    world.keys.sign_refuses.reset();
    world.start_again();
    CHECK(world.used() == 0);
    CHECK(world.sign(10) == "signed");
}

TEST_CASE("sign with a limit: a record that did not become durable is given back",
          "[daemon][limits]") {
    LimitWorld world({count_limit("one", 1, 3600)});
    world.ledger.fail_next = true;
    CHECK(world.sign() == "ledger_failed");
    CHECK(world.used() == 0);
    CHECK(world.sign() == "signed");
}

TEST_CASE("sign with a limit: one that may be in the ledger stays counted", "[daemon][limits]") {
    LimitWorld world({count_limit("one", 1, 3600)});
    world.ledger.lose_next_answer = true;
    CHECK(world.sign() != "signed");
    CHECK(world.used() == 1);
}

TEST_CASE("sign with a limit: an answer the gate held back is given back", "[daemon][limits]") {
    LimitWorld world({count_limit("one", 1, 3600)});
    const auto answer = world.as_agent(handlers::sign_action, paying(1));
    REQUIRE(answer);
    REQUIRE(answer->sequence);
    CHECK(world.used() == 1);
    REQUIRE(
        run_async(world.loop, handlers::record_withheld(world.services, *answer->sequence, "")));
    CHECK(world.used() == 0);
    world.start_again();
    CHECK(world.used() == 0);
}

TEST_CASE("sign with a limit: after a start the ledger says what was used", "[daemon][limits]") {
    LimitWorld world({sum_limit("money", "amount", 10, 3600), count_limit("many", 99, 60)});
    CHECK(world.sign(4) == "signed");
    CHECK(world.sign(5) == "signed");
    world.start_again();
    CHECK(world.used(0) == 9);
    CHECK(world.used(1) == 2);
    CHECK(world.sign(2) == "limit_exceeded");
    CHECK(world.sign(1) == "signed");
}

TEST_CASE("sign with a limit: a field that is not there is refused, on record",
          "[daemon][limits]") {
    LimitWorld world({sum_limit("money", "total", 10, 3600)});
    CHECK(world.sign() == "limit_field");
    CHECK(world.ledger.count("refused") == 1);
    CHECK(world.ledger.count("action") == 0);
}

TEST_CASE("limits declared anew: nothing passes until the ledger was read", "[daemon][limits]") {
    LimitWorld world({count_limit("many", 99, 60)});
    CHECK(world.sign() == "signed");
    world.agents[LimitWorld::bot].limits.push_back(count_limit("two", 2, 3600));
    handlers::take_declared_limits(world.services);
    CHECK(handlers::limits_uncounted(world.services));
    CHECK(world.sign() == "limit_uncounted");
    CHECK(world.ledger.count("refused") == 0);  // it is nobody's fault
    world.counting_fails = Error(Code::unavailable, "disk");
    world.count();
    CHECK(world.sign() == "limit_uncounted");
    world.counting_fails.reset();
    world.count();
    CHECK_FALSE(handlers::limits_uncounted(world.services));
    CHECK(world.sign() == "signed");
    CHECK(world.sign() == "limit_exceeded");
    // Nothing to count, nothing read.
    const int before = world.countings;
    world.count();
    CHECK(world.countings == before);
}

TEST_CASE("limits: apply puts them in force, and a changed cap keeps what was used",
          "[daemon][limits]") {
    HandlerWorld world;
    const auto write = [&](const std::string& limit) {
        world.write_agent_file("bot");
        std::ofstream file(world.settings.agents_dir + "/bot.toml", std::ios::app);
        file << "[[limit]]\nname = \"l\"\nwindow_s = 60\n" << limit;
        file.close();
        REQUIRE(world.as_operator(handlers::apply, ""));
    };
    write("count = 5\n");
    CHECK(world.services.limits.declared.at("bot").at(0).cap == 5);
    CHECK(handlers::limits_uncounted(world.services));
    world.services.limits.counted = policy::Limits(world.services.limits.declared);
    const auto changes = world.services.limits.changes;
    write("count = 6\n");
    CHECK(world.services.limits.changes == changes + 1);
    CHECK_FALSE(handlers::limits_uncounted(world.services));
    write("count = 6\naction = \"refund\"\n");
    CHECK(handlers::limits_uncounted(world.services));
}

TEST_CASE("limits: what changed while the ledger was read is read again", "[daemon][limits]") {
    LimitWorld world({count_limit("a", 9, 60)});
    bool changed = false;
    auto plain = world.services.limits.count;
    world.services.limits.count = [&](policy::DeclaredLimits declared) {
        auto counting = plain(std::move(declared));
        // Away and back: what is signed in between is in no counter.
        if (!std::exchange(changed, true)) {
            auto& limits = world.agents[LimitWorld::bot].limits;
            const policy::Limit away = limits.back();
            limits.pop_back();
            handlers::take_declared_limits(world.services);
            limits.push_back(away);
            handlers::take_declared_limits(world.services);
        }
        return counting;
    };
    world.agents[LimitWorld::bot].limits.push_back(count_limit("b", 9, 61));
    handlers::take_declared_limits(world.services);
    const int before = world.countings;
    world.count();
    CHECK(world.countings == before + 2);
    CHECK_FALSE(handlers::limits_uncounted(world.services));
}

TEST_CASE("limits: agent show says what is used of each", "[daemon][limits]") {
    LimitWorld world({sum_limit("money", "amount", 10, 3600, "audience")});
    CHECK(world.sign(4) == "signed");
    const auto shown = json_of(world.as_operator(handlers::show_agent, LimitWorld::bot));
    const auto* limits = shown.find("declared")->find("limits");
    REQUIRE(limits != nullptr);
    REQUIRE(limits->array()->size() == 1);
    CHECK(encode::canonical(limits->array()->front()) ==
          R"({"action":null,"hardware":false,"max":10,)"
          R"("most_used_by":"\"https://payments.example\"","name":"money","per":"audience",)"
          R"("sum":"amount","used":4,"values":1,"window_s":3600})");
    world.services.limits.counted = {};
    const auto unknown = json_of(world.as_operator(handlers::show_agent, LimitWorld::bot));
    CHECK(unknown.find("declared")->find("limits")->array()->front().find("used")->is_null());
}
