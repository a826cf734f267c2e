// What leaves the front when an agent is contained, gone, or past its share.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "tests/support/catch.h"
#include "tests/support/front_server.h"

using namespace holdfast;
using namespace holdfast::daemon;
using holdfast::test::Client;
using holdfast::test::FrontServer;
using holdfast::test::has;
using holdfast::test::post;
using holdfast::test::status;
using holdfast::test::status_of;
using holdfast::test::tell;
using holdfast::test::whoami;

TEST_CASE("front: an agent contained while its answer was made gets no byte of it", "[front]") {
    FrontServer* running = nullptr;
    FrontServer server(
        [&](const Call&) -> Async<Answer> {
            Answer answer;
            answer.body = "the signature";
            answer.gated_agent = "bot";
            answer.sequence = 7;
            running->containment.set("bot", AgentState::revoked);
            co_return answer;
        },
        {});
    running = &server;
    Client client(server.agent_socket());
    REQUIRE(client.send(whoami));
    CHECK(client.read_all().empty());
    server.stop();
    REQUIRE(server.withheld.size() == 1);
    CHECK(server.withheld.front() == std::pair<std::uint64_t, std::string>(7, "agent_revoked"));
}

TEST_CASE("front: a stopped instance gets no byte of its answer, and its agent's others do",
          "[front]") {
    FrontServer* running = nullptr;
    FrontServer server(
        [&](const Call& call) -> Async<Answer> {
            Answer answer;
            answer.body = "the signature";
            answer.gated_agent = "bot";
            if (running->containment.last_release("bot") > 0)
                running->containment.stop_instance(call.instance->id);
            co_return answer;
        },
        {});
    running = &server;
    Client first(server.agent_socket());
    REQUIRE(first.send(whoami));
    CHECK(has(first.read_reply(), "the signature"));
    REQUIRE(first.send(whoami));
    CHECK(first.read_all().empty());
    server.stop();
    CHECK(server.containment.last_release("bot") > 0);
}

TEST_CASE("front: a containment stops an answer half sent, which is not called withheld",
          "[front]") {
    constexpr std::size_t size = 8UL * 1024 * 1024;  // more than the socket holds
    FrontServer server(
        [&](const Call&) -> Async<Answer> {
            Answer answer;
            answer.body = std::string(size, 'x');
            answer.gated_agent = "bot";
            answer.sequence = 8;
            co_return answer;
        },
        {});
    Client client(server.agent_socket());
    REQUIRE(client.send(whoami));
    std::array<char, 16> head{};
    REQUIRE(::recv(client.descriptor(), head.data(), head.size(), 0) > 0);
    server.on_loop([&] { server.containment.set("bot", AgentState::suspended); });
    CHECK(client.read_all().size() < size);
    server.stop();
    // The signature may have been in the half that left.
    CHECK(server.withheld.empty());
}

TEST_CASE("front: a signature nobody took is withheld", "[front]") {
    test::Pipe begun;
    test::Pipe gone;
    FrontServer server(
        [&](const Call&) -> Async<Answer> {
            begun.tell();
            gone.await();
            Answer answer;
            answer.gated_agent = "bot";
            answer.sequence = 9;
            co_return answer;
        },
        {});
    {
        Client client(server.agent_socket());
        REQUIRE(client.send(whoami));
        begun.await();
    }
    gone.tell();
    server.on_loop([] {});
    server.stop();
    REQUIRE(server.withheld.size() == 1);
    CHECK(server.withheld.front() == std::pair<std::uint64_t, std::string>(9, "caller_gone"));
}

TEST_CASE("front: past its share a uid is told to wait, the admin socket is not", "[front]") {
    test::ServerOptions options;
    options.connections_per_uid = 2;
    FrontServer server(tell, options);
    Client first(server.agent_socket());
    Client second(server.agent_socket());
    for (auto* client : {&first, &second}) {
        REQUIRE(client->send(whoami));
        CHECK(status_of(client->read_reply()) == 200);
    }
    Client third(server.agent_socket());
    REQUIRE(third.send(whoami));
    const auto reply = third.read_all();
    CHECK(status_of(reply) == 429);
    CHECK(has(reply, "\r\nRetry-After: "));
    CHECK(has(reply, "too_many_requests"));
    Client admin(server.admin_socket());
    REQUIRE(admin.send(status));
    CHECK(status_of(admin.read_reply()) == 200);
}

