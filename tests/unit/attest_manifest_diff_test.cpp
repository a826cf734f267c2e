#include "attest/manifest/diff.h"
#include "tests/support/catch.h"
#include "tests/support/sample_manifest.h"

using namespace holdfast;
using namespace holdfast::attest;

namespace {

// What differs after one change to the sample: the names, joined.
template <class Change>
std::string changed(Change change) {
    Manifest after = tests::sample_manifest();
    change(after);
    std::string names;
    for (const Difference& each : diff_manifests(tests::sample_manifest(), after))
        names += (names.empty() ? "" : " ") + each.what;
    return names;
}

}  // namespace

TEST_CASE("diff: equal manifests have no difference", "[attest][manifest]") {
    CHECK(changed([](Manifest&) {}).empty());
}

TEST_CASE("diff: every field that changed is named, and only that", "[attest][manifest]") {
    CHECK(changed([](Manifest& m) { m.name = "other"; }) == "name");
    CHECK(changed([](Manifest& m) { m.version = 4; }) == "version");
    CHECK(changed([](Manifest& m) { m.not_before = 1; }) == "not_before");
    CHECK(changed([](Manifest& m) { m.not_after = 1; }) == "not_after");
    CHECK(changed([](Manifest& m) { m.entrypoint = "bin/python"; }) == "entrypoint");
    CHECK(changed([](Manifest& m) { m.arguments = {"python3", "-I app/main.py"}; }) == "arguments");
    CHECK(changed([](Manifest& m) { m.working_directory = ""; }) == "working_directory");
    CHECK(changed([](Manifest& m) { m.signers = Signers::tree; }) == "signers");
    CHECK(changed([](Manifest& m) { m.readable_entrypoint = true; }) == "readable_entrypoint");
    CHECK(changed([](Manifest& m) { m.environment["LANG"] = "C"; }) == "environment.LANG");
    CHECK(changed([](Manifest& m) { m.environment["EMPTY"] = ""; }) == "environment.EMPTY");
    CHECK(changed([](Manifest& m) { m.environment.clear(); }) == "environment.LANG");
    CHECK(changed([](Manifest& m) { m.digests["prompt"][0] ^= 1; }) == "digests.prompt");
    CHECK(changed([](Manifest& m) { m.digests["model"] = {}; }) == "digests.model");
    CHECK(changed([](Manifest& m) { m.host_files[1].digest[0] ^= 1; }) ==
          "host_files./lib/libc.so.6");
}

TEST_CASE("diff: entries that came, went or changed, in the order of their paths",
          "[attest][manifest]") {
    CHECK(changed([](Manifest& m) { m.tree[1].digest[0] ^= 1; }) == "tree.app/main.py");
    CHECK(changed([](Manifest& m) { m.tree[1].mode = 0600; }) == "tree.app/main.py");
    CHECK(changed([](Manifest& m) { m.tree[3] = tests::a_link("bin/python", "python4"); }) ==
          "tree.bin/python");
    CHECK(changed([](Manifest& m) { std::swap(m.tree[1].digest, m.tree[4].digest); }) ==
          "tree.app/main.py tree.bin/python3");
    CHECK(changed([](Manifest& m) { m.tree.clear(); }) ==
          "tree.app tree.app/main.py tree.bin tree.bin/python tree.bin/python3");
    const Tree before{tests::a_file("a"), tests::a_file("c")};
    const Tree after{tests::a_file("b"), tests::a_file("c", 0755), tests::a_file("d")};
    const auto found = diff_trees(before, after);
    REQUIRE(found.size() == 4);
    CHECK(found[0].what == "tree.a");
    CHECK(found[0].after.empty());
    CHECK(found[0].before.starts_with("file 0644, 4 bytes, sha256 "));
    CHECK(found[1].what == "tree.b");
    CHECK(found[1].before.empty());
    CHECK(found[2].what == "tree.c");
    CHECK(found[2].after.starts_with("file 0755"));
    CHECK(found[3].what == "tree.d");
}
