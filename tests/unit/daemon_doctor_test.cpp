// What `holdfast doctor` makes of what the workers' programs found.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "daemon/doctor/anchor.h"
#include "daemon/doctor/chips.h"
#include "daemon/doctor/doctor.h"
#include "daemon/doctor/host.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using namespace holdfast::daemon;
using encode::Json;

namespace {

Settings with_token() {
    Settings settings = dev_settings("/nowhere");
    settings.pkcs11_module = "/usr/lib/vendor.so";
    settings.pkcs11_token = "pkcs11:token=agents";
    settings.pkcs11_pin_file = "/etc/holdfast/pin";
    return settings;
}

Json::Object good_token() {
    Json::Object token;
    token["label"] = "agents";
    token["serial"] = "0123";
    token["manufacturer"] = "ACME";
    token["model"] = "H1";
    for (const char* name : {"matches", "initialised", "wants_login"})
        token[name] = true;
    token["software"] = false;
    token["no_login"] = "";
    token["unusable"] = "";
    token["flags"] = Json::Array{"login required"};
    token["max_sessions"] = 16;
    token["max_rw_sessions"] = 0;
    token["mechanisms"] = Json::Array{"CKM_ECDSA"};
    token["algorithms"] = Json::Array{"ES256", "ES384"};
    return token;
}

Json module_with(Json::Array tokens) {
    Json::Object found;
    found["manufacturer"] = "ACME";
    found["description"] = "ACME PKCS#11";
    found["version"] = "2.1";
    found["tokens"] = std::move(tokens);
    return {std::move(found)};
}

Findings judged(const Settings& settings, Json::Object token) {
    Json::Array tokens;
    tokens.emplace_back(std::move(token));
    Findings findings;
    judge_tokens(settings, module_with(std::move(tokens)), findings);
    return findings;
}

// The parts found wrong, in order.
std::string wrong_in(const Findings& findings) {
    std::string parts;
    for (const Finding& finding : findings.all())
        if (finding.verdict == Verdict::wrong) parts += (parts.empty() ? "" : " ") + finding.part;
    return parts;
}

bool says(const Findings& findings, std::string_view text) {
    return std::any_of(findings.all().begin(), findings.all().end(), [text](const Finding& one) {
        return one.text.find(text) != std::string::npos;
    });
}

// One member of a good token changed: which parts are wrong?
std::string wrong_with(std::string_view member, Json value) {
    Json::Object token = good_token();
    token[std::string(member)] = std::move(value);
    return wrong_in(judged(with_token(), std::move(token)));
}

}  // namespace

TEST_CASE("doctor: a good token is well, and its limits and algorithms are told",
          "[daemon][doctor]") {
    const Findings findings = judged(with_token(), good_token());
    CHECK(findings.troubles() == 0);
    CHECK(says(findings, "\"agents\", serial 0123, by ACME, model H1"));
    CHECK(says(findings, "at a time: 16, read-write: no limit told"));
    CHECK(says(findings, "ES256, ES384"));
    CHECK(says(findings, "CKM_ECDSA"));
}

TEST_CASE("doctor: a token on which no PIN would be tried is wrong, and says why",
          "[daemon][doctor]") {
    Json::Object token = good_token();
    token["no_login"] = "one try is left";
    const Findings findings = judged(with_token(), std::move(token));
    CHECK(wrong_in(findings) == "PIN");
    CHECK(says(findings, "one try is left"));
}

TEST_CASE("doctor: a token that wants a login needs a PIN file, another does not",
          "[daemon][doctor]") {
    Settings settings = with_token();
    settings.pkcs11_pin_file.clear();
    CHECK(wrong_in(judged(settings, good_token())) == "PIN");
    Json::Object open = good_token();
    open["wants_login"] = false;
    CHECK(judged(settings, std::move(open)).troubles() == 0);
}

TEST_CASE("doctor: a token that cannot be used is wrong, and says why", "[daemon][doctor]") {
    Json::Object token = good_token();
    token["unusable"] = "it is write protected";
    const Findings findings = judged(with_token(), std::move(token));
    CHECK(wrong_in(findings) == "token");
    CHECK(says(findings, "it is write protected"));
}

TEST_CASE("doctor: a blank token is not the one that is meant, and is called so",
          "[daemon][doctor]") {
    Json::Object token = good_token();
    token["matches"] = token["initialised"] = false;
    const Findings findings = judged(with_token(), std::move(token));
    CHECK(wrong_in(findings) == "token");
    CHECK(says(findings, "not initialised"));
}

TEST_CASE("doctor: a software token is wrong unless it is allowed", "[daemon][doctor]") {
    CHECK(wrong_with("software", true) == "custody");
    Settings settings = with_token();
    settings.pkcs11_software_allowed = true;
    Json::Object token = good_token();
    token["software"] = true;
    const Findings findings = judged(settings, std::move(token));
    CHECK(findings.troubles() == 0);
    CHECK(says(findings, "software-hsm"));
}

TEST_CASE("doctor: a token without an algorithm of ours is wrong", "[daemon][doctor]") {
    CHECK(wrong_with("algorithms", Json::Array()) == "algorithms");
}

TEST_CASE("doctor: host keys in a token need ES256 there", "[daemon][doctor]") {
    Settings settings = with_token();
    Json::Object token = good_token();
    token["algorithms"] = Json::Array{"RS256-2048"};
    CHECK(judged(settings, token).troubles() == 0);
    settings.host_keys = "pkcs11";
    CHECK(wrong_in(judged(settings, std::move(token))) == "algorithms");
}

