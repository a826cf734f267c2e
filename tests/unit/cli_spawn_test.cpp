#include <cstdlib>

#include "cli/spawn.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::cli;

namespace {

Result<Finished> run(std::vector<std::string> arguments, std::string_view input, std::size_t max,
                     Program::World world = Program::World::empty) {
    return run_program({std::move(arguments), view_of(input), world, max});
}

}  // namespace

TEST_CASE("spawn: a program reads its input to the end and its output comes back", "[cli]") {
    // More than a pipe holds, to a program that says much before it has read all.
    const std::string input(1024UL * 1024, 'x');
    const auto finished = run({"cat"}, input, input.size());
    REQUIRE(finished);
    CHECK(finished->status == 0);
    CHECK(finished->output == input);
    const auto deaf = run({"true"}, input, 0);
    REQUIRE(deaf);
    CHECK(deaf->status == 0);
}

TEST_CASE("spawn: output is bounded, at the bound and one past it", "[cli]") {
    CHECK(run({"cat"}, "12345", 5));
    CHECK_FALSE(run({"cat"}, "123456", 5));
}

TEST_CASE("spawn: how it ended, and that there is no such program", "[cli]") {
    CHECK(run({"/bin/sh", "-c", "exit 7"}, "", 0)->status == 7);
    CHECK(run({"/bin/sh", "-c", "kill -9 $$"}, "", 0)->status == 128 + 9);
    const auto none = run({"holdfast-no-such-program"}, "", 0);
    REQUIRE_FALSE(none);
    CHECK(none.error().code() == Code::not_found);
}

TEST_CASE("spawn: a program alone in the world has no environment", "[cli]") {
    REQUIRE(::setenv("HOLDFAST_SPAWN_TEST", "seen", 1) == 0);
    const std::vector<std::string> show{"/bin/sh", "-c", "echo $HOLDFAST_SPAWN_TEST"};
    CHECK(run(show, "", 64)->output == "\n");
    CHECK(run(show, "", 64, Program::World::inherited)->output == "seen\n");
}
