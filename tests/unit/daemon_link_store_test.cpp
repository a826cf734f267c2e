#include "daemon/link/codec_store.h"
#include "tests/support/catch.h"
#include "tests/support/link_samples.h"

using holdfast::Bytes;
using holdfast::Descriptor;
using holdfast::Sha256;
using namespace holdfast::daemon;
using holdfast::test::a_file;
namespace attest = holdfast::attest;

namespace {

ImportRequest an_import() {
    return {"/var/lib/holdfast/store", "/srv/agent", "/srv/agent.json", {1000, 100, {4, 27}}};
}

bool decodes(const ImportRequest& request) {
    return decode_import(encode(request)).has_value();
}

}  // namespace

TEST_CASE("codec: an import comes through as it was asked", "[daemon][link][codec]") {
    const auto decoded = decode_import(encode(an_import()));
    REQUIRE(decoded);
    CHECK(decoded->store == an_import().store);
    CHECK(decoded->source == an_import().source);
    CHECK(decoded->manifest == an_import().manifest);
    CHECK(decoded->reader == an_import().reader);
    auto longer = encode(an_import());
    longer.push_back(0);
    CHECK_FALSE(decode_import(longer));
}

TEST_CASE("codec: an import's paths are absolute, without NUL, and bounded",
          "[daemon][link][codec]") {
    const std::string longest = "/" + std::string(max_store_path - 1, 'x');
    for (auto member : {&ImportRequest::store, &ImportRequest::source, &ImportRequest::manifest}) {
        for (const std::string& wrong :
             {std::string(), std::string("relative"), std::string("/a\0b", 4), longest + "x"}) {
            auto request = an_import();
            request.*member = wrong;
            CHECK_FALSE(decodes(request));
        }
        auto request = an_import();
        request.*member = longest;
        CHECK(decodes(request));
    }
}

TEST_CASE("codec: an import has at most 1024 groups, and no id that means \"as it is\"",
          "[daemon][link][codec]") {
    auto request = an_import();
    request.reader.groups.assign(max_operator_groups, 7);
    CHECK(decodes(request));
    request.reader.groups.push_back(7);
    CHECK_FALSE(decodes(request));
    request = an_import();
    request.reader.uid = static_cast<uid_t>(-1);
    CHECK_FALSE(decodes(request));
    request = an_import();
    request.reader.gid = static_cast<gid_t>(-1);
    CHECK_FALSE(decodes(request));
}

TEST_CASE("codec: what came of a store's requests comes through", "[daemon][link][codec]") {
    const auto imported = decode_imported(encode(attest::Imported{{1}, {2}, 3, 4, 5, true}));
    REQUIRE(imported);
    CHECK(imported->manifest == Sha256{1});
    CHECK(imported->root == Sha256{2});
    CHECK(imported->reused == 5);
    CHECK(imported->verity);

    const auto collected = decode_collected(encode(attest::Collected{1, 2, 3, 4}));
    REQUIRE(collected);
    CHECK(collected->objects == 3);
    CHECK(collected->bytes == 4);

    attest::StoredManifest stored{"bot", 7, 1000, {1}, {2}, 3, 4, 5};
    const auto list = decode_stored(encode(std::vector{stored, stored}));
    REQUIRE(list);
    REQUIRE(list->size() == 2);
    CHECK(list->back().name == "bot");
    CHECK(list->back().not_after == 1000);
    CHECK(list->back().imported == 5);

    attest::CheckReport report;
    report.objects = 9;
    report.differing = 2;
    report.differences = {{"objects/ab/x", "contents"}};
    const auto checked = decode_check(encode(report));
    REQUIRE(checked);
    CHECK(checked->objects == 9);
    CHECK(checked->differing == 2);
    CHECK(checked->differences == report.differences);
}

TEST_CASE("codec: the manifests to keep are counted", "[daemon][link][codec]") {
    CollectRequest request{"/store", std::vector<Sha256>(max_kept)};
    REQUIRE(encode(request).size() <= max_payload);
    REQUIRE(decode_collect(encode(request)));
    CHECK(decode_collect(encode(request))->keep.size() == max_kept);
    request.keep.emplace_back();
    CHECK_FALSE(decode_collect(encode(request)));
}

TEST_CASE("codec: a piece of a listing fits a reply at its bound, and is refused one past it",
          "[daemon][link][codec]") {
    const attest::SourceEntry entry{std::string(attest::max_tree_path, 'p'), 0120777,
                                    std::string(4096, 't')};
    std::vector<attest::SourceEntry> piece(max_listing_piece, entry);
    CHECK(encode(piece).size() <= max_reply);
    const auto decoded = decode_listing(encode(piece));
    REQUIRE(decoded);
    CHECK(*decoded == piece);
    piece.push_back(entry);
    CHECK_FALSE(decode_listing(encode(piece)));
    CHECK_FALSE(decode_listing(encode(
        std::vector<attest::SourceEntry>{{std::string(attest::max_tree_path + 1, 'p'), 0, ""}})));
}

TEST_CASE("codec: opened files come with their descriptors, the others with why",
          "[daemon][link][codec]") {
    attest::OpenedFiles opened;
    opened.first = 64;
    opened.files.push_back({a_file(), 0});
    opened.files.push_back({Descriptor(), EACCES});
    opened.files.push_back({a_file(), 0});
    Reply reply = encode(std::move(opened));
    REQUIRE(reply.descriptors.size() == 2);
    const Bytes body = reply.body;
    const auto decoded = decode_opened(std::move(reply));
    REQUIRE(decoded);
    CHECK(decoded->first == 64);
    REQUIRE(decoded->files.size() == 3);
    CHECK(decoded->files[0].file);
    CHECK_FALSE(decoded->files[1].file);
    CHECK(decoded->files[1].error == EACCES);
    CHECK(decoded->files[2].file);

    for (const std::size_t count : {0UL, 1UL, 3UL}) {
        Reply other{body, {}};
        for (std::size_t i = 0; i < count; ++i)
            other.descriptors.push_back(a_file());
        CHECK_FALSE(decode_opened(std::move(other)));
    }
}

TEST_CASE("codec: files are opened in bounded numbers", "[daemon][link][codec]") {
    CHECK(decode_open(encode(OpenRequest{5, attest::max_opened_at_once})));
    CHECK_FALSE(decode_open(encode(OpenRequest{5, attest::max_opened_at_once + 1})));
}
