#include <sys/stat.h>

#ifdef HOLDFAST_CATCH2_V3
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

int main(int argc, char** argv) {
    // What a group may write is refused in some places; a test's files are as an operator's should
    // be.
    (void)::umask(S_IWGRP | S_IWOTH);
    return Catch::Session().run(argc, argv);
}
