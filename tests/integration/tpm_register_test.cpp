// The register on a software TPM: anchored once in each boot, and equal to its log ever after.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>

#include "attest/eventlog/register_log.h"
#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "core/tpm2/structures.h"
#include "tests/support/catch.h"
#include "tests/support/register_host.h"

using namespace holdfast;
using tests::RegisterHost;

TEST_CASE("register: a boot is anchored once, however often the worker starts",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    const std::string first = host.log();
    CHECK(host.status().state == RegisterState::ready);
    CHECK(host.status().events == 1);
    OPENED(host);
    CHECK(host.log() == first);
    CHECK(host.status().state == RegisterState::ready);
    const auto read = attest::read_register_log(first);
    REQUIRE(read);
    CHECK(host.pcr(13) == encode::hex(read->anchored_pcr()));
    CHECK(read->anchor.value == host.held());
}

TEST_CASE("register: the anchor names the index as it is once written",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    const auto anchor = attest::read_register_log(host.log())->anchor;
    CHECK(encode::hex(anchor.name) == host.name_by_tools());
}

TEST_CASE("register: after each event the TPM holds what the log adds up to",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    for (std::uint64_t events = 2; events < 6; ++events) {
        const auto position = host.extend("launch");
        REQUIRE(position);
        CHECK(position->events == events);
        CHECK(host.replayed() == host.held());
    }
    OPENED(host);  // a worker that was replaced goes on where the log ends
    CHECK(host.status().events == 5);
    REQUIRE(host.extend("stop"));
    CHECK(host.replayed() == host.held());
}

TEST_CASE("register: an event that was logged and not extended is extended at the next start",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    REQUIRE(host.extend("launch"));
    host.close();
    host.append_to_log(host.line(2, "stop"));
    CHECK(host.replayed() != host.held());
    OPENED(host);
    CHECK(host.status().state == RegisterState::ready);
    CHECK(host.status().events == 3);
    CHECK(host.replayed() == host.held());
}

TEST_CASE("register: half a line is what a crash left, and is cut off",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    REQUIRE(host.extend("launch"));
    const std::string whole = host.log();
    host.close();
    const std::string line = host.line(2, "stop");
    host.append_to_log(line.substr(0, line.size() - 1));
    OPENED(host);
    CHECK(host.log() == whole);
    CHECK(host.status().state == RegisterState::ready);
    REQUIRE(host.extend("stop"));
    CHECK(host.replayed() == host.held());
}

TEST_CASE("register: two events behind the log is no crash", "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    host.close();
    host.append_to_log(host.line(1, "launch") + host.line(2, "stop"));
    OPENED(host);
    CHECK(host.status().state == RegisterState::broken);
    CHECK(host.extend("launch").error().reason() == "register_broken");
}

TEST_CASE("register: a crash while it was anchored is begun again",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    host.close();
    host.chip.restart();
    // The index was extended, the log was not written, the PCR was not extended.
    REQUIRE(host.extend_by_tools(std::string(64, 'a')) == 0);
    OPENED(host);
    CHECK(host.status().state == RegisterState::ready);
    CHECK(host.replayed() == host.held());
    CHECK(host.pcr(13) == encode::hex(attest::read_register_log(host.log())->anchored_pcr()));
}

TEST_CASE("register: a TPM reset begins a new log, and keeps so many of earlier boots",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    REQUIRE(host.extend("launch"));
    const std::string before = host.log();
    for (int boot = 0; boot < 10; ++boot) {
        host.close();
        host.chip.restart();
        OPENED(host);
        CHECK(host.status().events == 1);
    }
    CHECK(host.log() != before);
    CHECK(host.logs().size() == 9);  // this boot's and eight before it
}

TEST_CASE("register: a hibernated machine's TPM restarts, and is anchored anew",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    REQUIRE(host.extend("launch"));
    host.close();
    REQUIRE(host.chip.run("tpm2_shutdown") == 0);  // TPM2_Shutdown(STATE), as Linux does
    host.chip.restart();                           // starts CLEAR: a TPM Restart
    OPENED(host);
    const auto log = attest::read_register_log(host.log());
    REQUIRE(log);
    CHECK(log->records.size() == 1);
    CHECK(log->anchor.restart_count == 1);
    CHECK(host.status().state == RegisterState::ready);
    CHECK(host.logs().size() == 2);
}

