// Value: what a Cedar expression evaluates to. Copies share what they hold.
#ifndef HOLDFAST_POLICY_CEDAR_VALUE_H
#define HOLDFAST_POLICY_CEDAR_VALUE_H

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/result.h"

namespace holdfast::policy::cedar {

// Type::"id".
struct EntityUid {
    std::string type;
    std::string id;

    friend bool operator==(const EntityUid& a, const EntityUid& b) noexcept {
        return a.id == b.id && a.type == b.type;  // ids differ more often
    }
    friend bool operator<(const EntityUid& a, const EntityUid& b) noexcept {
        const int types = a.type.compare(b.type);
        return types != 0 ? types < 0 : a.id < b.id;
    }
};

class Set;
class Value;
using Record = std::map<std::string, Value, std::less<>>;

class Value {
  public:
    Value() = default;  // false

    // NOLINTBEGIN(google-explicit-constructor): so that a Record literal reads as in a policy.
    Value(bool value) : held_(value) {}
    Value(std::int64_t value) : held_(value) {}
    Value(std::string value) : held_(std::make_shared<const std::string>(std::move(value))) {}
    Value(const char* value) : Value(std::string(value)) {}
    Value(EntityUid value) : held_(std::make_shared<const EntityUid>(std::move(value))) {}
    Value(Set value);
    Value(Record value);
    // NOLINTEND(google-explicit-constructor)

    // Null when this holds something else.
    const bool* boolean() const noexcept { return std::get_if<bool>(&held_); }
    const std::int64_t* integer() const noexcept { return std::get_if<std::int64_t>(&held_); }
    const std::string* string() const noexcept { return shared<std::string>(); }
    const EntityUid* entity() const noexcept { return shared<EntityUid>(); }
    const Set* set() const noexcept { return shared<Set>(); }
    const Record* record() const noexcept { return shared<Record>(); }

    // "bool", "long", "string", "entity", "set", "record": the documentation's words.
    std::string_view type_name() const noexcept;

    // Values of different types are ordered by their type, and never equal.
    static int compare(const Value& a, const Value& b) noexcept;
    friend bool operator==(const Value& a, const Value& b) noexcept { return compare(a, b) == 0; }
    friend bool operator<(const Value& a, const Value& b) noexcept { return compare(a, b) < 0; }

  private:
    // Owned by a policy's literal or by a request, and by every value an evaluation makes of it:
    // a set literal of the whole context must not copy the context.
    template <class T>
    using Shared = std::shared_ptr<const T>;

    template <class T>
    const T* shared() const noexcept {
        const auto* pointer = std::get_if<Shared<T>>(&held_);
        return pointer == nullptr ? nullptr : pointer->get();
    }

    std::variant<bool, std::int64_t, Shared<std::string>, Shared<EntityUid>, Shared<Set>,
                 Shared<Record>>
        held_;
};

// Unordered and without doubles, as Cedar's; kept sorted so that two sets compare in one walk.
class Set {
  public:
    explicit Set(std::vector<Value> elements);

    bool contains(const Value& value) const;
    bool contains_all(const Set& others) const;
    bool contains_any(const Set& others) const;
    std::vector<Value>::const_iterator begin() const noexcept { return elements_.begin(); }
    std::vector<Value>::const_iterator end() const noexcept { return elements_.end(); }
    std::size_t size() const noexcept { return elements_.size(); }

  private:
    std::vector<Value> elements_;
};

// Arrays become sets, objects records; an object is never an entity, whatever its members are
// called. invalid: a null anywhere, which Cedar cannot express. Nothing else can fail: our JSON
// holds integers only, and no more than max_json_depth levels.
Result<Value> value_from(const encode::Json& json);

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_VALUE_H