TEST_CASE("front: full, it answers agents 503 and serves the admin socket", "[front]") {
    test::ServerOptions options;
    SECTION("by connections") {
        options.connections = 0;
    }
    SECTION("by descriptors") {
        options.descriptor_ceiling = 3;
    }
    FrontServer server(tell, options);
    Client agent(server.agent_socket());
    REQUIRE(agent.send(whoami));
    const auto reply = agent.read_all();
    CHECK(status_of(reply) == 503);
    CHECK(has(reply, "\r\nRetry-After: "));
    Client admin(server.admin_socket());
    REQUIRE(admin.send(status));
    CHECK(status_of(admin.read_reply()) == 200);
}

TEST_CASE("front: requests under way of a uid and of an agent are bounded", "[front]") {
    const bool is_agent = GENERATE(false, true);
    const auto request = is_agent ? whoami : post("/v1/echo", "{}");
    const auto bound = is_agent ? max_in_flight_per_agent : max_in_flight_per_uid;
    bool released = false;
    FrontServer server(
        [&](const Call&) -> Async<Answer> {
            const auto executor = co_await boost::asio::this_coro::executor;
            boost::asio::steady_timer timer(executor);
            while (!released) {
                timer.expires_after(std::chrono::milliseconds(1));
                (void)co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
            }
            co_return Answer{};
        },
        {});
    std::vector<Client> clients;
    for (std::size_t i = 0; i < bound; ++i) {
        clients.emplace_back(server.agent_socket());
        REQUIRE(clients.back().send(request));
    }
    const auto& counter =
        is_agent ? server.admission.requests_of_agents : server.admission.requests;
    std::size_t taken = 0;
    while (taken < bound)
        server.on_loop([&] { taken = counter.taken(); });
    Client one_more(server.agent_socket());
    REQUIRE(one_more.send(request));
    const auto refused = one_more.read_reply();
    CHECK(status_of(refused) == 429);
    CHECK(has(refused, is_agent ? "agent " : "uid "));
    server.on_loop([&] { released = true; });
    for (auto& client : clients)
        CHECK(status_of(client.read_reply()) == 200);
    REQUIRE(one_more.send(request));
    CHECK(status_of(one_more.read_reply()) == 200);
}

TEST_CASE("front: strangers share a few connections, agents keep theirs", "[front]") {
    FrontServer server(tell, {});
    const auto declared = server.agents;
    server.on_loop([&] { server.agents.clear(); });
    std::vector<Client> strangers;
    for (std::size_t i = 0; i < max_stranger_connections_per_uid; ++i) {
        strangers.emplace_back(server.agent_socket());
        REQUIRE(strangers.back().send(post("/v1/echo", "{}")));
        CHECK(status_of(strangers.back().read_reply()) == 200);
    }
    Client one_more(server.agent_socket());
    REQUIRE(one_more.send(post("/v1/echo", "{}")));
    CHECK(status_of(one_more.read_all()) == 429);
    server.on_loop([&] { server.agents = declared; });
    Client agent(server.agent_socket());
    REQUIRE(agent.send(whoami));
    CHECK(status_of(agent.read_reply()) == 200);
}

TEST_CASE("front: what agents map never takes the descriptors kept for operators", "[front]") {
    FrontServer server(tell, {});
    const int lowest = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    REQUIRE(::close(lowest) == 0);
    // Room for both ends of the connection and the pidfd, not for the files that are measured.
    const auto ceiling = static_cast<std::size_t>(lowest) + 3;
    server.on_loop([&] { server.front.descriptor_ceiling = ceiling; });
    Client agent(server.agent_socket());
    REQUIRE(agent.send(whoami));
    const auto reply = agent.read_reply();
    CHECK(status_of(reply) == 503);
    CHECK(has(reply, "too_many_requests"));
    server.on_loop([&] { server.front.descriptor_ceiling = 100'000; });
    REQUIRE(agent.send(whoami));
    CHECK(status_of(agent.read_reply()) == 200);
}
