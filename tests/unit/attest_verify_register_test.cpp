// The register's rules: one thing is bent per row, and exactly one rule must notice it.
#include <algorithm>

#include "attest/eventlog/register_log.h"
#include "core/crypto/digest.h"
#include "core/encode/json.h"
#include "tests/support/bent_evidence.h"

using namespace holdfast;
using namespace holdfast::tests;
using attest::CelPlace;
using attest::CelRecord;

namespace {

std::string event(const std::string& type, const std::string& instance) {
    return encode::canonical(encode::Json::Object{
        {"type", type}, {"agent", "other-bot"}, {"instance", instance}, {"time", 1}});
}

// Two events after the launch.
const auto three_events = [](std::vector<std::string>& events) {
    events.push_back(event("stop", "i-7"));
    events.push_back(event("stop", "i-8"));
};

std::vector<CelRecord> records_of(const Evidence& evidence) {
    return *attest::parse_cel(evidence.tpm->event_register->log);
}

// The log as somebody would write it who edits it with care: every digest and number fits.
void rewrite(Evidence& evidence, const std::vector<CelRecord>& records) {
    std::string text;
    std::uint64_t number = 0;
    for (const CelRecord& record : records)
        text += attest::to_cel_line(
            *attest::make_cel_record(number++, record.place, record.index, record.content));
    evidence.tpm->event_register->log = text;
}

Bends edited(std::function<void(std::vector<CelRecord>&)> edit) {
    Bends bends;
    bends.events = three_events;
    bends.evidence = [edit](Evidence& evidence) {
        auto records = records_of(evidence);
        edit(records);
        rewrite(evidence, records);
    };
    return bends;
}

Bends with_text(std::function<std::string(std::string)> edit) {
    Bends bends;
    bends.events = three_events;
    bends.evidence = [edit](Evidence& evidence) {
        std::string& log = evidence.tpm->event_register->log;
        log = edit(std::move(log));
    };
    return bends;
}

std::string with_digit_changed(std::string text, std::size_t place) {
    text[place] = text[place] == '0' ? '1' : '0';
    return text;
}

void set_value(TPMS_ATTEST& attest, const Sha256& value) {
    std::ranges::copy(value, attest.attested.nv.nvContents.buffer);
}

// PCR 13 holds this, and the quote covers it.
Bends with_anchor_pcr(Sha256 value) {
    Bends bends;
    bends.attest = [=](Part part, TPMS_ATTEST& attest) {
        if (part != Part::quote) return;
        crypto::Sha256Stream all;
        for (std::uint8_t pcr = 0; pcr < 8; ++pcr)
            all.update(crypto::sha256(Bytes{pcr}));
        const Sha256 digest = all.update(value).finish();
        std::ranges::copy(digest, attest.attested.quote.pcrDigest.buffer);
    };
    bends.evidence = [=](Evidence& evidence) { evidence.tpm->pcrs[13] = value; };
    return bends;
}

}  // namespace

TEST_CASE("register: an index that is not begun anew by each boot, or can be set, is none",
          "[attest][verify][register]") {
    for (const TPMA_NV bit :
         {TPMA_NV_ORDERLY, TPMA_NV_CLEAR_STCLEAR, TPMA_NV_NO_DA, TPMA_NV_AUTHREAD,
          TPMA_NV_AUTHWRITE, TPMA_NV_OWNERREAD, TPMA_NV_OWNERWRITE, TPMA_NV_POLICYWRITE,
          TPMA_NV_WRITEDEFINE, TPMA_NV_WRITE_STCLEAR, TPMA_NV_POLICY_DELETE, TPMA_NV_WRITTEN}) {
        INFO("bit " << bit);
        const auto flip = [=](TPMS_NV_PUBLIC& index) { index.attributes ^= bit; };
        CHECK(failed(appraise({.register_index = flip})) == Rules{"register.public"});
    }
    run({
        {"a counter",
         {.register_index = [](TPMS_NV_PUBLIC& i) { i.attributes ^= TPMA_NV_TPM2_NT_MASK & 0x50; }},
         "register.public"},
        {"smaller",
         {.register_index = [](TPMS_NV_PUBLIC& i) { i.dataSize = 31; }},
         "register.public"},
        {"with a policy",
         {.register_index = [](TPMS_NV_PUBLIC& i) { i.authPolicy.size = 32; }},
         "register.public"},
        {"named with another hash",
         {.register_index = [](TPMS_NV_PUBLIC& i) { i.nameAlg = TPM2_ALG_SHA384; }},
         "register.public"},
        {"no index at all",
         {.evidence = [](Evidence& e) { e.tpm->event_register->nv_public.pop_back(); }},
         "register.public"},
    });
}

