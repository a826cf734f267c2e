// The anchor counter on a software TPM: made once, one step at a time, never back.
#include <filesystem>
#include <string>

#include "hsm/key_files.h"
#include "hsm/tpm/fuses.h"
#include "hsm/tpm/key_policy.h"
#include "tests/support/catch.h"
#include "tests/support/tpm_host.h"

using namespace holdfast;
using tests::TpmHost;

namespace {

constexpr const char* index_text = "0x18010fe";

struct AnchorHost : TpmHost {
    AnchorReading read() { return answered(tpm->anchor().read()); }
    AnchorReading advance(std::uint64_t to) { return answered(tpm->anchor().advance(to)); }
    std::string refusal(std::uint64_t to) {
        const auto advanced = tpm->anchor().advance(to);
        return advanced ? "counted" : advanced.error().reason();
    }
    std::uint64_t begun() {
        const auto made = advance(0);
        REQUIRE(made.state == AnchorState::ready);
        return made.value;
    }
    static AnchorReading answered(Result<AnchorReading> reading) {
        if (!reading) FAIL(reading.error().text());
        return *std::move(reading);
    }
    std::string file() const { return keys_dir() + "/anchor-counter.json"; }
    // With owner auth, past the daemon.
    void by_hand(const std::string& verb) {
        close();
        if (chip.run("tpm2_" + verb + " " + index_text) != 0) FAIL(chip.output);
    }
    void define_by_hand(const std::string& attributes) {
        by_hand("nvdefine -Q -C o -s 8 -a '" + attributes + "'");
    }
};

constexpr const char* own_attributes = "nt=counter|authread|authwrite|ownerread|ownerwrite|no_da";

}  // namespace

TEST_CASE("anchor counter: is made when it is first asked for, not before",
          "[integration][tpm][anchor]") {
    NEEDS_SWTPM();
    AnchorHost host;
    OPENED(host);
    CHECK(host.read().state == AnchorState::absent);
    CHECK_FALSE(std::filesystem::exists(host.file()));
    CHECK(host.refusal(1) == "anchor_differs");
    const auto first = host.begun();
    CHECK(first > 0);
    CHECK(host.read() == AnchorReading{AnchorState::ready, first, ""});
    CHECK(host.begun() == first);  // asked again after a lost answer, it is there
}

TEST_CASE("anchor counter: its attributes are a fuse's, its auth value ours alone",
          "[integration][tpm][anchor]") {
    NEEDS_SWTPM();
    AnchorHost host;
    OPENED(host);
    (void)host.begun();
    REQUIRE(host.chip.run(std::string("tpm2_nvreadpublic ") + index_text) == 0);
    CHECK(host.chip.output.find("friendly: ownerwrite|authwrite|nt=0x1|ownerread|authread|no_da|"
                                "written\n") != std::string::npos);
    CHECK(host.chip.output.find("sha256") != std::string::npos);
    CHECK(host.chip.run(std::string("tpm2_nvincrement -C ") + index_text + " " + index_text) != 0);
}

TEST_CASE("anchor counter: counts one step, and once when it is asked twice",
          "[integration][tpm][anchor]") {
    NEEDS_SWTPM();
    AnchorHost host;
    OPENED(host);
    const auto first = host.begun();
    CHECK(host.advance(first + 1).value == first + 1);
    CHECK(host.advance(first + 1).value == first + 1);
    CHECK(host.refusal(first) == "anchor_differs");
    CHECK(host.refusal(first + 3) == "anchor_differs");
    CHECK(host.read().value == first + 1);
}

TEST_CASE("anchor counter: outlives a power cut, exactly", "[integration][tpm][anchor]") {
    NEEDS_SWTPM();
    AnchorHost host;
    OPENED(host);
    const auto to = host.begun() + 1;
    REQUIRE(host.advance(to).value == to);
    host.close();
    host.chip.restart();
    OPENED(host);
    CHECK(host.read().value == to);
}

