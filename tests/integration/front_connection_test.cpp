#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "tests/support/ancillary.h"
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

TEST_CASE("front: a recognised agent's requests reach the handler", "[front]") {
    FrontServer server(tell, {});
    Client client(server.agent_socket());
    REQUIRE(client.send(whoami));
    const auto first = client.read_reply();
    CHECK(status_of(first) == 200);
    CHECK(has(first, "{|bot||}"));
    // The same connection again: not measured a second time.
    REQUIRE(client.send(post("/v1/actions", "{\"a\":1}")));
    CHECK(has(client.read_reply(), "{|bot||{\"a\":1}}"));
    server.stop();
    CHECK(server.measurer.measured == 1);
}

TEST_CASE("front: the admin socket names its principal, and has its own routes", "[front]") {
    FrontServer server(tell, {});
    Client client(server.admin_socket());
    REQUIRE(client.send(post("/v1/agents/bot/suspend", "")));
    const auto reply = client.read_reply();
    CHECK(status_of(reply) == 200);
    CHECK((has(reply, "{uid:" + std::to_string(::getuid()) + "|-|bot|}") || has(reply, "{login:")));
    REQUIRE(client.send(whoami));
    CHECK(status_of(client.read_reply()) == 404);
    Client agent(server.agent_socket());
    REQUIRE(agent.send(status));
    CHECK(status_of(agent.read_reply()) == 404);
}

TEST_CASE("front: a request in pieces is one request", "[front]") {
    FrontServer server(tell, {});
    Client client(server.agent_socket());
    for (const char c : post("/v1/echo", "{\"a\":1}"))
        REQUIRE(client.send(std::string(1, c)));
    CHECK(has(client.read_reply(), "{|-||{\"a\":1}}"));
}

