// Catch2 2.13 and 3 behind one include, and HOLDFAST_SKIP for what a machine cannot show.
#ifndef HOLDFAST_TESTS_SUPPORT_CATCH_H
#define HOLDFAST_TESTS_SUPPORT_CATCH_H

#ifdef HOLDFAST_CATCH2_V3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <iostream>

// ctest reads the word; scripts/test --all fails on any skip not listed in tests/allowed-skips.
#define HOLDFAST_SKIP(reason)                         \
    do {                                              \
        std::cout << "SKIPPED: " << (reason) << '\n'; \
        SUCCEED(reason);                              \
        return;                                       \
    } while (false)

#endif  // HOLDFAST_TESTS_SUPPORT_CATCH_H
