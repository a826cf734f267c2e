// Launches: is this agent's code among what was launched, and was anything else?
#include <algorithm>

#include "attest/eventlog/register_log.h"
#include "core/encode/json.h"
#include "tests/support/bent_evidence.h"

using namespace holdfast;
using namespace holdfast::tests;

namespace {

std::string ending(const std::string& type, const std::string& instance,
                   const std::string& agent = "deploy-bot") {
    encode::Json::Object content = {{"type", type}, {"agent", agent}, {"time", 1}};
    if (!instance.empty()) content["instance"] = instance;
    return encode::canonical(encode::Json(content));
}

Bends then(std::vector<std::string> more) {
    return {.events = [more](std::vector<std::string>& events) {
        events.insert(events.end(), more.begin(), more.end());
    }};
}

// The launch with one member changed.
Bends with(const char* member, const std::string& value) {
    return {.events = [=](std::vector<std::string>& events) {
        auto content = *encode::parse_json(events.front())->object();
        content[member] = value;
        events.front() = encode::canonical(encode::Json(content));
    }};
}

Appraisal without_manifests(const Bends& bends) {
    const SoftwareAttester host(bends);
    Expectations expected = host.expectations(Profile::production);
    expected.manifests.reset();
    auto appraisal = verify_evidence(host.packed(), expected);
    REQUIRE(appraisal);
    return *std::move(appraisal);
}

Rules failed_without_manifests(const Bends& bends) {
    return failed(without_manifests(bends));
}

// A line behind what the TPM vouches for.
Bends unvouched(const std::string& content) {
    Bends bends;
    bends.evidence = [=](Evidence& evidence) {
        auto& shown = *evidence.tpm->event_register;
        const auto index = attest::parse_cel(shown.log)->size();
        shown.log += attest::to_cel_line(
            *attest::make_cel_record(index, attest::CelPlace::nv_index, 0x015000FF, content));
    };
    return bends;
}

}  // namespace

TEST_CASE("launch: a credential that says launched needs a launch of this agent, key and code",
          "[attest][verify][register]") {
    const Rules launch = {"register.launch"};
    CHECK(failed_without_manifests(
              {.events = [](std::vector<std::string>& events) { events.clear(); }}) == launch);
    CHECK(failed_without_manifests(with("agent", "other-bot")) == launch);
    CHECK(failed_without_manifests(with("manifest", std::string(64, '0'))) == launch);
    CHECK(failed_without_manifests(with("key_name", "AAAA")) == launch);
    CHECK(failed_without_manifests(with("type", "exec_refused")) == launch);
    CHECK(failed_without_manifests({}).empty());
    CHECK(without_manifests({}).accepted());
}

TEST_CASE("launch: one that ended since is none", "[attest][verify][register]") {
    const Rules launch = {"register.launch"};
    for (const char* type : {"stop", "kill", "revoke", "retire", "suspend"}) {
        INFO(type);
        CHECK(failed_without_manifests(then({ending(type, "instance-1")})) == launch);
        CHECK(failed_without_manifests(then({ending(type, "")})) ==
              launch);  // the agent as a whole
        CHECK(failed_without_manifests(then({ending(type, "instance-2")})).empty());
        CHECK(failed_without_manifests(then({ending(type, "", "other-bot")})).empty());
    }
    CHECK(failed_without_manifests(then({ending("policy", "instance-1")})).empty());
}

TEST_CASE("launch: reinstating ends a suspension and nothing else", "[attest][verify][register]") {
    const auto then_reinstated = [](const char* type) {
        return failed_without_manifests(
            then({ending(type, "instance-1"), ending("reinstate", "")}));
    };
    CHECK(then_reinstated("suspend").empty());
    for (const char* type : {"stop", "kill", "revoke", "retire"})
        CHECK(then_reinstated(type) == Rules{"register.launch"});
}

