#include "ledger/record.h"
#include "tests/support/catch.h"

using namespace holdfast;
using encode::Json;

namespace {

ledger::Record sample() {
    ledger::Record record;
    record.type = "refused";
    record.time = 1'700'000'000;
    record.index = 42;
    record.members = {{"agent", "deploy-bot"}, {"reason", "action_not_allowed"}};
    return record;
}

// How many bytes of padding make the record exactly max_record long.
std::string padding_to(std::size_t size) {
    ledger::Record record = sample();
    record.members.insert_or_assign("padding", Json(""));
    const auto empty = ledger::encode_record(record);
    REQUIRE(empty);
    return std::string(size - empty->size(), 'x');
}

}  // namespace

TEST_CASE("record: canonical JSON that names its own index", "[ledger][record]") {
    const auto bytes = ledger::encode_record(sample());
    REQUIRE(bytes);
    CHECK(text_of(*bytes) ==
          R"({"agent":"deploy-bot","index":42,"reason":"action_not_allowed","time":1700000000,)"
          R"("type":"refused"})");
    const auto back = ledger::decode_record(*bytes);
    REQUIRE(back);
    CHECK(back->index == 42);
    CHECK(back->time == 1'700'000'000);
    CHECK(back->type == "refused");
    CHECK(back->members == sample().members);
}

TEST_CASE("record: a member cannot overwrite index, time or type", "[ledger][record]") {
    const std::string name = GENERATE("index", "time", "type");
    ledger::Record record = sample();
    record.members.emplace(name, Json(7));
    const auto bytes = ledger::encode_record(record);
    REQUIRE_FALSE(bytes);
    CHECK(bytes.error().code() == Code::invalid);
}

TEST_CASE("record: the longest that fits a bundle passes, one byte more does not",
          "[ledger][record]") {
    ledger::Record record = sample();
    const std::string padding = padding_to(ledger::max_record);
    record.members.insert_or_assign("padding", Json(padding));
    const auto longest = ledger::encode_record(record);
    REQUIRE(longest);
    CHECK(longest->size() == ledger::max_record);
    CHECK(ledger::decode_record(*longest));

    record.members.insert_or_assign("padding", Json(padding + "x"));
    const auto longer = ledger::encode_record(record);
    REQUIRE_FALSE(longer);
    CHECK(longer.error().code() == Code::invalid);
}

TEST_CASE("record: what could not be read back is never written", "[ledger][record]") {
    ledger::Record record = sample();
    SECTION("nested too deep") {
        Json nested(1);
        for (std::size_t i = 0; i < encode::max_json_depth; ++i)
            nested = Json(Json::Object{{"in", nested}});
        record.members.emplace("deep", nested);
    }
    SECTION("an integer that JSON readers would round") {
        record.members.emplace("big", Json(encode::max_json_integer + 1));
    }
    SECTION("no type") {
        record.type.clear();
    }
    SECTION("a time before 1970") {
        record.time = -1;
    }
    SECTION("an index past 2^53") {
        record.index = static_cast<std::uint64_t>(encode::max_json_integer) + 1;
    }
    CHECK_FALSE(ledger::encode_record(record));
}

TEST_CASE("record: a path that is not UTF-8 cannot make the ledger unreadable",
          "[ledger][record]") {
    ledger::Record record = sample();
    record.members.emplace("path", Json(std::string("/opt/\xff\xfe")));
    const auto bytes = ledger::encode_record(record);
    REQUIRE(bytes);
    CHECK(ledger::decode_record(*bytes));
}

TEST_CASE("record: one record has one spelling", "[ledger][record]") {
    const std::string text =
        GENERATE(R"({"index":1,"time":2,"type":"a"} )", R"({"index": 1,"time":2,"type":"a"})",
                 R"({"time":2,"index":1,"type":"a"})", R"({"index":1,"time":2,"type":"\u0061"})",
                 R"({"index":1,"index":1,"time":2,"type":"a"})", R"({"index":1,"time":2})",
                 R"({"index":"1","time":2,"type":"a"})", R"({"index":1,"time":2,"type":3})",
                 R"([1])", "", "{");
    CHECK_FALSE(ledger::decode_record(view_of(text)));
    CHECK(ledger::decode_record(view_of(R"({"index":1,"time":2,"type":"a"})")));
}
