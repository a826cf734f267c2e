#include "policy/cedar/value.h"

#include <algorithm>
#include <array>

namespace holdfast::policy::cedar {
namespace {

template <class T>
int ordered(const T& a, const T& b) noexcept {
    if (a == b) return 0;
    return a < b ? -1 : 1;
}

// NOLINTBEGIN(misc-no-recursion): values are as deep as max_depth and max_json_depth together.
int compare_sets(const Set& a, const Set& b) noexcept {
    if (a.size() != b.size()) return ordered(a.size(), b.size());
    for (auto left = a.begin(), right = b.begin(); left != a.end(); ++left, ++right)
        if (const int order = Value::compare(*left, *right); order != 0) return order;
    return 0;
}

int compare_records(const Record& a, const Record& b) noexcept {
    if (a.size() != b.size()) return ordered(a.size(), b.size());
    for (auto left = a.begin(), right = b.begin(); left != a.end(); ++left, ++right) {
        if (const int order = left->first.compare(right->first); order != 0) return order;
        if (const int order = Value::compare(left->second, right->second); order != 0) return order;
    }
    return 0;
}

}  // namespace

int Value::compare(const Value& a, const Value& b) noexcept {
    if (a.held_.index() != b.held_.index()) return ordered(a.held_.index(), b.held_.index());
    if (const bool* boolean = a.boolean()) return ordered(*boolean, *b.boolean());
    if (const std::int64_t* integer = a.integer()) return ordered(*integer, *b.integer());
    if (const std::string* string = a.string()) return string->compare(*b.string());
    if (const EntityUid* entity = a.entity()) return ordered(*entity, *b.entity());
    if (const Set* set = a.set()) return set == b.set() ? 0 : compare_sets(*set, *b.set());
    return a.record() == b.record() ? 0 : compare_records(*a.record(), *b.record());
}

Result<Value> value_from(const encode::Json& json) {
    if (json.is_null()) return Error(Code::invalid, "null is no value of a policy");
    if (const bool* boolean = json.boolean()) return Value(*boolean);
    if (const std::int64_t* integer = json.integer()) return Value(*integer);
    if (const std::string* string = json.string()) return Value(*string);
    if (const auto* array = json.array()) {
        std::vector<Value> elements;
        for (const encode::Json& member : *array) {
            HOLDFAST_TRY(element, value_from(member));
            elements.push_back(std::move(element));
        }
        return Value(Set(std::move(elements)));
    }
    Record record;
    for (const auto& [name, member] : *json.object()) {
        HOLDFAST_TRY(value, value_from(member));
        record.emplace(name, std::move(value));
    }
    return Value(std::move(record));
}
// NOLINTEND(misc-no-recursion)

Value::Value(Set value) : held_(std::make_shared<const Set>(std::move(value))) {}

Value::Value(Record value) : held_(std::make_shared<const Record>(std::move(value))) {}

std::string_view Value::type_name() const noexcept {
    static constexpr std::array<std::string_view, 6> names = {"bool",   "long", "string",
                                                              "entity", "set",  "record"};
    return names[held_.index()];
}

Set::Set(std::vector<Value> elements) : elements_(std::move(elements)) {
    std::sort(elements_.begin(), elements_.end());
    elements_.erase(std::unique(elements_.begin(), elements_.end()), elements_.end());
}

bool Set::contains(const Value& value) const {
    return std::binary_search(begin(), end(), value);
}

bool Set::contains_all(const Set& others) const {
    return std::includes(begin(), end(), others.begin(), others.end());
}

bool Set::contains_any(const Set& others) const {
    return std::any_of(others.begin(), others.end(),
                       [&](const Value& other) { return contains(other); });
}

}  // namespace holdfast::policy::cedar