TEST_CASE("launch: code that was launched again runs again", "[attest][verify][register]") {
    Bends bends;
    bends.events = [](std::vector<std::string>& events) {
        auto content = *encode::parse_json(events.front())->object();
        content["instance"] = "instance-2";
        events.push_back(ending("stop", "instance-1"));
        events.push_back(encode::canonical(encode::Json(content)));
    };
    CHECK(failed_without_manifests(bends).empty());
}

TEST_CASE("launch: what the TPM does not vouch for launches nothing, and may end everything",
          "[attest][verify][register]") {
    Bends bends;
    std::string own;
    bends.events = [&](std::vector<std::string>& events) {
        own = events.front();
        events.clear();
    };
    bends.evidence = [&](Evidence& evidence) {
        evidence.tpm->event_register->log += attest::to_cel_line(
            *attest::make_cel_record(1, attest::CelPlace::nv_index, 0x015000FF, own));
    };
    CHECK(failed_without_manifests(bends) == Rules{"register.launch"});
    CHECK(failed_without_manifests(unvouched(ending("stop", "instance-1"))) ==
          Rules{"register.launch"});
    CHECK(failed_without_manifests(unvouched(ending("stop", "instance-2"))).empty());
}

TEST_CASE("launch: an agent that was only observed needs none", "[attest][verify][register]") {
    Bends bends;
    bends.assurance = "observed";
    bends.events = [](std::vector<std::string>& events) { events.clear(); };
    const Appraisal appraisal = without_manifests(bends);
    CHECK(appraisal.accepted());
    CHECK(not_run(appraisal) == and_possession({"register.launch", "register.manifests"}));
}

TEST_CASE("manifests: every launch on the host must be of one that is given",
          "[attest][verify][register]") {
    const auto failed_with = [](auto change) {
        const SoftwareAttester host;
        Expectations expected = host.expectations(Profile::production);
        change(*expected.manifests);
        return failed(*verify_evidence(host.packed(), expected));
    };
    using Manifests = std::vector<attest::ReferenceManifest>;
    const Rules manifests = {"register.manifests"};
    CHECK(failed_with([](Manifests&) {}).empty());
    CHECK(failed_with([](Manifests& m) { m.clear(); }) == manifests);
    CHECK(failed_with([](Manifests& m) { m[0].digest[0] ^= 1; }) == manifests);
    CHECK(failed_with([](Manifests& m) { m[0].root[0] ^= 1; }) == manifests);
    CHECK(failed_with([](Manifests& m) { m[0].agent = "other-bot"; }) == manifests);
    CHECK(failed_with([](Manifests& m) {
              m.insert(m.begin(), attest::ReferenceManifest{});
          }).empty());

    // Of whichever agent, and whether or not it still runs.
    Bends bends;
    bends.events = [](std::vector<std::string>& events) {
        auto content = *encode::parse_json(events.front())->object();
        content["agent"] = "unknown-bot";
        content["instance"] = "i-3";
        events.push_back(encode::canonical(encode::Json(content)));
        events.push_back(ending("stop", "i-3", "unknown-bot"));
    };
    CHECK(failed(appraise(bends)) == manifests);
}

TEST_CASE("launches: who verifies is told what ran, as far as the register passed",
          "[attest][verify][register]") {
    Bends bends = then({ending("stop", "", "other-bot"), ending("suspend", "instance-1"),
                        ending("reinstate", "")});
    Appraisal appraisal = appraise(bends);
    REQUIRE(appraisal.launches.size() == 1);
    CHECK(appraisal.launches[0].agent == "deploy-bot");
    CHECK(appraisal.launches[0].instance == "instance-1");
    CHECK(appraisal.launches[0].version == 4);
    CHECK(appraisal.launches[0].ended.empty());
    CHECK(appraisal.launches[0].time == SoftwareAttester::now - 500);
    appraisal = appraise(then({ending("kill", "instance-1")}));
    CHECK(appraisal.launches.at(0).ended == "kill");
    bends.signature = [](Part part, TPMT_SIGNATURE& signature) {
        if (part == Part::event_register) signature.signature.ecdsa.signatureS.buffer[5] ^= 1;
    };
    CHECK(appraise(bends).launches.empty());
}
