// Custody in the chip, judged from outside with tpm2-tools and openssl.
#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "core/crypto/jws_signature.h"
#include "core/encode/pem.h"
#include "core/tpm2/policy.h"
#include "core/tpm2/structures.h"
#include "tests/support/catch.h"
#include "tests/support/tpm_host.h"

using namespace holdfast;
using tests::TpmHost;

namespace {

const std::string message = "what is signed";

std::size_t lines_with(const std::string& text, const std::string& word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
        ++count;
    return count;
}

std::size_t handles(TpmHost& host, const std::string& kind) {
    REQUIRE(host.chip.run("tpm2_getcap " + kind) == 0);
    return lines_with(host.chip.output, "0x");
}

}  // namespace

TEST_CASE("tpm: a TPM that is not named explicitly is refused", "[integration][tpm]") {
    tests::TemporaryDirectory state;
    hsm::TpmOptions options{.tcti = "",
                            .simulator_allowed = true,
                            .nv_base = 0x01800100,
                            .keys_dir = state.file("keys"),
                            .owner_auth_file = "",
                            .endorsement_auth_file = "",
                            .ek_certificate_dir = "",
                            .anchor_pcr = default_anchor_pcr};
    for (const char* tcti : {"", "swtpm", "swtpm:", "device", "libevil.so:x", "/tmp/evil.so:x"}) {
        options.tcti = tcti;
        const auto opened = hsm::Tpm::open(options);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code() == Code::invalid);
    }
}

TEST_CASE("tpm: a simulator needs leave", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    auto options = host.options();
    options.simulator_allowed = false;
    const auto refused = hsm::Tpm::open(options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::denied);
    OPENED(host);
    CHECK(host.tpm->custody() == Custody::software_tpm);
    CHECK(host.tpm->manufacturer() == "IBM ");
}

TEST_CASE("tpm: 200 signatures over 5 keys leave no handle and no session", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    std::vector<KeyDescription> made;
    for (const char* name : {"a", "b", "c", "d", "e"})
        made.push_back(host.create_agent(name));
    for (int round = 0; round < 200; ++round) {
        const auto& key = made[static_cast<std::size_t>(round * 3) % made.size()];
        const auto raw = host.keys().sign(key.id, view_of(message));
        if (!raw) FAIL(raw.error().text());
        REQUIRE(crypto::verify_es256(key.spki, view_of(message), *raw));
    }
    // While it runs two slots of the three stay free for others; at rest no session is held.
    CHECK(handles(host, "handles-transient") <= 1);
    CHECK(handles(host, "handles-loaded-session") <= 1);
    host.keys().rest();
    CHECK(handles(host, "handles-loaded-session") == 0);
    CHECK(handles(host, "handles-saved-session") == 0);
    host.close();
    CHECK(handles(host, "handles-transient") == 0);
    CHECK(handles(host, "handles-loaded-session") == 0);
}

TEST_CASE("tpm: what a crash left in an owned TPM is flushed at start", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    REQUIRE(host.chip.run("for i in 1 2 3; do tpm2_createprimary -Q -C o -c x$i.ctx; done; "
                          "tpm2_startauthsession -S s.ctx --policy-session") == 0);
    CHECK(handles(host, "handles-transient") == 3);
    OPENED(host);
    host.create_agent("a");
    host.close();
    CHECK(handles(host, "handles-transient") == 0);
    CHECK(handles(host, "handles-loaded-session") == 0);
    CHECK(handles(host, "handles-saved-session") == 0);
}

TEST_CASE("tpm: keys have the attributes and the policy they claim", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    const auto area = tpm2::read_public(key.tpm_public);
    REQUIRE(area);
    // fixedTPM, fixedParent, sensitiveDataOrigin, noDA, sign: and nothing else.
    CHECK(area->attributes == 0x00040432U);
    CHECK(area->algorithm == KeyAlgorithm::es256);
    CHECK(area->name == key.name);
    CHECK(area->spki == key.spki);
    const std::array fuses = {key.agent_fuse, key.host_fuse};
    const auto policy = tpm2::fuse_policy(fuses);
    REQUIRE(policy);
    CHECK(area->auth_policy == Bytes(policy->begin(), policy->end()));
    CHECK(key.agent_fuse.kind == FuseKind::counter);
    CHECK(key.host_fuse.kind == FuseKind::host);
    CHECK(key.agent_fuse.nv_index != key.host_fuse.nv_index);

    const auto ledger = tpm2::read_public(host.create(Purpose::checkpoint, "").tpm_public);
    CHECK(ledger->attributes == 0x00040472U);  // with userWithAuth: no fuse ends it
    CHECK(ledger->auth_policy.empty());
    const auto ak = tpm2::read_public(host.keys().describe("ak")->tpm_public);
    CHECK(ak->attributes == 0x00050472U);  // restricted as well
}