TEST_CASE("register: the index read must be the index shown", "[attest][verify][register]") {
    run({{"other Name",
          {.attest = in(Part::event_register,
                        [](TPMS_ATTEST& a) { set_name(a.attested.nv.indexName, 1); })},
          "register.name"}});
}

TEST_CASE("register: a log that was edited without care does not read",
          "[attest][verify][register]") {
    run({
        {"content",
         with_text([](std::string log) { return log.replace(log.find("i-7"), 3, "i-9"); }),
         "register.log"},
        {"digest", with_text([](std::string log) {
             return with_digit_changed(std::move(log), log.rfind("\"digest\":\"") + 12);
         }),
         "register.log"},
        {"lines in another order", with_text([](std::string log) {
             const auto last = log.rfind('\n', log.size() - 2) + 1;
             const auto before = log.rfind('\n', last - 2) + 1;
             return log.substr(0, before) + log.substr(last) + log.substr(before, last - before);
         }),
         "register.log"},
        {"a line left out", with_text([](std::string log) {
             const auto last = log.rfind('\n', log.size() - 2) + 1;
             const auto before = log.rfind('\n', last - 2) + 1;
             return log.substr(0, before) + log.substr(last);
         }),
         "register.log"},
        {"half a line", with_text([](std::string log) { return log + "{"; }), "register.log"},
        {"an event of another index", edited([](std::vector<CelRecord>& records) {
             for (CelRecord& record : records)
                 if (record.place == CelPlace::nv_index) ++record.index;
         }),
         "register.log"},
    });
}

TEST_CASE("register: a log that was edited with care is not what the TPM holds",
          "[attest][verify][register]") {
    run({
        {"content",
         edited([](std::vector<CelRecord>& records) { records[2].content = event("stop", "i-9"); }),
         "register.value"},
        {"order",
         edited([](std::vector<CelRecord>& records) { std::swap(records[2], records[3]); }),
         "register.value"},
        {"one left out",
         edited([](std::vector<CelRecord>& records) { records.erase(records.begin() + 2); }),
         "register.value"},
        {"the last left out", edited([](std::vector<CelRecord>& records) { records.pop_back(); }),
         "register.value"},
        {"all left out", edited([](std::vector<CelRecord>& records) { records.resize(1); }),
         "register.value"},
        {"value changed",
         {.attest = in(Part::event_register,
                       [](TPMS_ATTEST& a) { a.attested.nv.nvContents.buffer[31] ^= 1; })},
         "register.value"},
        {"part of the index",
         {.attest = in(Part::event_register, [](TPMS_ATTEST& a) { a.attested.nv.offset = 1; })},
         "register.value"},
        {"less of the index",
         {.attest =
              in(Part::event_register, [](TPMS_ATTEST& a) { a.attested.nv.nvContents.size = 31; })},
         "register.value"},
    });
}

TEST_CASE("register: a TPM that is behind the length asked for is noticed",
          "[attest][verify][register]") {
    // The host had four records when it made the challenge; its TPM holds three of them.
    Bends bends;
    Sha256 behind{};
    bends.events = [&](std::vector<std::string>& events) {
        three_events(events);
        behind = crypto::sha256(Bytes{1, 3});
        for (std::size_t i = 0; i + 1 < events.size(); ++i)
            behind = attest::extended(behind, crypto::sha256(view_of(events[i])));
    };
    bends.attest = [&](Part part, TPMS_ATTEST& attest) {
        if (part == Part::event_register) set_value(attest, behind);
    };
    CHECK(failed(appraise(bends)) == Rules{"register.value"});
}

TEST_CASE("register: events that came while it was certified do not matter",
          "[attest][verify][register]") {
    const Appraisal appraisal = appraise(edited([](std::vector<CelRecord>& records) {
        CelRecord later = records.back();
        later.content = event("stop", "i-9");
        records.push_back(later);
    }));
    CHECK(failed(appraisal).empty());
    CHECK(appraisal.accepted());
}

