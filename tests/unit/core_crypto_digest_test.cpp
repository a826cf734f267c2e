#include <cstdio>
#include <thread>

#include "core/crypto/digest.h"
#include "core/crypto/hash.h"
#include "core/encode/base64.h"
#include "holdfast/descriptor.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::crypto;

namespace {
constexpr const char* abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
}  // namespace

TEST_CASE("digest: the known answers of FIPS 180-4", "[core][crypto]") {
    CHECK(encode::hex(sha256(view_of("abc"))) == abc);
    CHECK(encode::hex(sha256(ByteView{})) == nothing);
    CHECK(sha256({view_of("a"), ByteView{}, view_of("bc")}) == sha256(view_of("abc")));
}

TEST_CASE("digest: each algorithm of a key's has its hash, and Ed25519 none", "[core][crypto]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        INFO(to_string(algorithm));
        const std::string name = hash_of(algorithm);
        CHECK(hash(name, {view_of("abc")}).has_value() == (algorithm != KeyAlgorithm::ed25519));
        if (algorithm == KeyAlgorithm::ed25519) continue;
        CHECK(name == "SHA" + std::to_string(algorithm == KeyAlgorithm::es384 ? 384 : 256));
    }
}

TEST_CASE("digest: a stream starts afresh after it finished", "[core][crypto]") {
    Sha256Stream stream;
    stream.update(view_of("xyz"));
    CHECK(stream.finish() == sha256(view_of("xyz")));
    CHECK(encode::hex(stream.update(view_of("ab")).update(view_of("c")).finish()) == abc);
}

TEST_CASE("digest: a file is hashed whole, from wherever its offset stands", "[core][crypto]") {
    std::FILE* file = std::tmpfile();
    REQUIRE(file != nullptr);
    const Bytes content(700001, 0x5a);
    REQUIRE(std::fwrite(content.data(), 1, content.size(), file) == content.size());
    REQUIRE(std::fflush(file) == 0);
    CHECK(*sha256_of_file(::fileno(file)) == sha256(content));
    (void)std::fclose(file);
    CHECK(sha256_of_file(-1).error().code() == Code::unavailable);
}

TEST_CASE("digest: threads do not share a context", "[core][crypto]") {
    std::array<bool, 4> right{};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < right.size(); ++i)
        threads.emplace_back([&right, i] {
            bool all = true;
            for (int round = 0; round < 500; ++round)
                all = all && encode::hex(sha256(view_of("abc"))) == abc;
            right[i] = all;
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(std::all_of(right.begin(), right.end(), [](bool ok) { return ok; }));
}

TEST_CASE("digest: random bytes differ, comparison looks at content and size", "[core][crypto]") {
    const auto a = random_bytes(32);
    const auto b = random_bytes(32);
    REQUIRE(a);
    REQUIRE(b);
    CHECK(a->size() == 32);
    CHECK_FALSE(equal_in_constant_time(*a, *b));
    CHECK(equal_in_constant_time(*a, *a));
    CHECK_FALSE(equal_in_constant_time(*a, ByteView(*a).first(31)));
    CHECK(equal_in_constant_time({}, {}));
}