TEST_CASE("anchor counter: is found and goes on when keys/ was wiped",
          "[integration][tpm][anchor]") {
    NEEDS_SWTPM();
    AnchorHost host;
    OPENED(host);
    const auto first = host.begun();
    host.close();
    const bool is_replaced = GENERATE(false, true);
    std::filesystem::remove(host.file());
    if (is_replaced) {
        // Another state directory's: an auth value that opens nothing here.
        hsm::IndexRecord other;
        other.index = 0x018010FE;
        other.auth = SecretBytes(Bytes(32, 7));
        REQUIRE(hsm::KeyFiles::open(host.keys_dir())
                    ->write("anchor-counter.json", hsm::to_text(other)));
    }
    OPENED(host);
    const auto found = host.read();
    CHECK(found.state == AnchorState::ready);
    CHECK(found.value == first);
    CHECK(found.reason.find("its auth value is not in keys/") != std::string::npos);
    CHECK(host.advance(first + 1).value == first + 1);
}

TEST_CASE("anchor counter: undefined and defined anew it is above all that was ever counted",
          "[integration][tpm][anchor]") {
    NEEDS_SWTPM();
    AnchorHost host;
    OPENED(host);
    const auto first = host.begun();
    for (std::uint64_t to = first + 1; to < first + 5; ++to)
        REQUIRE(host.advance(to).value == to);
    host.by_hand("nvundefine -Q -C o");
    OPENED(host);
    CHECK(host.read().state == AnchorState::absent);
    CHECK(host.refusal(first + 5) == "anchor_differs");
    host.define_by_hand(own_attributes);
    host.by_hand("nvincrement -Q -C o");
    OPENED(host);
    CHECK(host.read().value == first + 5);
}

TEST_CASE("anchor counter: half made is finished, with whatever auth value it has",
          "[integration][tpm][anchor]") {
    NEEDS_SWTPM();
    AnchorHost host;
    host.define_by_hand(own_attributes);
    OPENED(host);
    CHECK(host.read().state == AnchorState::absent);
    CHECK(host.begun() > 0);
}

TEST_CASE("anchor counter: what stands in its place is left alone", "[integration][tpm][anchor]") {
    NEEDS_SWTPM();
    AnchorHost host;
    const auto* attributes = GENERATE("nt=ordinary|authread|authwrite|ownerread|ownerwrite|no_da",
                                      "nt=counter|authread|authwrite|ownerread|ownerwrite|no_da|"
                                      "orderly");
    host.define_by_hand(attributes);
    OPENED(host);
    const auto made = host.advance(0);
    CHECK(made.state == AnchorState::absent);
    CHECK(made.reason.find("in use by something else") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(host.file()));
}

TEST_CASE("anchor counter: without room there is none, and the reason is named",
          "[integration][tpm][anchor]") {
    NEEDS_SWTPM();
    AnchorHost host;
    OPENED(host);
    // This one keeps room for counters until counters are what fills it.
    REQUIRE(host.chip.run("i=16777216; for kind in 1024 64 1 '8 -a nt=counter|ownerread|ownerwrite'"
                          "; do while tpm2_nvdefine $(printf 0x%x $i) -s $kind; "
                          "do i=$((i+1)); done; done; true") == 0);
    const auto made = host.advance(0);
    CHECK(made.state == AnchorState::absent);
    CHECK(made.reason.find("tpm_nv_full") == 0);
}

TEST_CASE("anchor counter: its place is no fuse's and not the register's",
          "[integration][tpm][anchor]") {
    NEEDS_SWTPM();
    AnchorHost host;
    OPENED(host);
    CHECK(hsm::anchor_counter_offset + 1 == hsm::register_offset);
    CHECK(hsm::register_offset + 1 == hsm::max_own_indices);
    const auto first = host.begun();
    const auto key = host.create_agent("bot");
    CHECK(key.agent_fuse.nv_index != 0x018010FE);
    REQUIRE(host.keys().blow_fuse(key.id));
    CHECK(host.read().value == first);
}
