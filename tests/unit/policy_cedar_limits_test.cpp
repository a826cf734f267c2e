#include "policy/cedar/limits.h"
#include "policy/cedar/parser.h"
#include "tests/support/catch.h"
#include "tests/support/cedar_request.h"

using namespace holdfast;
using namespace holdfast::policy::cedar;
using cedar_test::permit;

namespace {

std::string problem(const std::string& text) {
    const auto set = parse("t.cedar", text);
    return set ? "accepted" : set.error().text();
}

// The same without the file, and of a condition that begins in column 1.
std::string refusal(const std::string& expression) {
    const std::string text = problem(permit("when {\n" + expression + "\n}"));
    return text.starts_with("t.cedar:2:") ? text.substr(10) : text;
}

void accept(const std::string& expression) {
    const std::string text = problem(permit("when {" + expression + "}"));
    INFO(expression << ": " << text);
    CHECK(text == "accepted");
}

std::string repeated(const std::string& text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i)
        all += text;
    return all;
}

std::string list_of(const std::string& element, std::size_t count) {
    return "[" + repeated(element + ", ", count) + "]";
}

}  // namespace

TEST_CASE("cedar parser: each limit holds at its edge", "[policy][cedar]") {
    const auto text_of = [](std::size_t size) { return "//" + std::string(size - 2, 'a'); };
    CHECK(problem(text_of(max_text)) == "accepted");
    CHECK(problem(text_of(max_text + 1)) == "t.cedar:1:1: more than 1048576 bytes");

    const auto policies = [](std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i)
            text += "@id(\"" + std::to_string(i) + "\")permit(principal,action,resource);\n";
        return text;
    };
    CHECK(problem(policies(max_policies)) == "accepted");
    CHECK(problem(policies(max_policies + 1)) == "t.cedar:10001:1: more than 10000 policies");

    const auto id = [](std::size_t size) {
        return problem("@id(\"" + std::string(size, 'a') +
                       "\") permit(principal,action,resource);");
    };
    CHECK(id(max_policy_id) == "accepted");
    CHECK(id(max_policy_id + 1).starts_with("t.cedar:1:1: @id must be"));
    CHECK(id(0).starts_with("t.cedar:1:1: @id must be"));

    const auto annotation = [](std::size_t size) {
        return problem("@a(\"" + std::string(size, 'a') + "\")" + permit(""));
    };
    CHECK(annotation(max_annotation_value) == "accepted");
    CHECK(annotation(max_annotation_value + 1) == "t.cedar:1:4: a string of more than 1024 bytes");

    const auto annotations = [](std::size_t count) {
        std::string text;
        for (std::size_t i = 1; i < count; ++i)
            text += "@a" + std::to_string(i) + " ";
        return problem(text + permit(""));
    };
    CHECK(annotations(max_annotations) == "accepted");
    CHECK(annotations(max_annotations + 1).ends_with("more than 32 annotations"));
}

TEST_CASE("cedar parser: each limit of an expression holds at its edge", "[policy][cedar]") {
    accept("\"" + std::string(max_string, 'a') + "\"");
    CHECK(refusal("\"" + std::string(max_string + 1, 'a') + "\"") ==
          "1: a string of more than 16384 bytes");
    accept("A::\"" + std::string(max_string, 'a') + "\"");
    CHECK(refusal("A::\"" + std::string(max_string + 1, 'a') + "\"") ==
          "4: a string of more than 16384 bytes");

    const std::string name(max_name, 'a');
    accept("context." + name);
    CHECK(refusal("context." + name + "a") == "9: a name of more than 128 bytes");
    accept("context[\"" + name + "\"]");
    CHECK(refusal("context[\"" + name + "a\"]") == "9: a string of more than 128 bytes");

    accept("\"\" like \"*" + std::string(max_pattern - 1, 'a') + "\"");
    CHECK(refusal("\"\" like \"*" + std::string(max_pattern, 'a') + "\"") ==
          "9: a pattern of more than 1024 bytes");

    accept(list_of("1", max_elements));
    CHECK(refusal(list_of("1", max_elements + 1)).ends_with("a set of more than 1024 elements"));
    const auto members = [](std::size_t count) {
        std::string text = "{";
        for (std::size_t i = 0; i < count; ++i)
            text += "a" + std::to_string(i) + ": 1, ";
        return text + "}";
    };
    accept(members(max_elements));
    CHECK(refusal(members(max_elements + 1)).ends_with("a record of more than 1024 members"));
    const auto actions = [](std::size_t count) {
        return problem("@id(\"a\") permit(principal, action in " + list_of("Action::\"a\"", count) +
                       ", resource);");
    };
    CHECK(actions(max_elements) == "accepted");
    CHECK(actions(max_elements + 1).ends_with("a list of more than 1024 actions"));
}

TEST_CASE("cedar parser: nothing is nested deeper than its limit", "[policy][cedar]") {
    const auto nested = [](const std::string& open, const std::string& close, std::size_t depth) {
        return repeated(open, depth - 1) + "1" + repeated(close, depth - 1);
    };
    const std::string too_deep = "nested in more than 64 levels";
    accept(nested("(", ")", max_depth));
    CHECK(refusal(nested("(", ")", max_depth + 1)).ends_with(too_deep));
    accept(nested("[", "]", max_depth));
    CHECK(refusal(nested("[", "]", max_depth + 1)).ends_with(too_deep));
    accept(nested("{a: ", "}", max_depth));
    CHECK(refusal(nested("{a: ", "}", max_depth + 1)).ends_with(too_deep));
    accept(nested("if 1 then 1 else ", "", max_depth));
    CHECK(refusal(nested("if 1 then 1 else ", "", max_depth + 1)).ends_with(too_deep));
    accept(nested("", ".a", max_depth));
    CHECK(refusal(nested("", ".a", max_depth + 1)).ends_with(too_deep));
    accept(nested("", " + 1", max_depth));
    CHECK(refusal(nested("", " - 1", max_depth + 1)).ends_with(too_deep));
    CHECK(refusal(nested("", " * 1", max_depth + 1)).ends_with(too_deep));
    accept(nested("[].contains(", ")", max_depth));
    CHECK(refusal(nested("!!(", ")", max_depth)).ends_with(too_deep));
    CHECK(refusal(repeated("(", 100'000)).ends_with(too_deep));
    CHECK(refusal(repeated("[", 100'000)).ends_with(too_deep));
    // A long list is not a deep one.
    accept("true" + repeated(" && true", 10'000));
    accept("true" + repeated(" || true", 10'000));
}

TEST_CASE("cedar parser: files are merged, and an id names one policy in all", "[policy][cedar]") {
    const auto set = [](const std::string& file, const std::string& id, std::size_t count = 1) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i)
            text += "@id(\"" + id + std::to_string(i) + "\") permit(principal, action, resource);";
        return *parse(file, text);
    };
    CHECK(merge({})->policies.empty());
    const auto merged = merge({set("a", "x"), set("b", "y")});
    REQUIRE(merged);
    CHECK(merged->policies.size() == 2);
    const auto twice = merge({set("a", "x"), set("b", "x")});
    REQUIRE_FALSE(twice);
    CHECK(twice.error().text() == "b:1:1: @id(\"x0\") names another policy already");
    CHECK(merge({set("a", "x", max_policies - 1), set("b", "y")}));
    const auto many = merge({set("a", "x", max_policies), set("b", "y")});
    REQUIRE_FALSE(many);
    CHECK(many.error().text() == "b:1:1: more than 10000 policies in all files");
}
