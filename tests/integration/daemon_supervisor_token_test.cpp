// Which workers a host has, and how the token's one comes to its PIN file.
#include <sys/stat.h>

#include <fstream>

#include "tests/support/supervised_daemon.h"

using namespace holdfast::tests;

namespace {

struct TokenDaemon : Daemon {
    std::string pin = folder.file("pin");

    // Mode 0600, both: others may not read the one or write the other.
    void write(const std::string& path, const std::string& text) const {
        std::ofstream(path) << text;
        fs::permissions(path, fs::perms(0600));
    }
    void configure(const std::string& more) const {
        write(folder.file("holdfastd.conf"),
              "[pkcs11]\nmodule = /usr/lib/vendor.so\ntoken = pkcs11:token=agents\npin_file = " +
                  pin + "\n" + more);
    }
    std::string inode_of_pin() const {
        struct stat facts{};
        REQUIRE(::stat(pin.c_str(), &facts) == 0);
        return std::to_string(facts.st_ino);
    }
    Report next_token_worker() {
        tell('p');
        return report();
    }
};

}  // namespace

TEST_CASE("supervisor: a token has a worker of its own, and it alone gets the PIN file",
          "[daemon][supervisor][token]") {
    TokenDaemon daemon;
    daemon.write(daemon.pin, "1234\n");
    daemon.configure("");
    daemon.start_dev();
    const auto children = daemon.ready(4);
    CHECK(children.at("keys-pkcs11").field("pin") == daemon.inode_of_pin());
    CHECK(children.at("keys-pkcs11").field("fds") == "0,1,2,3,4,5,6,");
    CHECK(children.at("keys-pkcs11").field("environment") == "PATH,LC_ALL,TSS2_LOG,");
    for (const char* name : {"front", "keys-tpm", "measurer"})
        CHECK(children.at(name).field("pin") == "0");
}

TEST_CASE("supervisor: a host without a TPM has no worker for one", "[daemon][supervisor][token]") {
    TokenDaemon daemon;
    daemon.write(daemon.pin, "1234\n");
    daemon.configure("[tpm]\ntcti = none\n[host]\nkeys = pkcs11\n");
    daemon.start_dev();
    const auto children = daemon.ready(3);
    CHECK(children.contains("keys-pkcs11"));
    CHECK(children.contains("measurer"));
    CHECK_FALSE(children.contains("keys-tpm"));
}

TEST_CASE("supervisor: the token's worker starts without a PIN file, and finds it once it is there",
          "[daemon][supervisor][token]") {
    TokenDaemon daemon;
    daemon.configure("");
    daemon.start_dev();
    CHECK(daemon.ready(4).at("keys-pkcs11").field("fds") == "0,1,2,3,4,5,");
    daemon.write(daemon.pin, "1234\n");
    const auto next = daemon.next_token_worker();
    CHECK(next.name == "keys-pkcs11");
    CHECK(next.field("pin") == daemon.inode_of_pin());
    // And another one that took its place.
    daemon.write(daemon.pin + ".new", "5678\n");
    fs::rename(daemon.pin + ".new", daemon.pin);
    CHECK(daemon.next_token_worker().field("pin") == daemon.inode_of_pin());
}

TEST_CASE("supervisor: a PIN file that others can read is not handed over",
          "[daemon][supervisor][token]") {
    TokenDaemon daemon;
    daemon.write(daemon.pin, "1234\n");
    REQUIRE(::chmod(daemon.pin.c_str(), 0644) == 0);
    daemon.configure("");
    daemon.start_dev();
    CHECK(daemon.ready(4).at("keys-pkcs11").field("pin") == "0");
}

TEST_CASE("supervisor: as root the token's worker is the keys user, without capabilities",
          "[daemon][supervisor][token]") {
    if (::geteuid() != 0) HOLDFAST_SKIP("needs root");
    TokenDaemon daemon;
    daemon.write(daemon.pin, "1234\n");
    const std::string config = daemon.folder.file("root.conf");
    daemon.write(config, "[host]\nname = test\nkeys = pkcs11\n[paths]\nstate = " +
                             daemon.folder.file("state") +
                             "\nlibexec = " + daemon.folder.file("bin") +
                             "\n[listen]\nagent_socket = " + daemon.folder.file("agent.sock") +
                             "\nadmin_socket = " + daemon.folder.file("admin.sock") +
                             "\nadmin_group = adm\n[tpm]\ntcti = none\n"
                             "[users]\nfront = daemon\nkeys = bin\nmeasurer = games\n"
                             "[pkcs11]\nmodule = /v.so\ntoken = pkcs11:token=a\npin_file = " +
                             daemon.pin + "\n");
    daemon.start({"--config", config});
    const auto children = daemon.ready();
    const auto& worker = children.at("keys-pkcs11");
    CHECK(worker.field("uid") == "2");
    CHECK(worker.field("caps") == "0000000000000000");
    CHECK(worker.field("pin") == daemon.inode_of_pin());
    const auto pidfds = pidfds_of(children);
    daemon.signal(SIGKILL);
    for (const auto& pidfd : pidfds)
        wait_for(pidfd.get());
}