TEST_CASE("register: its anchor must be this index's, this boot's, and alone in its PCR",
          "[attest][verify][register]") {
    const auto second = [](std::vector<std::string>& events) {
        events.push_back(attest::to_content({.name = Bytes(34, 1)}));
    };
    run({
        {"other index",
         {.anchor = [](attest::Anchor& a) { a.name.back() ^= 1; }},
         "register.anchor"},
        {"other boot", {.anchor = [](attest::Anchor& a) { ++a.reset_count; }}, "register.anchor"},
        {"second anchor", {.events = second}, "register.anchor"},
        {"PCR extended by somebody else", with_anchor_pcr(Sha256{7}), "register.anchor"},
        {"PCR never extended", with_anchor_pcr(Sha256{}), "register.anchor"},
        {"shown for another PCR",
         {.evidence = [](Evidence& e) { e.tpm->event_register->anchor_pcr = 14; }},
         "register.anchor"},
        {"no log",
         {.evidence = [](Evidence& e) { e.tpm->event_register->log.clear(); }},
         "register.anchor"},
    });
    // A register that was defined again, its edited log anchored again: the PCR has the first too.
    const Evidence once = SoftwareAttester().evidence();
    const Sha256 twice = attest::extended(once.tpm->pcrs.at(13), records_of(once).front().digest);
    CHECK(failed(appraise(with_anchor_pcr(twice))) == Rules{"register.anchor"});
}

TEST_CASE("register: anchored in another PCR than the verifier expects it is not accepted",
          "[attest][verify][register]") {
    const SoftwareAttester host;
    Expectations expected = host.expectations(Profile::production);
    expected.anchor_pcr = 14;
    const auto appraisal = verify_evidence(host.packed(), expected);
    CHECK(failed(*appraisal) == Rules{"register.anchor"});
    CHECK_FALSE(appraisal->accepted());
}

TEST_CASE("register: what a broken one cannot have certified fails, it is not skipped",
          "[attest][verify][register]") {
    Bends bends;
    bends.assurance = "observed";
    bends.evidence = [](Evidence& e) { e.tpm->event_register->certified = {}; };
    const Appraisal appraisal = appraise(bends, Profile::evaluation);
    CHECK(failed(appraisal) == Rules{"register.format", "register.signature"});
    CHECK_FALSE(appraisal.accepted());
}

TEST_CASE("register: one that the challenge names cannot be left out",
          "[attest][verify][register]") {
    Bends bends;
    bends.assurance = "observed";
    bends.evidence = [](Evidence& e) { e.tpm->event_register.reset(); };
    const Appraisal appraisal = appraise(bends, Profile::evaluation);
    CHECK(failed(appraisal) == Rules{"register.format"});
    CHECK_FALSE(appraisal.accepted());
}

TEST_CASE("register: a host without one is accepted where nothing was launched, and says so",
          "[attest][verify][register]") {
    const SoftwareAttester host({.no_register = true, .assurance = "observed"});
    Expectations expected = host.expectations(Profile::production);
    expected.manifests.reset();
    auto appraisal = verify_evidence(host.packed(), expected);
    CHECK(appraisal->accepted());
    for (const attest::Rule& rule : appraisal->rules)
        if (rule.id.starts_with("register.")) CHECK(rule.outcome == attest::Outcome::not_run);
    // Who wants to compare launches cannot be content with none.
    expected.manifests.emplace();
    appraisal = verify_evidence(host.packed(), expected);
    CHECK(failed(*appraisal).empty());
    CHECK_FALSE(appraisal->accepted());
}

TEST_CASE("register: without one production believes no launch", "[attest][verify][register]") {
    const SoftwareAttester host({.no_register = true});
    Expectations expected = host.expectations(Profile::production);
    expected.manifests.reset();
    auto appraisal = verify_evidence(host.packed(), expected);
    CHECK(failed(*appraisal).empty());
    CHECK_FALSE(appraisal->accepted());
    expected.profile = Profile::evaluation;
    appraisal = verify_evidence(host.packed(), expected);
    CHECK(appraisal->accepted());
    CHECK(not_run(*appraisal).contains("register.launch"));
}