TEST_CASE("tpm: fuse indices have exactly the attributes of a fuse", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    for (const Fuse& fuse : {key.agent_fuse, key.host_fuse}) {
        const auto area = tpm2::read_nv_public(fuse.nv_public);
        REQUIRE(area);
        CHECK(area->index == fuse.nv_index);
        // WRITTEN, NO_DA, AUTHREAD, OWNERREAD, counter, AUTHWRITE, OWNERWRITE.
        CHECK(area->attributes == 0x22060016U);
        CHECK(area->data_size == 8);
    }
    // An index with an empty auth value would let every member of group tss end all agents.
    const std::string index = std::to_string(key.agent_fuse.nv_index);
    CHECK(host.chip.run("tpm2_nvincrement " + index + " -C " + index) != 0);
    CHECK(host.keys().sign(key.id, view_of(message)));
}

TEST_CASE("tpm: keys are the same after a restart of worker and TPM", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    const auto ak = *host.keys().describe("ak");
    host.close();
    host.chip.restart();
    OPENED(host);
    const auto again = host.keys().describe(key.id);
    REQUIRE(again);
    CHECK(again->name == key.name);
    CHECK(again->agent_fuse.value == key.agent_fuse.value);
    CHECK(host.keys().describe("ak")->name == ak.name);
    CHECK(host.keys().sign(key.id, view_of(message)));
}

TEST_CASE("tpm: a TPM reset underneath costs one reload, not the key", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("a");
    REQUIRE(host.keys().sign(key.id, view_of(message)));
    // The TCTI connects anew for each command, so the same Tpm meets a TPM without our objects.
    host.chip.restart();
    const auto raw = host.keys().sign(key.id, view_of(message));
    if (!raw) FAIL(raw.error().text());
    CHECK(crypto::verify_es256(key.spki, view_of(message), *raw));
}

TEST_CASE("tpm: a TPM that is gone ends the connection for good", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("a");
    host.chip.kill();
    const auto lost = host.keys().sign(key.id, view_of(message));
    REQUIRE_FALSE(lost);
    CHECK(lost.error().code() == Code::unavailable);
    CHECK(lost.error().reason() == hsm::connection_lost);
    host.chip.start();
    OPENED(host);
    CHECK(host.keys().sign(key.id, view_of(message)));
}

TEST_CASE("tpm: openssl with the tpm2 provider reads a blob's public half", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    if (host.chip.run("openssl list -providers -provider tpm2") != 0)
        HOLDFAST_SKIP("the tpm2 provider of OpenSSL is not installed");
    const std::string blob = host.keys_dir() + "/" + key.id + ".pem";
    REQUIRE(host.chip.run("openssl pkey -provider tpm2 -provider default -pubout -in " + blob) ==
            0);
    const auto blocks = encode::from_pem(host.chip.output, "PUBLIC KEY");
    REQUIRE(blocks);
    CHECK(blocks->front() == key.spki);
    // Reading is all it can do: the policy stands in the way.
    CHECK(host.chip.run("echo x > m; openssl pkeyutl -provider tpm2 -provider default -sign "
                        "-rawin -digest sha256 -in m -inkey " +
                        blob) != 0);
}

TEST_CASE("tpm: a state directory on another TPM is refused, and says why", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost home;
    OPENED(home);
    const auto key = home.create_agent("deploy-bot");
    TpmHost away;
    tests::copy_directory(home.keys_dir(), away.keys_dir());
    const auto refused = away.open();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::denied);
    CHECK(refused.error().reason() == "other_tpm");
    CHECK(refused.error().text().find("belongs to another TPM") != std::string::npos);
}

TEST_CASE("tpm: one foreign key among ours is denied, ours still sign", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost home;
    TpmHost away;
    OPENED(home);
    const auto foreign = home.create_agent("deploy-bot");
    OPENED(away);
    const auto own = away.create_agent("own");
    for (const char* ending : {".pem", ".json"})
        std::filesystem::copy_file(home.keys_dir() + "/" + foreign.id + ending,
                                   away.keys_dir() + "/" + foreign.id + ending);
    OPENED(away);
    const auto described = away.keys().describe(foreign.id);
    REQUIRE_FALSE(described);
    CHECK(described.error().code() == Code::denied);
    CHECK(described.error().text().find("belongs to another TPM") != std::string::npos);
    CHECK(away.keys().sign(foreign.id, view_of(message)).error().code() == Code::denied);
    CHECK(away.keys().list()->size() == 1);
    CHECK(away.keys().sign(own.id, view_of(message)));
}

TEST_CASE("tpm: a blob of another TPM under our own record does not load", "[integration][tpm]") {
    NEEDS_SWTPM();
    TpmHost home;
    TpmHost away;
    OPENED(home);
    const auto foreign = home.create_agent("bot");
    OPENED(away);
    const auto own = away.create_agent("bot");
    REQUIRE(own.id == foreign.id);
    std::filesystem::copy_file(home.keys_dir() + "/" + foreign.id + ".pem",
                               away.keys_dir() + "/" + own.id + ".pem",
                               std::filesystem::copy_options::overwrite_existing);
    OPENED(away);
    const auto refused = away.keys().sign(own.id, view_of(message));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason() == "other_tpm");
}
