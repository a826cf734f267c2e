// A blown fuse holds against whoever has the blob, the state directory of yesterday and owner auth.
// tpm2-tools do what a patched daemon would: they speak to the chip directly.
#include <fstream>
#include <sstream>
#include <string>

#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "core/encode/pem.h"
#include "hsm/tpm/key_blob.h"
#include "hsm/tpm/templates.h"
#include "tests/support/catch.h"
#include "tests/support/tpm_host.h"

using namespace holdfast;
using tests::TpmHost;

namespace {

const std::string message = "what is signed";

std::string text_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, ByteView bytes) {
    std::ofstream(path, std::ios::binary) << text_of(bytes);
}

std::string hex_member(const std::string& path, const char* member) {
    const auto json = encode::parse_json(text_of_file(path));
    return encode::hex(*encode::from_base64url(*json->find(member)->string()));
}

std::string big_endian_hex(std::uint64_t value) {
    Bytes bytes;
    for (int shift = 56; shift >= 0; shift -= 8)
        bytes.push_back(static_cast<std::uint8_t>(value >> shift));
    return encode::hex(bytes);
}

bool has_index(TpmHost& host, std::uint32_t index) {
    REQUIRE(host.chip.run("tpm2_getcap handles-nv-index") == 0);
    std::ostringstream line;
    line << "- 0x" << std::hex << std::uppercase << index << '\n';
    return host.chip.output.find(line.str()) != std::string::npos;
}

// What root can do with all of keys/: satisfy both terms with the fuses' own auth values, sign.
// The chip itself says whether the policy holds.
class Attack {
  public:
    Attack(TpmHost& host, const KeyDescription& key) : host_(host), key_(key) {
        const std::string pem = text_of_file(host.keys_dir() + "/" + key.id + ".pem");
        const auto areas = hsm::from_key_blob(pem, hsm::srk_handle);
        REQUIRE(areas);
        write_file(host.chip.file("key.pub"), areas->public_area);
        write_file(host.chip.file("key.priv"), areas->private_area);
        agent_auth_ = hex_member(host.keys_dir() + "/" + key.id + ".json", "agent_fuse_auth");
        host_auth_ = hex_member(host.keys_dir() + "/host-fuse.json", "auth");
    }

    bool signs() {
        return host_.chip.run(
                   "tpm2_load -Q -C 0x81000001 -u key.pub -r key.priv -c key.ctx && "
                   "tpm2_startauthsession -S s.ctx --policy-session && " +
                   policy_nv(key_.agent_fuse, agent_auth_, "a.bin") + " && " +
                   policy_nv(key_.host_fuse, host_auth_, "h.bin") +
                   " && echo hello > m && tpm2_sign -Q -c key.ctx -p session:s.ctx -g sha256 "
                   "-o m.sig m; status=$?; tpm2_flushcontext s.ctx; tpm2_flushcontext -t; "
                   "exit $status") == 0;
    }
    const std::string& agent_auth() const { return agent_auth_; }

  private:
    static std::string policy_nv(const Fuse& fuse, const std::string& auth,
                                 const std::string& file) {
        const std::string index = std::to_string(fuse.nv_index);
        return "printf " + big_endian_hex(fuse.value) + " | xxd -r -p > " + file +
               " && tpm2_policynv -Q -S s.ctx -C " + index + " -P hex:" + auth + " -i " + file +
               " " + index + " eq";
    }

    TpmHost& host_;
    KeyDescription key_;
    std::string agent_auth_;
    std::string host_auth_;
};

}  // namespace

TEST_CASE("fuse: the direct attempt works before, so its failure later means something",
          "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    host.close();
    Attack attack(host, key);
    const bool signed_directly = attack.signs();
    INFO(host.chip.output);
    CHECK(signed_directly);
}

TEST_CASE("fuse: after the fuse the chip itself refuses the blob", "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    Attack attack(host, key);
    REQUIRE(host.keys().blow_fuse(key.id));
    CHECK_FALSE(attack.signs());
    // TPM_RC_POLICY, from the chip: not a missing file, a wrong password or a full slot.
    CHECK(host.chip.output.find("0x126") != std::string::npos);
}

