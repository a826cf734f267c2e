#include "policy/cedar/parser.h"

#include <algorithm>
#include <unordered_set>

#include "core/encode/utf8.h"
#include "policy/cedar/expressions.h"
#include "policy/cedar/limits.h"

namespace holdfast::policy::cedar {
namespace {

using Kind = Token::Kind;

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= max_policy_id &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

class PolicyParser {
  public:
    PolicyParser(std::string_view file, std::string_view text) : tokens_(file, text) {}

    Result<PolicySet> policies();

  private:
    Result<Policy> policy();
    Done annotations(Policy& policy);
    Result<Annotation> annotation();
    Done effect(Policy& policy);
    Done scopes(Policy& policy);
    Result<Scope> scope(std::string_view variable);
    Done entity(Scope& scope);
    Done actions_only(const Scope& scope) const;
    Done entities(Scope& scope);
    Done conditions(Policy& policy);

    Tokens tokens_;
    ExpressionParser expressions_{tokens_};
    std::unordered_set<std::string> ids_;
};

Result<PolicySet> PolicyParser::policies() {
    PolicySet set;
    while (!tokens_.at(Kind::end)) {
        if (set.policies.size() == max_policies)
            return tokens_.wrong("more than " + std::to_string(max_policies) + " policies");
        HOLDFAST_TRY(next, policy());
        set.policies.push_back(std::move(next));
    }
    return set;
}

Result<Policy> PolicyParser::policy() {
    Policy policy;
    policy.file = tokens_.file();
    policy.at = tokens_.now().at;
    HOLDFAST_CHECK(annotations(policy));
    HOLDFAST_CHECK(effect(policy));
    HOLDFAST_CHECK(scopes(policy));
    HOLDFAST_CHECK(conditions(policy));
    HOLDFAST_CHECK(tokens_.expect(";"));
    return policy;
}

Done PolicyParser::annotations(Policy& policy) {
    while (tokens_.at_symbol("@")) {
        const Position at = tokens_.now().at;
        if (policy.annotations.size() == max_annotations)
            return tokens_.wrong("more than " + std::to_string(max_annotations) + " annotations");
        HOLDFAST_TRY(next, annotation());
        if (policy.annotation(next.name) != nullptr)
            return tokens_.wrong_at(at, "@" + next.name + " stands there already");
        policy.annotations.push_back(std::move(next));
        if (policy.annotations.back().name != "id") continue;
        policy.id = policy.annotations.back().value;
        if (!is_id(policy.id))
            return tokens_.wrong_at(at, "@id must be 1 to " + std::to_string(max_policy_id) +
                                            " printable ASCII characters");
        if (!ids_.insert(policy.id).second)
            return tokens_.wrong_at(at, "@id(\"" + policy.id + "\") names another policy already");
    }
    return done();
}

Result<Annotation> PolicyParser::annotation() {
    tokens_.take();
    HOLDFAST_TRY(name, tokens_.expect(Kind::name, "the name of an annotation"));
    if (!tokens_.take_symbol("(")) return Annotation{std::string(name.text), ""};
    HOLDFAST_TRY(string, tokens_.expect(Kind::string, "a value in quotes"));
    HOLDFAST_TRY(value, expressions_.text_of(string, max_annotation_value));
    HOLDFAST_CHECK(tokens_.expect(")"));
    return Annotation{std::string(name.text), std::move(value)};
}

Done PolicyParser::effect(Policy& policy) {
    const Token word = tokens_.now();
    if (!tokens_.at_word("permit") && !tokens_.at_word("forbid"))
        return tokens_.expected("permit or forbid");
    policy.effect = tokens_.take().text == "permit" ? Effect::permit : Effect::forbid;
    if (policy.id.empty()) return tokens_.wrong_at(word.at, "the policy has no @id(\"…\")");
    return done();
}

Done PolicyParser::scopes(Policy& policy) {
    HOLDFAST_CHECK(tokens_.expect("("));
    HOLDFAST_TRY(principal, scope("principal"));
    HOLDFAST_CHECK(tokens_.expect(","));
    HOLDFAST_TRY(action, scope("action"));
    HOLDFAST_CHECK(tokens_.expect(","));
    HOLDFAST_TRY(resource, scope("resource"));
    tokens_.take_symbol(",");
    HOLDFAST_CHECK(tokens_.expect(")"));
    policy.principal = std::move(principal);
    policy.action = std::move(action);
    policy.resource = std::move(resource);
    return done();
}

Result<Scope> PolicyParser::scope(std::string_view variable) {
    if (!tokens_.take_word(variable)) return tokens_.expected(variable);
    const bool is_action = variable == "action";
    Scope scope;
    if (!is_action && tokens_.take_word("is")) {
        HOLDFAST_TRY(type, expressions_.type_name());
        scope.kind = Scope::Kind::is;
        scope.type = type.text;
        scope.type_at = type.at;
    }
    if (tokens_.take_word("in")) {
        scope.kind = scope.kind == Scope::Kind::is ? Scope::Kind::is_in : Scope::Kind::in;
        HOLDFAST_CHECK(is_action && tokens_.take_symbol("[") ? entities(scope) : entity(scope));
    } else if (scope.kind == Scope::Kind::any && tokens_.take_symbol("==")) {
        scope.kind = Scope::Kind::equal;
        HOLDFAST_CHECK(entity(scope));
    }
    if (!tokens_.at_symbol(",") && !tokens_.at_symbol(")"))
        return tokens_.expected(is_action ? "==, in, or the end of the scope"
                                          : "==, in, is, or the end of the scope");
    if (is_action) HOLDFAST_CHECK(actions_only(scope));
    return scope;
}

Done PolicyParser::actions_only(const Scope& scope) const {
    for (const Named& named : scope.entities)
        if (named.uid.type != "Action")
            return tokens_.wrong_at(named.at, "an action is an Action::\"…\"");
    return done();
}

Done PolicyParser::entity(Scope& scope) {
    if (tokens_.at_symbol("?")) return tokens_.wrong("templates are not supported");
    HOLDFAST_TRY(named, expressions_.entity());
    scope.entities.push_back(std::move(named));
    return done();
}

// Behind the bracket.
Done PolicyParser::entities(Scope& scope) {
    while (!tokens_.take_symbol("]")) {
        if (scope.entities.size() == max_elements)
            return tokens_.wrong("a list of more than " + std::to_string(max_elements) +
                                 " actions");
        HOLDFAST_CHECK(entity(scope));
        if (!tokens_.at_symbol("]")) HOLDFAST_CHECK(tokens_.expect(","));
    }
    return done();
}

Done PolicyParser::conditions(Policy& policy) {
    while (tokens_.at(Kind::name)) {
        if (!tokens_.at_word("when") && !tokens_.at_word("unless"))
            return tokens_.expected("when, unless or ;");
        const bool is_when = tokens_.take().text == "when";
        HOLDFAST_CHECK(tokens_.expect("{"));
        if (tokens_.at_symbol("}")) return tokens_.wrong("an empty condition");
        HOLDFAST_TRY(body, expressions_.expression());
        HOLDFAST_CHECK(tokens_.expect("}"));
        policy.conditions.push_back({is_when, std::move(body)});
    }
    return done();
}

// Where the text stops being UTF-8: what is before it decides line and column.
Done check_utf8(std::string_view file, std::string_view text) {
    Position at;
    while (!text.empty()) {
        const std::size_t size = encode::utf8_length(text);
        if (size == 0) return Error(Code::invalid, located(file, at, "this is not UTF-8"));
        const bool is_line = text.front() == '\n';
        at = {at.line + (is_line ? 1U : 0U), is_line ? 1U : at.column + 1};
        text.remove_prefix(size);
    }
    return done();
}

}  // namespace

Result<PolicySet> parse(std::string_view file, std::string_view text) {
    if (text.size() > max_text)
        return Error(Code::invalid,
                     located(file, {}, "more than " + std::to_string(max_text) + " bytes"));
    HOLDFAST_CHECK(check_utf8(file, text));
    return PolicyParser(file, text).policies();
}

}  // namespace holdfast::policy::cedar
