#include "policy/cedar/value.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::policy::cedar;

namespace {

Value number(std::int64_t value) {
    return value;
}

Result<Value> from(std::string_view text) {
    HOLDFAST_TRY(json, encode::parse_json(text));
    return value_from(json);
}

}  // namespace

TEST_CASE("cedar values: a set has no order and nothing twice", "[policy][cedar]") {
    const Set set({number(3), number(1), number(3), "x", number(1)});
    CHECK(set.size() == 3);
    CHECK(Value(set) == Value(Set({"x", number(1), number(3)})));
    CHECK_FALSE(Value(set) == Value(Set({number(1), number(3)})));
    CHECK(set.contains("x"));
    CHECK_FALSE(set.contains(true));
    CHECK(set.contains_all(Set({})));
    CHECK(set.contains_all(Set({number(1), "x"})));
    CHECK_FALSE(set.contains_all(Set({number(1), "y"})));
    CHECK(set.contains_any(Set({number(1), "y"})));
    CHECK_FALSE(set.contains_any(Set({})));
}

TEST_CASE("cedar values: what is of another type is never equal", "[policy][cedar]") {
    const std::vector<Value> different = {false,
                                          number(0),
                                          "0",
                                          EntityUid{"Agent", "0"},
                                          EntityUid{"Audience", "0"},
                                          Set({}),
                                          Set({number(0)}),
                                          Record{},
                                          Record{{"a", number(0)}},
                                          Record{{"a", number(1)}},
                                          Record{{"b", number(0)}}};
    for (std::size_t i = 0; i < different.size(); ++i)
        for (std::size_t j = 0; j < different.size(); ++j) {
            CHECK((different[i] == different[j]) == (i == j));
            // An order, or sets could not be searched.
            CHECK((different[i] < different[j]) ==
                  (Value::compare(different[j], different[i]) > 0));
        }
}

TEST_CASE("cedar values: a JSON object is a record, an array a set", "[policy][cedar]") {
    const auto value = from(R"({"a":[2,1,2],"b":{"c":true},"d":"x","e":-9007199254740991})");
    REQUIRE(value);
    CHECK(*value == Value(Record{{"a", Set({number(1), number(2)})},
                                 {"b", Record{{"c", true}}},
                                 {"d", "x"},
                                 {"e", number(-9007199254740991)}}));
    CHECK(value->type_name() == "record");
}

TEST_CASE("cedar values: an agent's JSON cannot name an entity", "[policy][cedar]") {
    const auto value = from(R"({"__entity":{"type":"Sponsor","id":"finance"}})");
    REQUIRE(value);
    CHECK(value->entity() == nullptr);
    CHECK(value->record() != nullptr);
}

TEST_CASE("cedar values: null has no meaning, wherever it stands", "[policy][cedar]") {
    CHECK_FALSE(from("null"));
    CHECK_FALSE(from("[1,null]"));
    CHECK_FALSE(from(R"({"a":{"b":[null]}})"));
    CHECK(from("[]"));
}
