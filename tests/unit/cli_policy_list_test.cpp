// What the daemon says of policy sets, for people: policy list, apply, agent show.
#include "tests/support/catch.h"
#include "tests/support/cli_run.h"
#include "tests/support/one_answer.h"

using namespace holdfast;
using cli::Exit;
using tests::OneAnswer;

namespace {

tests::Printed asked(OneAnswer& daemon, cli::Arguments words) {
    words.insert(words.end(), {"--socket", daemon.path()});
    return tests::printed(words);
}

}  // namespace

TEST_CASE("policy list: one line for each set in force", "[cli][policy]") {
    OneAnswer daemon(
        R"({"policies":[{"author":"carol","author_key":"SHA256:abc","file_sha256":"00","mode":"enforce",)"
        R"("permits":true,"policies":3,"set":"refunds","version":7},)"
        R"({"author":null,"author_key":null,"file_sha256":"00","mode":"observe","permits":false,)"
        R"("policies":1,"set":"trial","version":1}]})");
    const auto said = asked(daemon, {"policy", "list"});
    CHECK(said.exit == Exit::ok);
    CHECK(said.out ==
          "SET      VERSION  MODE     POLICIES  PERMITS  AUTHOR  AUTHOR KEY\n"
          "refunds  7        enforce  3         true     carol   SHA256:abc\n"
          "trial    1        observe  1         false    -       -\n");
    CHECK(daemon.request().starts_with("GET /v1/policies HTTP/1.1\r\n"));
}

TEST_CASE("policy list: without any, nothing is permitted", "[cli][policy]") {
    OneAnswer daemon(R"({"policies":[]})");
    CHECK(asked(daemon, {"policy", "list"}).out == "no policies: nothing is permitted\n");
}

TEST_CASE("apply: tells how policy sets changed", "[cli][policy]") {
    OneAnswer daemon(
        R"({"changes":[{"change":"created","name":"bot","state":"active"}],"dry_run":true,)"
        R"("policies":[{"author":"carol","change":"changed","mode":"enforce","set":"refunds","version":8},)"
        R"({"author":null,"change":"vanished","mode":null,"set":"old","version":2}]})");
    CHECK(asked(daemon, {"apply", "--dry-run"}).out ==
          "NAME  CHANGE   STATE\n"
          "bot   created  active\n"
          "\n"
          "SET      CHANGE    VERSION  MODE     AUTHOR\n"
          "refunds  changed   8        enforce  carol\n"
          "old      vanished  2        -        -\n"
          "nothing was changed (--dry-run)\n");
    OneAnswer empty(R"({"changes":[],"dry_run":false,"policies":[]})");
    CHECK(asked(empty, {"apply"}).out ==
          "no agents are declared\nno policies: nothing is permitted\n");
}

TEST_CASE("agent show: the sets that can permit it, in words", "[cli][policy]") {
    OneAnswer daemon(
        R"({"declared":{"owner":"o","policies":[{"author":"carol","set":"refunds","version":7},)"
        R"({"author":null,"set":"dev","version":1}]},"name":"bot"})");
    CHECK(asked(daemon, {"agent", "show", "bot"}).out ==
          "declared:\n"
          "  owner: o\n"
          "  policies: refunds version 7 by carol, dev version 1 (unsigned)\n"
          "name: bot\n");
    OneAnswer none(R"({"declared":{"owner":"o","policies":[]},"name":"bot"})");
    CHECK(asked(none, {"agent", "show", "bot"}).out ==
          "declared:\n  owner: o\n  policies: none: nothing is permitted\nname: bot\n");
    OneAnswer undeclared(R"({"declared":null,"name":"bot"})");
    CHECK(asked(undeclared, {"agent", "show", "bot"}).out == "declared: -\nname: bot\n");
}
