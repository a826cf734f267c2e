// How keys in a token begin and end when disk or token do not do what they should.
#include <filesystem>
#include <fstream>

#include "tests/support/bent_token.h"
#include "tests/support/token_host.h"

using namespace holdfast;
using hsm::FuseState;
using hsm::NewKey;
using tests::agent_key;
using tests::BentToken;
using tests::made;
using tests::TokenHost;

namespace {

const NewKey ca{.purpose = Purpose::certificate, .agent = "", .algorithm = KeyAlgorithm::es256};

std::size_t objects_in(TokenHost& host) {
    REQUIRE(host.soft.tool("--list-objects") == 0);
    std::size_t count = 0;
    const std::string& said = host.soft.output;
    for (auto at = said.find("Key Object"); at != std::string::npos;
         at = said.find("Key Object", at + 1))
        ++count;
    return count;
}

// From here on this record cannot be written: what stands in the way is no file.
void keep_from_being_written(const TokenHost& host, const std::string& key) {
    std::filesystem::create_directories(host.key_file(key + ".token.json.unfinished"));
}

void edit_record(const TokenHost& host, const std::string& key, const std::string& old,
                 const std::string& with) {
    const std::string path = host.key_file(key + ".token.json");
    std::ifstream in(path);
    std::string text(std::istreambuf_iterator<char>(in), {});
    REQUIRE(text.find(old) != std::string::npos);
    text.replace(text.find(old), old.size(), with);
    std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("token: a disk that takes no record keeps no key from ending", "[hsm][pkcs11][judge]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    const auto key = made(keys, agent_key("bot"));
    keep_from_being_written(host, key.id);
    CHECK(keys.blow_fuse(key.id));
    CHECK(objects_in(host) == 0);
    CHECK(keys.sign(key.id, view_of("x")).error().reason() == "fuse_blown");
    // Also for who knows the disk alone.
    CHECK(*host.open().fuse_state(key.id) == FuseState::blown);
}

TEST_CASE("token: an end that neither disk nor token takes is refused here, and told as not done",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    const auto key = made(keys, agent_key("bot"));
    keep_from_being_written(host, key.id);
    bent.destroy_object = CKR_ACTION_PROHIBITED;
    const auto ended = keys.blow_fuse(key.id);
    REQUIRE_FALSE(ended);
    CHECK(ended.error().retry() == Retry::later);
    CHECK(keys.sign(key.id, view_of("x")).error().reason() == "fuse_blown");
    CHECK(*keys.fuse_state(key.id) == FuseState::blown);
}

TEST_CASE("token: a key is ready only when it has signed", "[hsm][pkcs11][judge]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    bent.sign_init = CKR_DEVICE_REMOVED;  // the process ends here, and undoes nothing
    CHECK(keys.create(agent_key("bot")).error().reason() == hsm::token_lost);
    bent.sign_init = CKR_OK;
    CHECK(objects_in(host) == 2);
    CHECK(host.open().list()->empty());
    CHECK(objects_in(host) == 0);
}

TEST_CASE("token: what is left of a host key is destroyed before another is made",
          "[hsm][pkcs11][judge]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    bent.sign_init = CKR_FUNCTION_FAILED;
    bent.destroy_object = CKR_ACTION_PROHIBITED;
    CHECK_FALSE(keys.create(ca));
    bent.sign_init = CKR_OK;
    // The old one would be alive and known to nobody.
    CHECK(keys.create(ca).error().reason() == "token_forbids");
    CHECK(host.open().create(ca).error().reason() == "token_forbids");
    bent.destroy_object = CKR_OK;
    CHECK(host.token->keys().create(ca));
    CHECK(objects_in(host) == 2);
}

TEST_CASE("token: a key that cannot be looked at keeps no other from being listed and from signing",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    const auto odd = made(keys, agent_key("odd", KeyAlgorithm::rs256_2048));
    const auto other = made(keys, agent_key("other"));
    bent.unreadable_attribute = CKA_MODULUS;
    hsm::KeyStore& again = host.open();
    const auto listed = again.list();
    REQUIRE(listed);
    REQUIRE(listed->size() == 2);
    CHECK(listed->front().id == odd.id);
    CHECK(listed->front().custody == Custody::unproven);
    CHECK(again.sign(other.id, view_of("x")));
    CHECK_FALSE(again.sign(odd.id, view_of("x")));
    bent.unreadable_attribute = CK_UNAVAILABLE_INFORMATION;
    CHECK(again.sign(odd.id, view_of("x")));
}

TEST_CASE("token: the host's end reaches keys of a token that is away, when it is back",
          "[hsm][pkcs11][judge]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    const auto key = made(host.open(), agent_key("bot"));
    const std::string serial = host.token->serial();
    edit_record(host, key.id, serial, "0123456789abcdef");
    hsm::KeyStore& elsewhere = host.open();
    CHECK(elsewhere.blow_host_fuse().error().reason() == "other_token");
    edit_record(host, key.id, "0123456789abcdef", serial);
    CHECK(*host.open().fuse_state(key.id) == FuseState::blown);
    CHECK(objects_in(host) == 0);
}
