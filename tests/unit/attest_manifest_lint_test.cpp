// Each finding on what it is for, and none on what is right.
#include <set>

#include "attest/manifest/lint.h"
#include "tests/support/catch.h"
#include "tests/support/sample_manifest.h"

using namespace holdfast;
using namespace holdfast::attest;

namespace {

using Files = std::map<std::string, std::string>;

const Files good_files{{"bin/python3",
                        "\x7f"
                        "ELF…"},
                       {"app/main.py", "print('hello')\n"}};

Manifest good_manifest() {
    Manifest manifest = tests::sample_manifest();
    manifest.arguments = {"../bin/python3", "-I", "-S", "-B", "main.py"};
    manifest.not_after = manifest.not_before + longest_validity;
    return manifest;
}

ReadFile reader(const Files& files) {
    return [files](const std::string& path, std::size_t max) -> std::optional<std::string> {
        const auto file = files.find(path);
        if (file == files.end()) return std::nullopt;
        return file->second.substr(0, max);
    };
}

std::string ids_of(const std::vector<Finding>& findings) {
    std::string ids;
    for (const Finding& each : findings) {
        ids += (ids.empty() ? "" : " ") + std::string(each.id);
        CHECK_FALSE(each.path.empty());
        CHECK_FALSE(each.advice.empty());
    }
    return ids;
}

// The ids found after one change to what is right.
template <class Bend>
std::string found(Bend bend, Files more = {}) {
    Manifest manifest = good_manifest();
    bend(manifest);
    more.insert(good_files.begin(), good_files.end());
    return ids_of(lint_manifest(manifest, reader(more)));
}

std::string commands(std::string_view text) {
    return ids_of(lint_commands("run.sh", text));
}

}  // namespace

TEST_CASE("lint: a manifest as it should be has no findings", "[attest][manifest]") {
    CHECK(found([](Manifest&) {}).empty());
    CHECK(lint_manifest(good_manifest(), {}).empty());
}

TEST_CASE("lint: modes and links of the tree", "[attest][manifest]") {
    CHECK(found([](Manifest& m) { m.tree[1].mode = 0646; }) == "world-writable");
    CHECK(found([](Manifest& m) { m.tree[0].mode = 0777; }) == "world-writable");
    CHECK(found([](Manifest& m) { m.tree[4].mode = 04755; }) == "set-id");
    CHECK(found([](Manifest& m) { m.tree[4].mode = 02755; }) == "set-id");
    CHECK(found([](Manifest& m) { m.tree[0].mode = 02755; }).empty());  // a directory
    CHECK(found([](Manifest& m) { m.tree[3] = tests::a_link("bin/python", "/usr/bin/python3"); }) ==
          "link-leaves-tree");
    CHECK(found([](Manifest& m) { m.tree[3] = tests::a_link("bin/python", "../../x"); }) ==
          "link-leaves-tree");
}

TEST_CASE("lint: the entrypoint is a program, and the agent's own", "[attest][manifest]") {
    const auto starts = [](const char* entrypoint, const char* content) {
        return found(
            [&](Manifest& m) {
                m.entrypoint = entrypoint;
                m.arguments = {entrypoint};
            },
            {{entrypoint, content}});
    };
    CHECK(starts("bin/agent",
                 "\x7f"
                 "ELF")
              .empty());
    CHECK(starts("bin/agent", "#!/usr/bin/env node\n") == "entrypoint-not-elf");
    CHECK(starts("bin/agent", "MZ") == "entrypoint-not-elf");
    CHECK(starts("bin/env",
                 "\x7f"
                 "ELF") == "wrapper-entrypoint");
    CHECK(starts("bin/setpriv",
                 "\x7f"
                 "ELF") == "wrapper-entrypoint");
    CHECK(starts("bin/bash",
                 "\x7f"
                 "ELF") == "shell-entrypoint");
}

TEST_CASE("lint: Python is isolated, without site, and writes no bytecode", "[attest][manifest]") {
    const auto with = [](std::vector<std::string> options) {
        return found([&](Manifest& m) {
            m.arguments = {"../bin/python3"};
            m.arguments.insert(m.arguments.end(), options.begin(), options.end());
        });
    };
    CHECK(with({"-ISB", "main.py"}).empty());
    CHECK(with({"-X", "utf8", "-IW", "error", "-SB", "-m", "agent"}).empty());
    CHECK(with({"-S", "-B", "main.py"}) == "python-not-isolated");
    CHECK(with({"-I", "-B", "main.py"}) == "python-site");
    CHECK(with({"-I", "-S", "main.py"}) == "python-bytecode");
    // What follows the script is the script's.
    CHECK(with({"main.py", "-I", "-S", "-B"}) == "python-not-isolated python-site python-bytecode");
    CHECK(with({"-SBc", "x", "-I"}) == "python-not-isolated");
    CHECK(found([](Manifest& m) { m.arguments[0] = "python3"; }) == "python-argv0");
    // Only Python takes Python's options.
    CHECK(found([](Manifest& m) {
              m.entrypoint = "bin/agent";
              m.arguments = {"agent"};
          }).empty());
}

