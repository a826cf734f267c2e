#include "policy/limit.h"

#include <algorithm>

#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "core/encode/statement.h"

namespace holdfast::policy {
namespace {

using encode::Json;

constexpr std::string_view of_params = "params.";
constexpr std::size_t shape_digits = 16;

Error no_field(const Limit& limit, std::string_view path, std::string_view wanted) {
    return Error(Code::denied, "limit " + limit.name + ": the action's " + std::string(path) +
                                   " must be " + std::string(wanted))
        .because("limit_field");
}

// A window's name must be short, and no value may pass for another's: canonical JSON of a string
// begins with a quote, the digest's does not.
std::string window_name(const Json& value) {
    std::string text = encode::canonical(value);
    if (text.size() <= max_limit_key) return text;
    return "sha256:" + encode::hex(crypto::sha256(view_of(text)));
}

bool is_field_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

Json params_of(const Action& action) {
    auto params = encode::parse_json(action.params, encode::max_params);
    return params ? *std::move(params) : Json();
}

}  // namespace

bool covers(const Limit& limit, std::string_view action) noexcept {
    if (limit.action.empty() || limit.action == action) return true;
    return action.starts_with(limit.action) && action[limit.action.size()] == '.';
}

std::string shape_of(const Limit& limit) {
    // None of the parts can hold a line feed.
    std::string shape = limit.action + '\n' + limit.sum + '\n' + limit.per + '\n';
    shape += std::to_string(limit.window);
    if (limit.hardware) shape += "\nhardware " + limit.name;
    return shape;
}

std::string shape_digest(const Limit& limit) {
    return encode::hex(crypto::sha256(view_of(shape_of(limit)))).substr(0, shape_digits);
}

bool is_field_path(std::string_view path) noexcept {
    if (path.empty() || path.size() > max_limit_field) return false;
    if (path.front() == '.' || path.back() == '.' || path.find("..") != std::string_view::npos)
        return false;
    const auto dots = static_cast<std::size_t>(std::ranges::count(path, '.'));
    return dots < max_limit_field_depth &&
           std::ranges::all_of(path, [](char c) { return c == '.' || is_field_character(c); });
}

LimitedAction::LimitedAction(const Action& action)
    : LimitedAction(action.action, action.audience, params_of(action)) {}

LimitedAction::LimitedAction(std::string action, std::string audience, Json params)
    : action_(std::move(action)), audience_(std::move(audience)), params_(std::move(params)) {}

Result<Draw> LimitedAction::draw(const Limit& limit) const {
    HOLDFAST_TRY(key, this->key(limit));
    HOLDFAST_TRY(amount, this->amount(limit));
    return Draw{std::move(key), amount};
}

Result<std::string> LimitedAction::key(const Limit& limit) const {
    if (limit.per.empty()) return std::string();
    if (!limit.per.starts_with(of_params)) return window_name(audience_);
    const Json* value = field(std::string_view(limit.per).substr(of_params.size()));
    const bool named =
        value != nullptr &&
        (value->string() != nullptr || value->integer() != nullptr || value->boolean() != nullptr);
    if (!named) return no_field(limit, limit.per, "a string, an integer or a boolean");
    return window_name(*value);
}

Result<std::uint64_t> LimitedAction::amount(const Limit& limit) const {
    if (limit.sum.empty()) return std::uint64_t{1};
    const Json* value = field(limit.sum);
    const std::int64_t* number = value == nullptr ? nullptr : value->integer();
    if (number == nullptr || *number < 0)
        return no_field(limit, "params." + limit.sum, "an integer of 0 or more");
    return static_cast<std::uint64_t>(*number);
}

const Json* LimitedAction::field(std::string_view path) const noexcept {
    const Json* at = &params_;
    while (at != nullptr && !path.empty()) {
        const std::size_t dot = std::min(path.find('.'), path.size());
        at = at->find(path.substr(0, dot));
        path.remove_prefix(std::min(dot + 1, path.size()));
    }
    return at;
}

}  // namespace holdfast::policy
