// RandomPolicies: policies and requests nobody would write, for two implementations to agree on.
#ifndef HOLDFAST_TESTS_SUPPORT_CEDAR_RANDOM_H
#define HOLDFAST_TESTS_SUPPORT_CEDAR_RANDOM_H

#include <cstdint>
#include <initializer_list>
#include <map>
#include <random>
#include <string>

#include "policy/cedar/evaluate.h"

namespace holdfast::cedar_test {

namespace cedar = policy::cedar;

// The same numbers from the same seed, on every system: std's distributions are not.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}

    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
    bool chance(std::size_t percent) { return below(100) < percent; }
    std::string of(std::initializer_list<const char*> texts) {
        return texts.begin()[below(texts.size())];
    }

  private:
    std::mt19937_64 engine_;
};

// Written for a wanted type most of the time, so that most evaluations get somewhere and enough do
// not. Text with no more parentheses than Cedar's precedence needs, or some more.
class RandomPolicies {
  public:
    explicit RandomPolicies(Dice& dice) : dice_(dice) {}

    std::string policy(const std::string& id);
    // How often each operator was written.
    const std::map<std::string, std::size_t>& used() const noexcept { return used_; }

  private:
    enum class Type : std::uint8_t { boolean, integer, string, entity, set, record };
    // How tightly it binds: 0 `if`, 1 ||, 2 &&, 3 comparison, 4 sum, 5 product, 6 sign, 7 the rest.
    struct Text {
        std::string text;
        int level = 7;
    };

    Text expression(Type type, int depth);
    Text leaf(Type type);
    Text conditional(Type type, int depth);
    Text boolean(int depth);
    Text integer(int depth);
    Text entity(int depth);
    Text set(int depth);
    Text record(int depth);
    Text chain(const std::string& op, int level, int depth);
    Text binary(const std::string& op, int level, Type left, Type right, int depth);
    Text negation(int depth);
    Text has(int depth);
    Text like(int depth);
    Text is(int depth);
    Text method(int depth);
    Text member(Type type);

    std::string at(const Text& text, int level);  // in parentheses where it must be
    std::string operand(Type type, int depth, int level);
    std::string scope(const std::string& variable);
    std::string uid();
    std::string use(const std::string& op);
    Type any_type();

    Dice& dice_;
    std::map<std::string, std::size_t> used_;
};

// Of the schema. Requests name some that are not among them.
cedar::Entities random_entities(Dice& dice);
cedar::Request random_request(Dice& dice, const cedar::Entities& entities);

}  // namespace holdfast::cedar_test

#endif  // HOLDFAST_TESTS_SUPPORT_CEDAR_RANDOM_H
