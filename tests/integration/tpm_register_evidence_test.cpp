// What a verifier says of a real register whose log, index or PCR somebody with root has changed.
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "attest/evidence/challenge.h"
#include "attest/evidence/pack.h"
#include "holdfast/verifier.h"
#include "tests/support/appraisal.h"
#include "tests/support/catch.h"
#include "tests/support/register_host.h"

using namespace holdfast;
using attest::CelRecord;
using tests::RegisterHost;

namespace {

using Rules = std::set<std::string>;

// A host that launched one agent and stopped another.
struct World {
    RegisterHost host;
    KeyDescription key;

    void begin() {
        OPENED(host);
        key = host.create_agent("deploy-bot");
        REQUIRE(host.extend("launch"));
        REQUIRE(host.extend("stop"));
        host.close();
    }

    attest::Appraisal appraised() {
        OPENED(host);
        Evidence evidence;
        evidence.nonce = Bytes(16, 7);
        evidence.verifier = "me";
        evidence.register_events = host.status().events;
        const auto challenge =
            attest::challenge_digest({.nonce = evidence.nonce,
                                      .verifier = evidence.verifier,
                                      .key_name = key.name,
                                      .credential = {},
                                      .ledger_head = {},
                                      .register_events = evidence.register_events});
        auto tpm = host.tpm->quoter().attest(key.id, *challenge);
        if (!tpm) FAIL(tpm.error().text());
        evidence.tpm = *std::move(tpm);
        const attest::Expectations expected{.now = 1,
                                            .profile = attest::Profile::evaluation,
                                            .ca_roots = {},
                                            .ek_roots = {},
                                            .nonce = evidence.nonce,
                                            .verifier = {},
                                            .audience = {},
                                            .agent = {},
                                            .enrolment = {},
                                            .manifests = {},
                                            .accept_unproven_boot = false,
                                            .accept_claimed_hsm = false,
                                            .anchor_pcr = default_anchor_pcr};
        return *attest::verify_evidence(attest::pack(evidence), expected);
    }

    // With every digest and number as it should be.
    void rewrite(const std::function<void(std::vector<CelRecord>&)>& edit) {
        auto records = *attest::parse_cel(host.log());
        edit(records);
        std::string text;
        std::uint64_t number = 0;
        for (const CelRecord& record : records)
            text += attest::to_cel_line(
                *attest::make_cel_record(number++, record.place, record.index, record.content));
        host.write_log(text);
    }
};

Rules failed_after(const std::function<void(World&)>& attack) {
    World world;
    world.begin();
    attack(world);
    const auto appraisal = world.appraised();
    CHECK(world.host.status().state == RegisterState::broken);
    CHECK_FALSE(appraisal.accepted());
    return tests::failed(appraisal);
}

const std::string attributes = "'nt=extend|orderly|clear_stclear|no_da|authread|authwrite'";

// Undefined, defined again as it was: empty, under the same Name.
void define_anew(RegisterHost& host) {
    if (host.chip.run("tpm2_nvundefine -C o 0x18010ff && tpm2_nvdefine 0x18010ff -g sha256 -a " +
                      attributes + " -p hex:" + host.auth()) != 0)
        FAIL(host.chip.output);
}

void extend_pcr(RegisterHost& host, const Sha256& digest) {
    REQUIRE(host.chip.run("tpm2_pcrextend 13:sha256=" + encode::hex(digest)) == 0);
}

}  // namespace

TEST_CASE("register: evidence of a host that was left alone is accepted",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    World world;
    world.begin();
    const auto appraisal = world.appraised();
    CHECK(tests::failed(appraisal).empty());
    CHECK(appraisal.accepted());
    CHECK(appraisal.launches.size() == 1);
}

TEST_CASE("register: an edited log, replayed into a register defined anew, fails its anchor",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    // Whoever does it well: an anchor of their own, the events they like, all of it consistent.
    const auto failed = failed_after([](World& world) {
        RegisterHost& host = world.host;
        auto log = *attest::read_register_log(host.log());
        define_anew(host);
        REQUIRE(host.extend_by_tools(std::string(64, 'a')) == 0);
        log.anchor.value = host.held();
        world.rewrite([&](std::vector<CelRecord>& records) {
            records[0].content = attest::to_content(log.anchor);
            records.pop_back();
        });
        const auto records = *attest::parse_cel(host.log());
        REQUIRE(host.extend_by_tools(encode::hex(records[1].digest)) == 0);
        extend_pcr(host, records[0].digest);
        REQUIRE(host.held() == host.replayed());  // the register says what the log says
    });
    CHECK(failed == Rules{"register.anchor"});
}

TEST_CASE("register: an edited log, replayed under the old anchor, fails its value",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    // The random bytes of the anchor are gone, so its value cannot be reached again.
    const auto failed = failed_after([](World& world) {
        define_anew(world.host);
        world.rewrite([](std::vector<CelRecord>& records) { records.pop_back(); });
        const auto records = *attest::parse_cel(world.host.log());
        REQUIRE(world.host.extend_by_tools(encode::hex(records[1].digest)) == 0);
    });
    CHECK(failed == Rules{"register.value"});
}

TEST_CASE("register: each way to change the log alone is caught, by a rule with a name",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    const auto rewritten = [](auto edit) {
        return failed_after([=](World& world) { world.rewrite(edit); });
    };
    using Records = std::vector<CelRecord>;
    CHECK(rewritten([](Records& r) { r[1].content = RegisterHost::content("stop"); }) ==
          Rules{"register.value"});
    CHECK(rewritten([](Records& r) { std::swap(r[1], r[2]); }) == Rules{"register.value"});
    CHECK(rewritten([](Records& r) { r.erase(r.begin() + 1); }) == Rules{"register.value"});
    CHECK(rewritten([](Records& r) { r.pop_back(); }) == Rules{"register.value"});
    CHECK(rewritten([](Records& r) { r.resize(1); }) == Rules{"register.value"});
    CHECK(failed_after([](World& world) {
              std::string text = world.host.log();
              text.replace(text.rfind("\"stop\""), 6, "\"kill\"");
              world.host.write_log(text);
          }) == Rules{"register.log"});
    CHECK(failed_after([](World& world) { std::filesystem::remove(world.host.logs().back()); }) ==
          Rules{"register.anchor"});
    CHECK(failed_after([](World& world) { extend_pcr(world.host, Sha256{1}); }) ==
          Rules{"register.anchor"});
    CHECK(failed_after([](World& world) {
              REQUIRE(world.host.extend_by_tools(std::string(64, 'b')) == 0);
          }) == Rules{"register.value"});
}

TEST_CASE("register: an index of somebody else in its place shows no register that passes",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    const auto failed = failed_after([](World& world) {
        REQUIRE(world.host.chip.run("tpm2_nvundefine -C o 0x18010ff") == 0);
        world.host.occupy_index();
    });
    CHECK(failed == Rules{"register.format", "register.signature"});
}
