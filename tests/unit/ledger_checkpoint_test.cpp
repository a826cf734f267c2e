#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"
#include "tests/support/catch.h"
#include "tests/support/software_key.h"

using namespace holdfast;

namespace {

constexpr const char* origin = "host.example/ledger";

LedgerHead sample_head() {
    ledger::Tree tree;
    tree.append(ledger::leaf_hash(Bytes{1}));
    tree.append(ledger::leaf_hash(Bytes{2}));
    return tree.head();
}

std::string sample_text() {
    return ledger::checkpoint_text(origin, sample_head());
}

std::string signed_by(const tests::SoftwareKey& key, const std::string& text) {
    const auto note = ledger::signed_note(text, origin, key.spki(), key.sign(view_of(text)));
    REQUIRE(note);
    return *note;
}

}  // namespace

TEST_CASE("checkpoint: three lines, and the empty tree's size is 0", "[ledger][checkpoint]") {
    CHECK(ledger::checkpoint_text(origin, ledger::Tree().head()) ==
          "host.example/ledger\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
    const auto parsed = ledger::parse_checkpoint(sample_text());
    REQUIRE(parsed);
    CHECK(parsed->origin == origin);
    CHECK(parsed->head == sample_head());
}

TEST_CASE("checkpoint: the specification's example is read", "[ledger][checkpoint]") {
    const auto parsed = ledger::parse_checkpoint(
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
    REQUIRE(parsed);
    CHECK(parsed->head.size == 20852163);
}

TEST_CASE("checkpoint: any other spelling is refused", "[ledger][checkpoint]") {
    const std::string root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    const std::string text = GENERATE_COPY(
        std::string(), "a\n1\n" + root, "a\n01\n" + root + "\n", "a\n-1\n" + root + "\n",
        "a\n+1\n" + root + "\n", "a\n1 \n" + root + "\n", "\n1\n" + root + "\n",
        "a b\n1\n" + root + "\n", "a+b\n1\n" + root + "\n", "a\n1\nAAAA\n",
        "a\n1\n" + root + "\nextra\n", "a\n99999999999999999999\n" + root + "\n",
        "a\r\n1\n" + root + "\n", "a\n1\n" + root.substr(0, 43) + "\n");
    INFO(text);
    CHECK_FALSE(ledger::parse_checkpoint(text));
}

TEST_CASE("note: opens under the key that signed it, and shows the head", "[ledger][checkpoint]") {
    const tests::SoftwareKey key;
    const std::string note = signed_by(key, sample_text());
    const auto opened = ledger::open_note(note, origin, key.spki());
    REQUIRE(opened);
    CHECK(opened->head == sample_head());

    // Signature type 0x02: the key ID is the truncated SHA-256 of the SubjectPublicKeyInfo, then
    // DER.
    const std::string mark = std::string("\n\n\xE2\x80\x94 ") + origin + " ";
    const auto at = note.find(mark);
    REQUIRE(at != std::string::npos);
    const auto signature = encode::from_base64(
        std::string_view(note).substr(at + mark.size(), note.size() - at - mark.size() - 1));
    REQUIRE(signature);
    const Sha256 digest = crypto::sha256(key.spki());
    CHECK(std::equal(digest.begin(), digest.begin() + 4, signature->begin()));
    CHECK((*signature)[4] == 0x30);
}

TEST_CASE("note: one changed byte anywhere in the text is refused", "[ledger][checkpoint]") {
    const tests::SoftwareKey key;
    const std::string text = sample_text();
    const std::string note = signed_by(key, text);
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = note;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        INFO("byte " << i);
        CHECK_FALSE(ledger::open_note(changed, origin, key.spki()));
    }
}

TEST_CASE("note: others' signatures are ignored, ours must be there and right",
          "[ledger][checkpoint]") {
    const tests::SoftwareKey key;
    const tests::SoftwareKey other;
    const std::string text = sample_text();
    const std::string note = signed_by(key, text);
    const std::string by_other = signed_by(other, text);
    const std::string other_line = by_other.substr(text.size() + 1);
    CHECK(ledger::open_note(note + other_line, origin, key.spki()));
    CHECK_FALSE(ledger::open_note(by_other, origin, key.spki()));
    CHECK_FALSE(ledger::open_note(note, "another.example/ledger", key.spki()));
    CHECK_FALSE(ledger::open_note(text + "\n", origin, key.spki()));
    CHECK_FALSE(ledger::open_note(text, origin, key.spki()));
    CHECK_FALSE(ledger::open_note(note.substr(0, note.size() - 1), origin, key.spki()));
    CHECK_FALSE(ledger::open_note(note + "x\n", origin, key.spki()));
    // A right signature does not save a wrong one of the same key.
    const std::string wrong = ledger::checkpoint_text("other.example/ledger", sample_head());
    const std::string wrong_line = signed_by(key, wrong).substr(wrong.size() + 1);
    CHECK_FALSE(ledger::open_note(note + wrong_line, origin, key.spki()));
}
