#include <algorithm>
#include <iostream>
#include <sstream>
#include <string>

#include "cli/command.h"
#include "cli/run.h"
#include "tests/support/catch.h"

using holdfast::Code;
using holdfast::cli::Arguments;
using holdfast::cli::Command;
using holdfast::cli::Exit;
using holdfast::cli::Globals;
using holdfast::cli::read_options;
using holdfast::cli::Values;

namespace {

Command sample(const std::string& operands) {
    return {"agent show",
            operands,
            "a summary",
            {{"out", "FILE", "where to"}, {"dry-run", "", "a flag"}},
            [](const Globals&, const Values&) { return Exit::ok; }};
}

}  // namespace

TEST_CASE("options: global and own options may stand anywhere after the command", "[cli]") {
    const auto read =
        read_options(sample("NAME"), {"--json", "deploy-bot", "--out=x", "--socket", "/s"});
    REQUIRE(read);
    CHECK(read->globals.json);
    CHECK(read->globals.socket == "/s");
    CHECK(read->values.operands() == std::vector<std::string>{"deploy-bot"});
    CHECK(read->values.get("out") == "x");
    CHECK_FALSE(read->values.has("dry-run"));
}

TEST_CASE("options: the last value counts, all of them can be read", "[cli]") {
    const auto read = read_options(sample(""), {"--out", "a", "--out", "b"});
    REQUIRE(read);
    CHECK(read->values.get("out") == "b");
    CHECK(read->values.all("out") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("options: what nobody asked for is an error, never ignored", "[cli]") {
    CHECK_FALSE(read_options(sample(""), {"--unknown"}));
    CHECK_FALSE(read_options(sample(""), {"surplus"}));
    CHECK_FALSE(read_options(sample("NAME"), {"one", "two"}));
    CHECK_FALSE(read_options(sample("NAME"), {}));
    CHECK_FALSE(read_options(sample(""), {"--out"}));
}

TEST_CASE("options: an abbreviation is not the option", "[cli]") {
    CHECK_FALSE(read_options(sample(""), {"--dry"}));
    CHECK_FALSE(read_options(sample(""), {"--jso"}));
}

TEST_CASE("options: [OPERAND] may be missing", "[cli]") {
    CHECK(read_options(sample("NAME [FILE]"), {"one"}));
    CHECK(read_options(sample("NAME [FILE]"), {"one", "two"}));
    CHECK_FALSE(read_options(sample("NAME [FILE]"), {"one", "two", "three"}));
}

TEST_CASE("options: OPERAND... may be any number", "[cli]") {
    CHECK_FALSE(read_options(sample("PATH..."), {}));
    CHECK(read_options(sample("PATH..."), {"one"}));
    CHECK(read_options(sample("PATH..."), Arguments(100, "one")));
    CHECK_FALSE(read_options(sample("FILE [PATH...]"), {}));
    CHECK(read_options(sample("FILE [PATH...]"), {"one"}));
    CHECK(read_options(sample("FILE [PATH...]"), {"one", "two", "three"}));
}

TEST_CASE("options: --help wins over what is missing", "[cli]") {
    const auto read = read_options(sample("NAME"), {"--help"});
    REQUIRE(read);
    CHECK(read->help);
}

namespace {

// What a whole command line prints on standard output.
struct Printed {
    Exit exit;
    std::string text;
};
Printed printed(const holdfast::cli::Arguments& arguments) {
    const std::ostringstream out;
    std::streambuf* const terminal = std::cout.rdbuf(out.rdbuf());
    const Exit exit = holdfast::cli::run(arguments, false);
    std::cout.rdbuf(terminal);
    return {exit, out.str()};
}

}  // namespace

TEST_CASE("help: every command and every family of commands explains itself", "[cli]") {
    for (const auto& command : holdfast::cli::commands()) {
        CAPTURE(command.name);
        std::istringstream split(command.name);
        holdfast::cli::Arguments words;
        for (std::string word; split >> word;)
            words.push_back(word);
        for (const char* option : {"--help", "-h"}) {
            auto whole = words;
            whole.emplace_back(option);
            const auto explained = printed(whole);
            CHECK(explained.exit == Exit::ok);
            CHECK(explained.text == usage_of(command));
            const auto family = printed({words.front(), option});
            CHECK(family.exit == Exit::ok);
            CHECK(family.text.find("holdfast " + command.name) != std::string::npos);
        }
        CHECK(printed({"help", words.front()}).exit == Exit::ok);
        CHECK(printed({"--json", words.front(), "--help"}).exit == Exit::ok);
    }
}

TEST_CASE("help: what is no command is not explained away", "[cli]") {
    CHECK(printed({"verfy", "--help"}).exit == Exit::usage);
    CHECK(printed({"verify", "nothing", "--help"}).exit == Exit::usage);
    CHECK(printed({"verify"}).exit == Exit::usage);
    CHECK(printed({"help", "agent", "nothing"}).exit == Exit::usage);
}

TEST_CASE("usage: names the command, its operands and every option", "[cli]") {
    const std::string usage = holdfast::cli::usage_of(sample("NAME"));
    for (const char* part :
         {"agent show", "NAME", "a summary", "--out FILE", "--dry-run", "--json"})
        CHECK(usage.find(part) != std::string::npos);
}

TEST_CASE("commands: every row can be run, and no name is a row twice", "[cli]") {
    std::vector<std::string> names;
    for (const auto& command : holdfast::cli::commands()) {
        CHECK(command.run != nullptr);
        CHECK_FALSE(command.summary.empty());
        names.push_back(command.name);
    }
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
    CHECK(names.size() > 10);
}

TEST_CASE("exit codes: each kind of failure has its own", "[cli]") {
    using holdfast::Error;
    using holdfast::cli::exit_of;
    CHECK(exit_of(Error(Code::denied, "")) == Exit::denied);
    CHECK(exit_of(Error(Code::not_found, "")) == Exit::not_found);
    CHECK(exit_of(Error(Code::unavailable, "")) == Exit::backend_unavailable);
    CHECK(exit_of(Error(Code::unavailable, "").because("daemon_unreachable")) == Exit::unreachable);
    CHECK(exit_of(Error(Code::busy, "")) == Exit::busy);
    CHECK(exit_of(Error(Code::timeout, "")) == Exit::busy);
    CHECK(exit_of(Error(Code::conflict, "")) == Exit::error);
    CHECK(exit_of(Error(Code::internal, "")) == Exit::error);
}