TEST_CASE("front: malformed requests are told why, and the connection ends", "[front]") {
    struct Row {
        std::string request;
        int status;
    };
    const std::string long_line(8UL * 1024, 'x');
    const auto row = GENERATE_COPY(
        Row{"GET /v1/whoami HTTP/1.0\r\nHost: a\r\n\r\n", 505},
        Row{"GET /v1/whoami HTTP/1.1\r\n\r\n", 400},
        Row{"POST /v1/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            501},
        Row{"POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n{",
            400},
        Row{"POST /v1/echo HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n", 417},
        Row{"GET /v1/whoami HTTP/1.1\r\nHost: a\r\nX: " + long_line + "\r\n\r\n", 431},
        Row{"GET /v1/whoami HTTP/1.1\r\nHost: a\r\nX: " + long_line, 431},
        Row{post("/v1/echo", "{}", "text/plain"), 415},
        Row{post("/v1/echo", std::string(64UL * 1024 + 1, ' ')), 413},
        Row{"GET /v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404}, Row{whoami + "G", 400},
        Row{whoami + whoami, 400}, Row{post("/v1/echo", "{}") + "\r\n", 400});
    CAPTURE(row.request.substr(0, 120));
    FrontServer server(tell, {});
    Client client(server.agent_socket());
    (void)client.send(row.request);
    const auto reply = client.read_all();
    CHECK(status_of(reply) == row.status);
    CHECK(has(reply, "\r\nConnection: close\r\n"));
    CHECK(has(reply, "application/problem+json"));
    server.stop();
    CHECK(server.measurer.measured == 0);
}

TEST_CASE("front: the largest head and the largest body are taken", "[front]") {
    FrontServer server(tell, {});
    Client client(server.agent_socket());
    const std::string start = "GET /v1/whoami HTTP/1.1\r\nHost: a\r\nX: ";
    const std::string rest(8UL * 1024 - start.size() - 4, 'x');
    REQUIRE(client.send(start + rest + "\r\n\r\n"));
    CHECK(status_of(client.read_reply()) == 200);
    REQUIRE(client.send(post("/v1/echo", std::string(64UL * 1024, ' '))));
    CHECK(status_of(client.read_reply()) == 200);
}

TEST_CASE("front: another method is answered with those there are", "[front]") {
    FrontServer server(tell, {});
    Client client(server.agent_socket());
    REQUIRE(client.send("DELETE /v1/whoami HTTP/1.1\r\nHost: a\r\n\r\n"));
    const auto reply = client.read_all();
    CHECK(status_of(reply) == 405);
    CHECK(has(reply, "\r\nAllow: GET\r\n"));
}

TEST_CASE("front: a caller who waits for 100 Continue gets it, and the answer", "[front]") {
    FrontServer server(tell, {});
    Client client(server.agent_socket());
    REQUIRE(
        client.send("POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                    "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    CHECK(status_of(client.read_reply()) == 100);
    REQUIRE(client.send("{}"));
    CHECK(has(client.read_reply(), "{|-||{}}"));
}

TEST_CASE("front: a request that never ends is ended", "[front]") {
    test::ServerOptions options;
    options.limits.request = std::chrono::milliseconds(20);
    FrontServer server(tell, options);
    Client client(server.agent_socket());
    REQUIRE(client.send("GET /v1/whoami HTTP/1.1\r\nHost"));
    CHECK(status_of(client.read_all()) == 408);
}

TEST_CASE("front: an idle connection is closed without a word", "[front]") {
    test::ServerOptions options;
    options.limits.idle = std::chrono::milliseconds(20);
    FrontServer server(tell, options);
    Client client(server.agent_socket());
    CHECK(client.read_all().empty());
}

TEST_CASE("front: a stranger is refused, recorded, and never measured", "[front]") {
    FrontServer server(tell, {});
    server.on_loop([&] { server.agents.clear(); });
    Client client(server.agent_socket());
    REQUIRE(client.send(whoami));
    const auto reply = client.read_all();
    CHECK(status_of(reply) == 403);
    CHECK(has(reply, "unrecognised_caller"));
    server.stop();
    CHECK(server.measurer.measured == 0);
    REQUIRE(server.refusals.size() == 1);
    CHECK(server.refusals.front().reason == "unrecognised_caller");
    CHECK(server.refusals.front().uid == ::getuid());
}

TEST_CASE("front: a known uid with other code is refused", "[front]") {
    FrontServer server(tell, {});
    server.on_loop([&] { server.agents.at("bot").executable = Sha256{1}; });
    Client client(server.agent_socket());
    REQUIRE(client.send(whoami));
    CHECK(has(client.read_all(), "measurement_mismatch"));
}

TEST_CASE("front: code loaded between two requests ends the session", "[front]") {
    FrontServer server(tell, {});
    Client client(server.agent_socket());
    REQUIRE(client.send(whoami));
    CHECK(status_of(client.read_reply()) == 200);
    const Descriptor other(::open("/bin/true", O_RDONLY | O_CLOEXEC));
    void* const mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, other.get(), 0);
    REQUIRE(mapped != MAP_FAILED);
    REQUIRE(client.send(whoami));
    const auto reply = client.read_all();
    CHECK(status_of(reply) == 403);
    CHECK(has(reply, "measurement_changed"));
    (void)::munmap(mapped, 4096);
    server.stop();
    REQUIRE(server.refusals.size() == 1);
    CHECK(server.refusals.front().agent == "bot");
}

TEST_CASE("front: bytes of an heir of the socket are not the caller's", "[front]") {
    FrontServer server(tell, {});
    Client client(server.agent_socket());
    REQUIRE(client.send(whoami));
    CHECK(status_of(client.read_reply()) == 200);
    const auto heir = test::Child::forked([&] { (void)client.send(whoami); }, ::getuid());
    const auto reply = client.read_all();
    CHECK(status_of(reply) == 403);
    CHECK(has(reply, "foreign_sender"));
    server.stop();
    REQUIRE(server.refusals.size() == 1);
    CHECK(server.refusals.front().reason == "foreign_sender");
}

TEST_CASE("front: a descriptor sent along is closed, and the request refused", "[front]") {
    FrontServer server(tell, {});
    Client client(server.agent_socket());
    test::Pipe pipe;
    const std::array sent{pipe.write.get()};
    REQUIRE(test::send_with_descriptors(client.descriptor(), whoami, sent));
    const auto reply = client.read_all();
    CHECK(status_of(reply) == 400);
    CHECK(has(reply, "malformed_request"));
    // The server runs in this process: were its copy open, the pipe would not end.
    pipe.write = Descriptor();
    char byte = 0;
    CHECK(::read(pipe.read.get(), &byte, 1) == 0);
}
