#include "policy/policy_set.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/crypto/digest.h"
#include "policy/cedar/limits.h"
#include "policy/cedar/parser.h"
#include "policy/cedar/tokens.h"
#include "policy/cedar/validate.h"

namespace holdfast::policy {
namespace {

constexpr std::string_view ending = ".cedar";
constexpr std::string_view head_mark = "//!";

Result<std::string> stem_of(std::string_view file_name) {
    std::string_view stem = file_name.substr(file_name.rfind('/') + 1);
    if (!stem.ends_with(ending))
        return Error(Code::invalid, std::string(file_name) + ": must end in .cedar");
    stem.remove_suffix(ending.size());
    const bool fits =
        !stem.empty() && stem.size() <= max_set_name && std::ranges::all_of(stem, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
    if (!fits)
        return Error(Code::invalid,
                     std::string(file_name) + ": its name takes 1 to 64 of a-z, 0-9, - and _");
    return std::string(stem);
}

std::string_view trimmed(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// From `from` to `to` the first place where a line begins with the mark; or npos.
std::size_t marked_line(std::string_view text, std::size_t from, std::size_t to) noexcept {
    const std::string_view part = text.substr(0, to);
    constexpr auto none = std::string_view::npos;
    for (auto at = part.find(head_mark, from); at != none; at = part.find(head_mark, at + 1)) {
        const auto before = part.substr(0, at).find_last_not_of(" \t\v\f");
        if (before == none || part[before] == '\n' || part[before] == '\r') return at;
    }
    return none;
}

// The same between the tokens: a string may span lines, and what it says is no comment.
std::size_t marked_comment(std::string_view text) {
    using Kind = cedar::Token::Kind;
    cedar::Tokens tokens({}, text);
    std::size_t from = 0;
    while (!tokens.at(Kind::end) && !tokens.at(Kind::broken)) {
        const cedar::Token token = tokens.take();
        const std::size_t quote = token.kind == Kind::string ? 1 : 0;
        const auto begin = static_cast<std::size_t>(token.text.data() - text.data()) - quote;
        const std::size_t found = marked_line(text, from, begin);
        if (found != std::string_view::npos) return found;
        from = begin + token.text.size() + 2 * quote;
    }
    return marked_line(text, from, text.size());
}

// The lines at the top that begin with "//!", and none below them.
class Head {
  public:
    Head(std::string shown, std::string_view text) : shown_(std::move(shown)), rest_(text) {}

    Done read(PolicySet& set) {
        for (; rest_.starts_with(head_mark); ++line_) {
            const std::string_view line = rest_.substr(0, rest_.find('\n'));
            rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
            HOLDFAST_CHECK(read_line(line.substr(head_mark.size()), set));
        }
        if (set.version == 0) return wrong("the head must say \"//! version = NUMBER\"");
        return check_below();
    }

  private:
    // There it would be a comment, and what it says would be lost.
    Done check_below() {
        const std::size_t found = marked_comment(rest_);
        if (found == std::string_view::npos) return done();
        const std::string_view before = rest_.substr(0, found);
        line_ += static_cast<std::size_t>(std::ranges::count(before, '\n'));
        return wrong("\"//!\" belongs to the head: it stands above all other lines",
                     before.size() - (before.rfind('\n') + 1) + 1);
    }

    Done read_line(std::string_view line, PolicySet& set) {
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) return wrong("must be \"//! KEY = VALUE\"");
        const std::string_view key = trimmed(line.substr(0, equals));
        const std::string_view value = trimmed(line.substr(equals + 1));
        if (key == "version" && set.version == 0) return read_version(value, set);
        if (key == "mode" && !std::exchange(has_mode_, true)) return read_mode(value, set);
        return wrong(key == "version" || key == "mode" ? "stands there twice"
                                                       : "must be version or mode");
    }

    Done read_version(std::string_view value, PolicySet& set) {
        std::int64_t number = 0;
        const auto [end, failure] =
            std::from_chars(value.data(), value.data() + value.size(), number);
        if (failure != std::errc() || end != value.data() + value.size() || number < 1 ||
            number > max_set_version)
            return wrong("version must be a number from 1 to 9007199254740991");
        set.version = number;
        return done();
    }

    Done read_mode(std::string_view value, PolicySet& set) {
        if (value != to_string(Mode::observe) && value != to_string(Mode::enforce))
            return wrong("mode must be observe or enforce");
        set.mode = value == to_string(Mode::observe) ? Mode::observe : Mode::enforce;
        return done();
    }

    Error wrong(std::string_view what, std::size_t column = 1) const {
        return {Code::invalid, shown_ + ":" + std::to_string(line_) + ":" + std::to_string(column) +
                                   ": " + std::string(what)};
    }

    std::string shown_;
    std::string_view rest_;
    std::size_t line_ = 1;
    bool has_mode_ = false;
};

Done check_valid(const cedar::PolicySet& policies) {
    std::string all;
    for (const cedar::Finding& finding : cedar::validate(policies))
        all += (all.empty() ? "" : "\n") + finding.line();
    if (all.empty()) return done();
    return Error(Code::invalid, std::move(all));
}

}  // namespace

std::string_view to_string(Mode mode) noexcept {
    return mode == Mode::observe ? "observe" : "enforce";
}

Result<PolicySet> parse_policy_set(std::string_view file_name, std::string_view text) {
    PolicySet set;
    HOLDFAST_TRY(stem, stem_of(file_name));
    set.name = std::move(stem);
    const std::string shown = set.name + std::string(ending);
    HOLDFAST_TRY(policies, cedar::parse(shown, text));  // it knows how long a text may be
    HOLDFAST_CHECK(Head(shown, text).read(set));
    HOLDFAST_CHECK(check_valid(policies));
    set.rules = std::move(policies);
    set.digest = crypto::sha256(view_of(text));
    set.text = text;
    return set;
}

Done check_author(PolicySet& set, const Operators& operators, Unsigned allowed) {
    const std::string file = set.name + std::string(ending);
    if (set.signature.empty()) {
        set.may_permit = allowed == Unsigned::allow;
        if (set.may_permit) return done();
        return Error(Code::denied, file + ": has no signature " + file + ".sig beside it")
            .because("policy_unsigned");
    }
    auto made = operators.signer(policy_namespace, view_of(set.text), view_of(set.signature));
    if (!made) return std::move(made).error().within(file + ".sig");
    if (!made->who->policies)
        return Error(Code::denied, file + ".sig: " + made->who->name + " may not sign policies")
            .because("not_policy_author");
    set.may_permit = true;
    set.author = made->who->name;
    set.author_key = std::move(made->fingerprint);
    return done();
}

}  // namespace holdfast::policy
