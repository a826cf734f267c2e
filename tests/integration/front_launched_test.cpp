// A launched agent's connection: what it maps later is measured then, and must be its own.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "core/crypto/digest.h"
#include "daemon/sealed.h"
#include "tests/support/catch.h"
#include "tests/support/front_server.h"
#include "tests/support/measured_child.h"

using namespace holdfast;
using test::Client;
using test::FrontServer;
using test::has;
using test::status_of;
using test::tell;
using test::whoami;

namespace {

Sha256 digest_of(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return *crypto::sha256_of_file(file.get());
}

// This very process, launched as bot: its manifest lists what it maps now, and `more`.
daemon::LaunchedInstance own_launch(const std::string& more) {
    daemon::LaunchedInstance facts;
    facts.pidfd = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
    const attest::MeasureRules rules{.uid = ::getuid(), .allow_writable_executables = true};
    const auto view = attest::measure_process(::getpid(), facts.pidfd.get(), rules);
    REQUIRE(view);
    std::vector<Sha256> code = {digest_of(more)};
    for (const auto& mapping : view->measurement.mappings)
        code.push_back(mapping.digest);
    std::sort(code.begin(), code.end());
    Bytes list;
    for (const auto& digest : code)
        list.insert(list.end(), digest.begin(), digest.end());
    facts.agent = "bot";
    facts.instance = "ab";
    facts.signers = attest::Signers::tree;  // whoever runs the tests may trace this process
    facts.pid = ::getpid();
    facts.uid = ::getuid();
    facts.entrypoint = view->measurement.executable.digest;
    facts.view = Descriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    facts.code = *daemon::seal(list, "code");
    facts.running = true;
    return facts;
}

// Gone with the test, so that the next one maps what it did.
class Mapped {
  public:
    explicit Mapped(const std::string& path) : at_(test::map_executable(path)) {
        REQUIRE(at_ != MAP_FAILED);
    }
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;
    ~Mapped() { (void)::munmap(at_, 4096); }

  private:
    void* at_;
};

}  // namespace

TEST_CASE("front: a launched agent that maps more of its tree is measured again, and goes on",
          "[front][launch]") {
    const test::Directory directory;
    const std::string own = directory.path("own.so");
    const std::string foreign = directory.path("foreign.so");
    test::copy_program("/bin/true", own);
    test::copy_program("/bin/cat", foreign);
    auto facts = own_launch(own);
    FrontServer server(tell, {});
    server.on_loop([&] {
        server.agents["bot"].launch = policy::Launch{};
        CHECK(server.launched.add(std::move(facts)));
    });
    Client client(server.agent_socket());
    REQUIRE(client.send(whoami));
    CHECK(has(client.read_reply(), "{|bot||}"));
    REQUIRE(client.send(whoami));
    CHECK(status_of(client.read_reply()) == 200);
    server.on_loop([&] { CHECK(server.measurer.measured == 1); });

    const Mapped late(own);
    REQUIRE(client.send(whoami));
    CHECK(has(client.read_reply(), "{|bot||}"));
    server.on_loop([&] { CHECK(server.measurer.measured == 2); });

    // What is not in its manifest ends it, once and for all.
    const Mapped wrong(foreign);
    REQUIRE(client.send(whoami));
    const auto refused = client.read_reply();
    CHECK(status_of(refused) == 403);
    CHECK(has(refused, "measurement_mismatch"));
    CHECK(client.is_closed());
    server.stop();
    REQUIRE(server.refusals.size() == 1);
    CHECK(server.refusals.front().reason == "measurement_mismatch");
}

TEST_CASE("front: a launched agent whose session is over is refused on the connection it has",
          "[front][launch]") {
    const test::Directory directory;
    const std::string own = directory.path("own.so");
    test::copy_program("/bin/true", own);
    auto facts = own_launch(own);
    FrontServer server(tell, {});
    server.on_loop([&] {
        server.agents["bot"].launch = policy::Launch{};
        CHECK(server.launched.add(std::move(facts)));
    });
    Client client(server.agent_socket());
    REQUIRE(client.send(whoami));
    CHECK(status_of(client.read_reply()) == 200);
    server.on_loop([&] { server.launched.end_session("ab"); });
    REQUIRE(client.send(whoami));
    CHECK(has(client.read_reply(), "instance_over"));
    CHECK(client.is_closed());
    server.stop();
    CHECK(server.measurer.measured == 1);
}