TEST_CASE("doctor: exactly one token must match", "[daemon][doctor]") {
    Json::Object other = good_token();
    other["matches"] = false;
    CHECK(wrong_in(judged(with_token(), other)) == "token");
    Json::Array two;
    two.emplace_back(good_token());
    two.emplace_back(other);
    Findings one_matches;
    judge_tokens(with_token(), module_with(two), one_matches);
    CHECK(one_matches.troubles() == 0);
    two.emplace_back(good_token());
    Findings two_match;
    judge_tokens(with_token(), module_with(std::move(two)), two_match);
    CHECK(wrong_in(two_match) == "token");
}

TEST_CASE("doctor: what a module calls itself cannot write to the terminal", "[daemon][doctor]") {
    Json::Object token = good_token();
    token["label"] = "a\x1b[2J\nok";
    const Findings findings = judged(with_token(), std::move(token));
    CHECK(says(findings, "\"a?[2J?ok\""));
    CHECK(report_of(findings).find('\x1b') == std::string::npos);
}

TEST_CASE("doctor: what a program could not find is wrong, with its words", "[daemon][doctor]") {
    Json::Object object;
    object["error"] = "no such device";
    const Json error(std::move(object));
    Findings findings;
    judge_tpm(error, findings);
    judge_tokens(with_token(), error, findings);
    CHECK(wrong_in(findings) == "TPM module");
    CHECK(says(findings, "no such device"));
}

TEST_CASE("doctor: a description with nothing in it is not well", "[daemon][doctor]") {
    Findings findings;
    judge_tpm(Json(Json::Object()), findings);
    judge_tokens(with_token(), Json(Json::Object()), findings);
    judge_tokens(with_token(), Json("text"), findings);
    CHECK(wrong_in(findings) == "TPM token token");
}

TEST_CASE("doctor: what was not seen counts as trouble, and each trouble has a remedy",
          "[daemon][doctor]") {
    Findings findings;
    findings.good("a", "1");
    findings.note("b", "2");
    CHECK(findings.troubles() == 0);
    CHECK(report_of(findings).ends_with("All is well.\n"));
    findings.unseen("c", "3", "as root");
    CHECK(findings.troubles() == 1);
    findings.wrong("d", "4", "mend it");
    CHECK(report_of(findings).ends_with("2 things are not as it should be.\n"));
    CHECK(report_of(findings).find("→ mend it\n") != std::string::npos);
    const auto json = encode::parse_json(json_of(findings));
    REQUIRE(json);
    CHECK(*json->find("troubles")->integer() == 2);
    CHECK(json->find("findings")->array()->size() == 4);
}

TEST_CASE("doctor: keys open to others, and a state folder that is none, are wrong",
          "[daemon][doctor]") {
    const tests::TemporaryDirectory folder;
    const Settings settings = dev_settings(folder.path());
    const auto wrong = [&settings] {
        Findings findings;
        look_at_folders(settings, findings);
        return wrong_in(findings);
    };
    CHECK(wrong().empty());  // all of it is made at start
    REQUIRE(std::filesystem::create_directories(settings.state_dir + "/keys"));
    std::filesystem::permissions(settings.state_dir + "/keys", std::filesystem::perms(0700));
    CHECK(wrong().empty());
    std::filesystem::permissions(settings.state_dir + "/keys", std::filesystem::perms(0710));
    CHECK(wrong() == "keys");
    std::filesystem::remove_all(settings.state_dir);
    std::ofstream(settings.state_dir) << "a file";
    CHECK(wrong().starts_with("state"));
}

TEST_CASE("doctor: each missing program is named", "[daemon][doctor]") {
    Settings settings = with_token();
    settings.libexec_dir = "/nowhere";
    Findings findings;
    look_at_programs(settings, findings);
    CHECK(wrong_in(findings) == "programs programs programs programs");
    CHECK(says(findings, "/nowhere/holdfast-keys-pkcs11"));
    settings.tpm_tcti = "none";
    Findings without_tpm;
    look_at_programs(settings, without_tpm);
    CHECK_FALSE(says(without_tpm, "holdfast-keys-tpm"));
}

TEST_CASE("doctor: says how ledger and anchor counter stand, and what to do when they differ",
          "[daemon][doctor][anchor]") {
    const auto judged = [](const std::string& anchor) {
        Findings findings;
        judge_anchor(R"({"anchor":)" + anchor + "}", findings);
        REQUIRE(findings.all().size() == 1);
        return findings.all().front();
    };
    CHECK(judged(R"({"state":"ready","counter":7,"recorded":7})").verdict == Verdict::good);
    CHECK(judged(R"({"state":"absent","counter":0,"recorded":0,"reason":"tpm_nv_full"})").verdict ==
          Verdict::note);
    const auto differs = judged(R"({"state":"differs","reason":"older\u001b[2J"})");
    CHECK(differs.verdict == Verdict::wrong);
    CHECK(differs.text == "nothing is signed: older?[2J");
    CHECK(differs.remedy.find("holdfast anchor accept") != std::string::npos);
    for (const char* odd : {R"({"state":"unread","reason":"away"})", "null", "[]", "{}", "7"})
        CHECK(judged(odd).verdict == Verdict::unseen);
    Findings findings;
    judge_anchor("no JSON", findings);
    CHECK(findings.all().front().verdict == Verdict::unseen);
}
