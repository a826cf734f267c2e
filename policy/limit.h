// Limit: how much of an action one agent may have signed within a sliding window of time.
#ifndef HOLDFAST_POLICY_LIMIT_H
#define HOLDFAST_POLICY_LIMIT_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/action.h"
#include "holdfast/result.h"

namespace holdfast::policy {

inline constexpr std::size_t max_limits = 16;  // an agent
inline constexpr std::size_t max_limit_name = 64;
inline constexpr std::size_t max_limit_field = 128;          // bytes of a path, dots included
inline constexpr std::size_t max_limit_field_depth = 8;      // names of a path; params go no deeper
inline constexpr std::int64_t max_limit_window = 2'678'400;  // seconds: 31 days
inline constexpr std::int64_t max_limit_cap = INT64_MAX;
inline constexpr std::size_t max_limit_key = 128;  // bytes kept as they are; longer: the digest

// [[limit]] of an agent file.
struct Limit {
    std::string name;
    std::string action;       // an action or a dotted prefix of it; empty: every action
    std::string sum;          // path in params ("order.amount") that is added up; empty: counts
    std::string per;          // "audience" or "params.PATH": a window for each value; empty: one
    std::uint64_t cap = 0;    // how many, or how much, in a window
    std::int64_t window = 0;  // seconds
    bool hardware = false;    // holds across a restored state directory, too

    bool operator==(const Limit&) const = default;
};

// "refund" covers "refund" and "refund.create", not "refunds".
bool covers(const Limit& limit, std::string_view action) noexcept;

// What is counted, whatever the cap: counters of one shape can be kept when an agent file changes.
// A hardware limit's blocks are on record under its name, so there the name is part of it.
std::string shape_of(const Limit& limit);

// 16 hex digits that stand for the shape in records: blocks and actions of another are not counted
// as this limit's.
std::string shape_digest(const Limit& limit);

// "order.amount": names joined by dots, within the limits above.
bool is_field_path(std::string_view path) noexcept;

// What one action asks of one limit.
struct Draw {
    std::string key;           // which window: canonical JSON of the value, or its digest; or empty
    std::uint64_t amount = 0;  // 1, or the field
};

// The action's params as limits see them: read once for all of them.
class LimitedAction {
  public:
    // `params` is canonical JSON, as encode::check_action wants it; what cannot be read, and what
    // is only there as a digest, has no fields.
    explicit LimitedAction(const Action& action);
    // As a ledger record has it.
    LimitedAction(std::string action, std::string audience, encode::Json params);

    const std::string& name() const noexcept { return action_; }
    // denied, "limit_field": the field is absent, negative or of another type.
    Result<Draw> draw(const Limit& limit) const;

  private:
    Result<std::string> key(const Limit& limit) const;
    Result<std::uint64_t> amount(const Limit& limit) const;
    const encode::Json* field(std::string_view path) const noexcept;

    std::string action_;
    std::string audience_;
    encode::Json params_;
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_LIMIT_H
