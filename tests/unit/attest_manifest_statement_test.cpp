// Manifests: their bounds, and their statement written and read.
#include <chrono>

#include "attest/manifest/manifest.h"
#include "core/encode/json.h"
#include "tests/support/catch.h"
#include "tests/support/sample_manifest.h"

using namespace holdfast;
using namespace holdfast::attest;
using encode::Json;

namespace {

template <class Bend>
bool ok(Bend bend) {
    Manifest manifest = tests::sample_manifest();
    bend(manifest);
    const bool checked = check_manifest(manifest).has_value();
    // What is written from a manifest is read only if the manifest was one.
    CHECK(parse_statement(to_statement(manifest)).has_value() == checked);
    return checked;
}

const std::string sample = to_statement(tests::sample_manifest());

// The sample with one text replaced, which must be there.
std::string with(std::string_view from, std::string_view to) {
    std::string json = sample;
    const std::size_t at = json.find(from);
    REQUIRE(at != std::string::npos);
    return json.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("manifest: its statement is read back as it was", "[attest][manifest]") {
    const auto manifest = parse_statement(sample);
    REQUIRE(manifest);
    CHECK(to_statement(*manifest) == sample);
    const Manifest expected = tests::sample_manifest();
    CHECK(manifest->name == expected.name);
    CHECK(manifest->version == 3);
    CHECK(manifest->not_before == expected.not_before);
    CHECK(manifest->not_after == expected.not_after);
    CHECK(manifest->entrypoint == expected.entrypoint);
    CHECK(manifest->arguments == expected.arguments);
    CHECK(manifest->environment == expected.environment);
    CHECK(manifest->working_directory == expected.working_directory);
    CHECK(manifest->signers == Signers::leader);
    CHECK_FALSE(manifest->readable_entrypoint);
    CHECK(manifest->digests == expected.digests);
    CHECK(manifest->host_files == expected.host_files);
    CHECK(manifest->tree == expected.tree);
}

TEST_CASE("manifest: the statement is in-toto's, canonical", "[attest][manifest]") {
    const auto json = encode::parse_json(sample, max_manifest);
    REQUIRE(json);
    CHECK(encode::canonical(*json) == sample);
    CHECK(*json->find("_type")->string() == "https://in-toto.io/Statement/v1");
    CHECK(json->find("predicateType")->string()->starts_with("urn:oid:2.25."));
    const Json& subject = json->find("subject")->array()->at(0);
    CHECK(*subject.find("name")->string() == "tree");
    CHECK(subject.find("digest")->object()->size() == 1);
    CHECK(subject.find("digest")->find("sha256") == nullptr);  // it is no file's SHA-256
}

TEST_CASE("manifest: names, versions and times within their bounds", "[attest][manifest]") {
    CHECK(ok([](Manifest&) {}));
    CHECK_FALSE(ok([](Manifest& m) { m.name = ""; }));
    CHECK_FALSE(ok([](Manifest& m) { m.name = "Refund Agent"; }));
    CHECK(ok([](Manifest& m) { m.version = 1; }));
    CHECK_FALSE(ok([](Manifest& m) { m.version = 0; }));
    CHECK(ok([](Manifest& m) { m.version = max_manifest_version; }));
    CHECK_FALSE(ok([](Manifest& m) { m.version = max_manifest_version + 1; }));
    CHECK(ok([](Manifest& m) { m.not_after = m.not_before; }));
    CHECK_FALSE(ok([](Manifest& m) { m.not_after = m.not_before - 1; }));
    CHECK(ok([](Manifest& m) { m.not_before = 0; }));
    CHECK_FALSE(ok([](Manifest& m) { m.not_before = -1; }));
    CHECK(ok([](Manifest& m) { m.not_after = encode::max_json_integer; }));
    CHECK_FALSE(ok([](Manifest& m) { m.not_after = encode::max_json_integer + 1; }));
}

TEST_CASE("manifest: it starts an executable file of the tree, in the tree", "[attest][manifest]") {
    CHECK_FALSE(ok([](Manifest& m) { m.entrypoint = "bin/other"; }));
    CHECK_FALSE(ok([](Manifest& m) { m.entrypoint = "bin"; }));
    CHECK_FALSE(ok([](Manifest& m) { m.entrypoint = "bin/python"; }));  // a link
    CHECK_FALSE(ok([](Manifest& m) { m.entrypoint = ""; }));
    CHECK_FALSE(ok([](Manifest& m) { m.tree.back().mode = 0644; }));
    CHECK(ok([](Manifest& m) { m.tree.back().mode = 0100; }));
    CHECK(ok([](Manifest& m) { m.working_directory = ""; }));
    CHECK_FALSE(ok([](Manifest& m) { m.working_directory = "."; }));
    CHECK_FALSE(ok([](Manifest& m) { m.working_directory = "app/main.py"; }));
    CHECK_FALSE(ok([](Manifest& m) { m.working_directory = ".."; }));
}

TEST_CASE("manifest: only a leader that nobody can trace signs alone", "[attest][manifest]") {
    CHECK_FALSE(ok([](Manifest& m) { m.readable_entrypoint = true; }));
    CHECK(ok([](Manifest& m) {
        m.readable_entrypoint = true;
        m.signers = Signers::tree;
    }));
    CHECK(ok([](Manifest& m) { m.signers = Signers::tree; }));
    CHECK_FALSE(ok([](Manifest& m) { m.signers = static_cast<Signers>(0); }));
}

TEST_CASE("manifest: arguments and environment are bounded, and what exec can pass on",
          "[attest][manifest]") {
    CHECK_FALSE(ok([](Manifest& m) { m.arguments.clear(); }));
    CHECK(ok([](Manifest& m) { m.arguments.resize(max_arguments); }));
    CHECK_FALSE(ok([](Manifest& m) { m.arguments.resize(max_arguments + 1); }));
    CHECK(ok([](Manifest& m) { m.arguments[0] = std::string(max_argument, 'a'); }));
    CHECK_FALSE(ok([](Manifest& m) { m.arguments[0] = std::string(max_argument + 1, 'a'); }));
    CHECK_FALSE(ok([](Manifest& m) { m.arguments[0] = std::string("a\0b", 3); }));
    CHECK(ok([](Manifest& m) { m.environment["A"] = ""; }));
    CHECK(ok([](Manifest& m) { m.environment["A"] = std::string(max_variable, 'v'); }));
    CHECK_FALSE(ok([](Manifest& m) { m.environment["A"] = std::string(max_variable + 1, 'v'); }));
    CHECK(ok([](Manifest& m) { m.environment[std::string(max_variable, 'N')] = ""; }));
    CHECK_FALSE(ok([](Manifest& m) { m.environment[std::string(max_variable + 1, 'N')] = ""; }));
    CHECK_FALSE(ok([](Manifest& m) { m.environment[""] = "v"; }));
    CHECK_FALSE(ok([](Manifest& m) { m.environment["A=B"] = "v"; }));
    CHECK_FALSE(ok([](Manifest& m) { m.environment["A"] = std::string("\0", 1); }));
    const auto variables = [](std::size_t count) {
        return [count](Manifest& m) {
            m.environment.clear();
            for (std::size_t i = 0; i < count; ++i)
                m.environment["V" + std::to_string(i)] = "v";
        };
    };
    CHECK(ok(variables(max_variables)));
    CHECK_FALSE(ok(variables(max_variables + 1)));
    // JSON holds text: other bytes would come back as something else.
    Manifest manifest = tests::sample_manifest();
    manifest.arguments[0] = "\xff";
    CHECK_FALSE(check_manifest(manifest));
}

TEST_CASE("manifest: digests have four slots, host files one order and plain absolute paths",
          "[attest][manifest]") {
    for (const char* slot : {"prompt", "tools", "policy", "model"})
        CHECK(ok([&](Manifest& m) { m.digests[slot] = Sha256{9}; }));
    CHECK_FALSE(ok([](Manifest& m) { m.digests["weights"] = Sha256{9}; }));
    CHECK_FALSE(is_digest_slot(""));
    const auto host = [](std::vector<MeasuredFile> files) {
        return [files](Manifest& m) { m.host_files = files; };
    };
    CHECK(ok(host({})));
    CHECK_FALSE(ok(host({{"/b", {}}, {"/a", {}}})));
    CHECK_FALSE(ok(host({{"/a", {}}, {"/a", {}}})));
    for (const char* path : {"", "/", "a", "/a/", "//a", "/a//b", "/./a", "/a/..", "/a/../b"})
        CHECK_FALSE(ok(host({{path, {}}})));
    CHECK(ok(host({{"/a.b/..c", {}}})));
    CHECK(ok(host({{"/" + std::string(4095, 'p'), {}}})));
    CHECK_FALSE(ok(host({{"/" + std::string(4096, 'p'), {}}})));
    const auto count = [](std::size_t files) {
        return [files](Manifest& m) {
            m.host_files.clear();
            for (std::size_t i = 0; i < files; ++i)
                m.host_files.push_back({"/" + std::to_string(1000 + i), {}});
        };
    };
    CHECK(ok(count(max_host_files)));
    CHECK_FALSE(ok(count(max_host_files + 1)));
}

TEST_CASE("manifest: an edited statement is none", "[attest][manifest]") {
    for (const auto& [from, to] : std::initializer_list<std::pair<const char*, const char*>>{
             {"Statement/v1", "Statement/v0.1"},
             {"366912.1", "366912.2"},
             {R"("name":"tree")", R"("name":"tree","uri":"x")"},
             {R"("name":"tree")", R"("name":"file")"},
             {"holdfastTreeSha256", "sha256"},
             {R"("version":3)", R"("version":3,"version":3)"},
             {R"("version":3)", R"("version":3,"weight":3)"},
             {R"("version":3)", R"("version":"3")"},
             {R"("version":3,)", ""},
             {R"("signers":"leader")", R"("signers":"all")"},
             {R"("readable_entrypoint":false)", R"("readable_entrypoint":0)"},
             {R"("readable_entrypoint":false,)", ""},
             {R"(["d","app","0755"])", R"(["d","app","755"])"},
             {R"(["d","app","0755"])", R"(["d","app","0758"])"},
             {R"(["d","app","0755"])", R"(["d","app","0755",0])"},
             {R"(["d","app","0755"])", R"(["d","app"])"},
             {R"(["d","app","0755"])", R"(["d"])"},
             {R"(["d","app","0755"])", R"(["x","app","0755"])"},
             {R"(["d","app","0755"])", R"(["d","app",493])"},
             {R"(["d","app","0755"])", R"(["d",1,"0755"])"},
             {R"(["d","app","0755"])", R"({"d":"app"})"},
             {R"("0644",4,")", R"("0644",-4,")"},
             {R"("0644",4,")", R"("0644","4",")"},
         }) {
        INFO(from << " → " << to);
        CHECK_FALSE(parse_statement(with(from, to)));
    }
    CHECK(parse_statement(with(R"("version":3)", R"( "version" : 4 )")));
    CHECK_FALSE(parse_statement(sample + "x"));
    CHECK_FALSE(parse_statement("{}"));
    CHECK_FALSE(parse_statement(""));
}

TEST_CASE("manifest: the stated root must be that of the listed tree", "[attest][manifest]") {
    for (const auto& [from, to] : std::initializer_list<std::pair<const char*, const char*>>{
             {R"("0644",4,")", R"("0644",5,")"},                                     // a size
             {R"("0644",4,")", R"("0600",4,")"},                                     // a mode
             {R"(["d","app","0755"])", R"(["d","aaa","0755"],["d","app","0755"])"},  // one more
             {R"("python3"],["f")", R"("python4"],["f")"},  // a link's target
         }) {
        INFO(from);
        const auto manifest = parse_statement(with(from, to));
        REQUIRE_FALSE(manifest);
        CHECK(manifest.error().text() == "manifest: the root is not that of the tree");
    }
}

TEST_CASE("manifest: a statement holds no more values than a manifest can", "[attest][manifest]") {
    std::string many = "[";
    for (int i = 0; i < 1'700'000; ++i)
        many += "0,";
    const auto manifest = parse_statement(many + "0]");
    REQUIRE_FALSE(manifest);
    CHECK(manifest.error().text().find("more values than expected") != std::string::npos);
}