TEST_CASE("register: a machine that slept goes on with its log", "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    REQUIRE(host.extend("launch"));
    host.close();
    REQUIRE(host.chip.run("tpm2_shutdown") == 0);
    host.chip.resume();  // starts STATE: a TPM Resume
    OPENED(host);
    CHECK(host.status().state == RegisterState::ready);
    CHECK(host.status().events == 2);
    REQUIRE(host.extend("stop"));
    CHECK(host.replayed() == host.held());
}

TEST_CASE("register: a process that slept notices that the TPM restarted before it extends",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    host.close();
    auto slept = std::chrono::milliseconds(0);
    host.open_register([&] { return slept; });
    REQUIRE(host.alone->extend(host.content("launch")));
    REQUIRE(host.chip.run("tpm2_shutdown") == 0);
    host.chip.restart();
    slept += std::chrono::seconds(1);
    const auto position = host.alone->extend(host.content("stop"));
    REQUIRE(position);
    CHECK(position->events == 2);  // the anchor of the new log, and this
    CHECK(host.replayed() == host.held());
}

TEST_CASE("register: without room in the TPM it is absent, and says so",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    host.occupy_index();
    OPENED(host);
    CHECK(host.status().state == RegisterState::absent);
    CHECK(host.status().reason.find("in use by something else") != std::string::npos);
    CHECK(host.extend("launch").error().reason() == "register_absent");
    const auto key = host.create_agent("deploy-bot");
    const auto evidence = host.tpm->quoter().attest(key.id, Sha256{1});
    REQUIRE(evidence);
    CHECK_FALSE(evidence->event_register);
    CHECK(evidence->pcrs.size() == 8);
}

TEST_CASE("register: when the TPM's NV is full it is absent, and keys are made all the same",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    host.close();
    REQUIRE(host.chip.run("tpm2_nvundefine -C o 0x18010ff") == 0);
    host.fill_nv();
    OPENED(host);  // this boot is anchored already
    CHECK(host.status().state == RegisterState::broken);
    host.close();
    host.chip.restart();
    OPENED(host);
    CHECK(host.status().state == RegisterState::absent);
    CHECK(host.extend("launch").error().reason() == "register_absent");
    const auto key = host.create_agent("deploy-bot");
    const auto evidence = host.tpm->quoter().attest(key.id, Sha256{1});
    REQUIRE(evidence);
    CHECK_FALSE(evidence->event_register);
}

TEST_CASE("register: defined anew in the same boot it is broken, and evidence shows it so",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    const auto key = host.create_agent("deploy-bot");
    REQUIRE(host.extend("launch"));
    host.close();
    REQUIRE(host.chip.run("tpm2_nvundefine -C o 0x18010ff") == 0);
    OPENED(host);
    CHECK(host.status().state == RegisterState::broken);
    CHECK(host.extend("stop").error().reason() == "register_broken");
    const auto evidence = host.tpm->quoter().attest(key.id, Sha256{1});
    REQUIRE(evidence);
    REQUIRE(evidence->event_register);
    CHECK(evidence->event_register->certified.attest.empty());
    host.close();
    host.chip.restart();
    OPENED(host);
    CHECK(host.status().state == RegisterState::ready);  // the next boot mends it
}

TEST_CASE("register: an event is a canonical object of a known type, and the anchor is none",
          "[integration][tpm][register]") {
    NEEDS_SWTPM();
    RegisterHost host;
    OPENED(host);
    auto& registrar = host.tpm->registrar();
    CHECK_FALSE(registrar.extend(R"({"type": "launch"})"));
    CHECK_FALSE(registrar.extend(R"({"type":"anchor"})"));
    CHECK_FALSE(registrar.extend(R"({"agent":"x"})"));
    CHECK_FALSE(registrar.extend(R"(["launch"])"));
    CHECK(host.status().events == 1);
    CHECK(host.replayed() == host.held());
}
