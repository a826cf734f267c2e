// What Holdfast finds in a TPM at start, keeps, makes or refuses.
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/tpm_host.h"

using namespace holdfast;
using tests::TpmHost;

namespace {

void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("srk: one that fits is kept, RSA too", "[integration][tpm][srk]") {
    NEEDS_SWTPM();
    const std::string algorithm = GENERATE("rsa2048:aes128cfb", "ecc256:aes128cfb");
    TpmHost host;
    REQUIRE(host.chip.run("tpm2_createprimary -Q -C o -G " + algorithm +
                          " -c p.ctx && "
                          "tpm2_evictcontrol -Q -C o -c p.ctx 0x81000001 && "
                          "tpm2_readpublic -Q -c 0x81000001 -n before") == 0);
    OPENED(host);
    const auto key = host.create_agent("bot");
    CHECK(host.keys().sign(key.id, view_of("x")));
    REQUIRE(host.chip.run("tpm2_readpublic -Q -c 0x81000001 -n after && cmp before after") == 0);
}

TEST_CASE("srk: a key that is no storage root is refused", "[integration][tpm][srk]") {
    NEEDS_SWTPM();
    TpmHost host;
    REQUIRE(host.chip.run("tpm2_createprimary -Q -C o -G ecc256:ecdsa -a 'fixedtpm|fixedparent|"
                          "sensitivedataorigin|userwithauth|sign' -c p.ctx && "
                          "tpm2_evictcontrol -Q -C o -c p.ctx 0x81000001") == 0);
    const auto opened = host.open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == Code::denied);
}

TEST_CASE("srk: an evicted one comes back as itself", "[integration][tpm][srk]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("bot");
    host.close();
    REQUIRE(host.chip.run("tpm2_evictcontrol -Q -C o -c 0x81000001") == 0);
    OPENED(host);
    CHECK(host.keys().sign(key.id, view_of("x")));
}

TEST_CASE("srk: another one in its place is refused", "[integration][tpm][srk]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    host.close();
    SECTION("by whoever has owner auth") {
        REQUIRE(host.chip.run("tpm2_evictcontrol -Q -C o -c 0x81000001 && tpm2_createprimary -Q -C "
                              "o -G rsa2048:aes128cfb -c p.ctx && tpm2_evictcontrol -Q -C o -c "
                              "p.ctx 0x81000001") == 0);
    }
    SECTION("because the TPM was cleared") {
        REQUIRE(host.chip.run("tpm2_clear -c p") == 0);
    }
    const auto opened = host.open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().reason() == "other_tpm");
}

TEST_CASE("hierarchy auth: comes from files, and a wrong one is denied", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    REQUIRE(host.chip.run("tpm2_changeauth -c o owner-secret && "
                          "tpm2_changeauth -c e endorsement-secret") == 0);
    const auto without = host.open();
    REQUIRE_FALSE(without);
    CHECK(without.error().code() == Code::denied);
    auto options = host.options();
    options.owner_auth_file = host.state.file("owner");
    options.endorsement_auth_file = host.state.file("endorsement");
    CHECK(hsm::Tpm::open(options).error().code() == Code::unavailable);  // no such files
    write_file(options.owner_auth_file, "owner-secret\n");
    write_file(options.endorsement_auth_file, "endorsement-secret");
    auto opened = hsm::Tpm::open(options);
    if (!opened) FAIL(opened.error().text());
    const auto key = (*opened)->keys().create(
        {.purpose = Purpose::action, .agent = "bot", .algorithm = KeyAlgorithm::es256});
    REQUIRE(key);
    CHECK((*opened)->keys().sign(key->id, view_of("x")));
}

TEST_CASE("keys directory: one that others can look into is refused", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    host.close();
    std::filesystem::permissions(host.keys_dir(), std::filesystem::perms::group_read,
                                 std::filesystem::perm_options::add);
    const auto opened = host.open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == Code::denied);
}

TEST_CASE("host fuse: removed with owner auth, it ends all keys and serves new ones only",
          "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("bot");
    host.close();
    REQUIRE(host.chip.run("tpm2_nvundefine -C o " + std::to_string(key.host_fuse.nv_index)) == 0);
    OPENED(host);
    CHECK(host.keys().sign(key.id, view_of("x")).error().reason() == "fuse_blown");
    CHECK(*host.keys().fuse_state(key.id) == hsm::FuseState::blown);
    CHECK(host.keys().sign(host.create_agent("bot").id, view_of("x")));
}
