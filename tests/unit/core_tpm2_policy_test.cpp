// Expected values were read from swtpm with tpm2_nvreadpublic and a trial session of tpm2_policynv.
#include <vector>

#include "core/encode/base64.h"
#include "core/tpm2/policy.h"
#include "core/tpm2/structures.h"
#include "tests/support/catch.h"

using namespace holdfast;
using encode::from_hex;
using encode::hex;
using tpm2::fuse_policy;

namespace {

constexpr const char* counter_area = "01500010000b2206001600000008";
constexpr const char* bank_area = "01500011000b2206002600000008";

Fuse counter() {
    return {.kind = FuseKind::counter,
            .nv_index = 0x1500010,
            .value = 2,
            .nv_public = *from_hex(counter_area)};
}
Fuse bank() {
    return {.kind = FuseKind::bank,
            .nv_index = 0x1500011,
            .value = 8,
            .nv_public = *from_hex(bank_area)};
}

}  // namespace

TEST_CASE("fuse policy: equals what the chip computes", "[core][tpm2][policy]") {
    const auto one = fuse_policy(std::vector{counter()});
    REQUIRE(one);
    CHECK(hex(*one) == "e8f97ae003c4ad4e62cb5626f8d8945fc92d4dec81c9cb9bce4658208f3e1fb7");
    const auto two = fuse_policy(std::vector{counter(), bank()});
    REQUIRE(two);
    CHECK(hex(*two) == "00885c609f505c54076bd2eddf15a3b54a69794d6d411bcec9d36842ac0757f9");
}

TEST_CASE("fuse policy: a host fuse is a counter too", "[core][tpm2][policy]") {
    Fuse host = counter();
    host.kind = FuseKind::host;
    CHECK(*fuse_policy(std::vector{host}) == *fuse_policy(std::vector{counter()}));
}

TEST_CASE("fuse policy: depends on value, index, order and number of the fuses",
          "[core][tpm2][policy]") {
    const Sha256 right = *fuse_policy(std::vector{counter(), bank()});
    Fuse later = counter();
    later.value = 3;
    CHECK(*fuse_policy(std::vector{later, bank()}) != right);
    CHECK(*fuse_policy(std::vector{bank(), counter()}) != right);
    CHECK(*fuse_policy(std::vector{counter()}) != right);
    CHECK(*fuse_policy(std::vector{counter(), bank(), bank()}) != right);
    CHECK(*fuse_policy({}) == Sha256{});
}

TEST_CASE("fuse policy: kind none adds nothing", "[core][tpm2][policy]") {
    CHECK(*fuse_policy(std::vector{Fuse(), counter()}) == *fuse_policy(std::vector{counter()}));
}

TEST_CASE("fuse policy: a fuse that does not fit its NV public area is refused",
          "[core][tpm2][policy]") {
    Fuse elsewhere = counter();
    elsewhere.nv_index = 0x1500012;
    CHECK_FALSE(fuse_policy(std::vector{elsewhere}));
    Fuse two_bits = bank();
    two_bits.value = 3;
    CHECK_FALSE(fuse_policy(std::vector{two_bits}));
    Fuse short_index = counter();
    short_index.nv_public = *from_hex("01500010000b2206001600000004");
    CHECK_FALSE(fuse_policy(std::vector{short_index}));
    Fuse longer = counter();
    longer.nv_public.push_back(0);
    CHECK_FALSE(fuse_policy(std::vector{longer}));
    Fuse nothing = counter();
    nothing.nv_public.clear();
    CHECK_FALSE(fuse_policy(std::vector{nothing}));
}