TEST_CASE("fuse: yesterday's state directory does not bring the key back",
          "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    host.close();
    const std::string backup = host.state.file("backup");
    tests::copy_directory(host.keys_dir(), backup);
    OPENED(host);
    REQUIRE(host.keys().blow_fuse(key.id));
    REQUIRE(host.keys().destroy(key.id));
    host.close();

    tests::copy_directory(backup, host.keys_dir());
    OPENED(host);
    REQUIRE(host.keys().describe(key.id));
    const auto refused = host.keys().sign(key.id, view_of(message));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason() == "fuse_blown");
    CHECK(*host.keys().fuse_state(key.id) == hsm::FuseState::blown);
    CHECK_FALSE(Attack(host, key).signs());
}

TEST_CASE("fuse: defining the counter anew with owner auth does not bring the key back",
          "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    Attack attack(host, key);
    REQUIRE(host.keys().blow_fuse(key.id));
    const std::string index = std::to_string(key.agent_fuse.nv_index);
    // Same attributes, same auth value, counted once: the same Name, and even so a later value.
    REQUIRE(host.chip.run("tpm2_nvundefine -C o " + index +
                          " && tpm2_nvdefine -Q -C o -s 8 -a "
                          "'nt=counter|authread|authwrite|ownerread|ownerwrite|no_da' -p hex:" +
                          attack.agent_auth() + " " + index + " && tpm2_nvincrement -C " + index +
                          " -P hex:" + attack.agent_auth() + " " + index) == 0);
    CHECK_FALSE(attack.signs());
    CHECK(host.chip.output.find("0x126") != std::string::npos);
    CHECK(host.keys().sign(key.id, view_of(message)).error().reason() == "fuse_blown");
    CHECK(*host.keys().fuse_state(key.id) == hsm::FuseState::blown);
}

TEST_CASE("fuse: a counter that was removed ends its key", "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    REQUIRE(host.chip.run("tpm2_nvundefine -C o " + std::to_string(key.agent_fuse.nv_index)) == 0);
    CHECK(host.keys().sign(key.id, view_of(message)).error().reason() == "fuse_blown");
    CHECK(*host.keys().fuse_state(key.id) == hsm::FuseState::blown);
    CHECK(host.keys().destroy(key.id));
}

TEST_CASE("fuse: an unclean stop of the TPM moves no counter", "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    for (int cut = 0; cut < 3; ++cut) {
        host.chip.restart();
        OPENED(host);
        REQUIRE(host.keys().sign(key.id, view_of(message)));
    }
}

TEST_CASE("fuse: a retired key gives its index back", "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto first = host.create_agent("deploy-bot");
    REQUIRE(host.keys().blow_fuse(first.id));
    REQUIRE(host.keys().destroy(first.id));
    const auto second = host.create_agent("deploy-bot");
    CHECK(second.agent_fuse.nv_index == first.agent_fuse.nv_index);
    CHECK(second.agent_fuse.value > first.agent_fuse.value);
    CHECK(host.keys().sign(second.id, view_of(message)));
}

TEST_CASE("fuse: a key half made by a crash is undone at the next start",
          "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    REQUIRE(has_index(host, key.agent_fuse.nv_index));
    host.close();
    // As on the disk between the intention and the finished key, with the counter defined already.
    const std::string path = host.keys_dir() + "/" + key.id + ".json";
    std::string record = text_of_file(path);
    record.replace(record.find(R"("stage":"ready")"), 15, R"("stage":"making")");
    write_file(path, view_of(record));
    OPENED(host);
    CHECK(host.keys().describe(key.id).error().code() == Code::not_found);
    CHECK(host.keys().list()->empty());
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK_FALSE(has_index(host, key.agent_fuse.nv_index));
    CHECK(host.create_agent("deploy-bot").id == "agent-deploy-bot-2");
}

TEST_CASE("fuse: cleaning up never removes an index of somebody else", "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    const std::string index = std::to_string(key.agent_fuse.nv_index);
    host.close();
    const std::string path = host.keys_dir() + "/" + key.id + ".json";
    std::string record = text_of_file(path);
    record.replace(record.find(R"("stage":"ready")"), 15, R"("stage":"making")");
    write_file(path, view_of(record));
    REQUIRE(host.chip.run("tpm2_nvundefine -C o " + index +
                          " && tpm2_nvdefine -Q -C o -s 8 -a "
                          "'nt=counter|authread|authwrite|ownerread|ownerwrite|no_da' -p theirs " +
                          index) == 0);
    OPENED(host);
    CHECK(has_index(host, key.agent_fuse.nv_index));
}