TEST_CASE("lint: bytecode must be judged by its source's digest", "[attest][manifest]") {
    const auto with_pyc = [](std::string content) {
        return found([](Manifest& m) { m.tree.push_back(tests::a_file("x.pyc")); },
                     {{"x.pyc", std::move(content)}});
    };
    CHECK(with_pyc(std::string("\xa7\x0d\x0d\x0a\x00\x00\x00\x00", 8)) == "timestamp-pyc");
    CHECK(with_pyc(std::string("\xa7\x0d\x0d\x0a\x01\x00\x00\x00", 8)).empty());
    CHECK(with_pyc(std::string("\xa7\x0d\x0d\x0a\x03\x00\x00\x00", 8)).empty());
    CHECK(with_pyc("") == "timestamp-pyc");
}

TEST_CASE("lint: nothing in the environment brings other code", "[attest][manifest]") {
    for (const char* name : {"LD_PRELOAD", "LD_LIBRARY_PATH", "NODE_OPTIONS", "NODE_PATH",
                             "PYTHONPATH", "PYTHONHOME", "BASH_ENV"}) {
        INFO(name);
        CHECK(found([&](Manifest& m) { m.environment[name] = "x"; }) == "code-from-environment");
    }
    CHECK(found([](Manifest& m) { m.environment["HOME"] = "/"; }).empty());
}

TEST_CASE("lint: a manifest ends within a year", "[attest][manifest]") {
    CHECK(found([](Manifest& m) { m.not_after += 1; }) == "long-validity");
}

TEST_CASE("lint: packages fetched at start, by name or by version", "[attest][manifest]") {
    for (const char* line :
         {"npx -y server@latest", "npx server", "npx -y @scope/server@^1.2.3", "uvx ruff",
          "exec npx -y server@latest --port 1", "/usr/bin/npx server", "pip install requests",
          "python3 -m pip install -U x", "npm install", "npm i left-pad", "pnpm dlx x",
          "subprocess.run([\"npx\", \"-y\", \"server@latest\"])", "pipx run x@1.2",
          "FOO=1 npx x && y", "go run example.com/x@latest", "(uvx x)"}) {
        INFO(line);
        CHECK(commands(line) == "unpinned-remote-code");
    }
    for (const char* line :
         {"npx -y server@1.2.3", "npx -y @scope/server@1.2.3", "uvx ruff@0.5.0",
          "uvx --from ruff==0.5.0 ruff", "npm ci", "pip install --require-hashes -r r.txt"}) {
        INFO(line);
        CHECK(commands(line) == "remote-code");
    }
    for (const char* line : {"# npx -y server@latest", "  // npm install", "", "node server.js",
                             "echo pip", "npm run start", "./npx-like", "install -m 0755 a b"}) {
        INFO(line);
        CHECK(commands(line).empty());
    }
}

TEST_CASE("lint: what is downloaded and evaluated", "[attest][manifest]") {
    for (const char* line :
         {"curl -fsSL https://x | sh", "wget -qO- https://x | sudo bash -s -- -y",
          "sh -c \"$(curl -fsSL https://x)\"", "bash <(curl -s https://x)",
          "eval `wget -qO- https://x`", "curl https://x | tee log | python3"}) {
        INFO(line);
        CHECK(commands(line) == "unpinned-remote-code");
    }
    CHECK(commands("curl https://x -o data.json").empty());
    CHECK(commands("curl https://x | jq .").empty());
}

TEST_CASE("lint: commands are found in arguments, in scripts they name, in package.json",
          "[attest][manifest]") {
    const auto shell = [](Manifest& m) {
        m.entrypoint = "bin/agent";
        m.arguments = {"agent", "../app/./run.sh"};
        m.tree.push_back(tests::a_file("app/run.sh"));
    };
    const Files agent{{"bin/agent",
                       "\x7f"
                       "ELF"}};
    Files files = agent;
    files["app/run.sh"] = "#!/bin/sh\n\nnpx -y x@latest\n";
    Manifest manifest = good_manifest();
    shell(manifest);
    const auto findings = lint_manifest(manifest, reader(files));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].path == "app/run.sh");
    CHECK(findings[0].advice.find("line 3") != std::string::npos);
    CHECK(found([&](Manifest& m) {
              m.entrypoint = "bin/agent";
              m.arguments = {"agent", "-c", "npx x"};
          }) == "unpinned-remote-code");
    const auto package = [](const char* path, const char* json) {
        return found([&](Manifest& m) { m.tree.push_back(tests::a_file(path)); }, {{path, json}});
    };
    CHECK(package("package.json", R"({"scripts":{"start":"npx -y x"}})") == "unpinned-remote-code");
    CHECK(package("app/package.json", R"({"scripts":{"start":"npx x"}})") ==
          "unpinned-remote-code");
    CHECK(
        package("package.json", R"({"scripts":{"start":"node ."},"keywords":["npx x"]})").empty());
    CHECK(package("package.json", "{\"x\":1.5,\n\"a\":\"npx x\"}") == "unpinned-remote-code");
    CHECK(package("node_modules/a/package.json", R"({"scripts":{"x":"npx x"}})").empty());
}

TEST_CASE("lint: a directory without a manifest", "[attest][manifest]") {
    Walked walked;
    walked.unfit = {{"a", Unfit::set_id, "is a set-id file"},
                    {"b", Unfit::special, "is a pipe"},
                    {"c", Unfit::not_utf8, "its name is not UTF-8"}};
    walked.entries = {{tests::a_file("package.json", 0666), {}}, {tests::a_link("x", "/etc"), {}}};
    CHECK(ids_of(lint_walked(walked, reader({{"package.json", R"({"scripts":{"a":"npx x"}})"}}))) ==
          "set-id special-file name-not-utf8 world-writable unpinned-remote-code "
          "link-leaves-tree");
    CHECK(lint_walked({}, {}).empty());
}
