// Result<T>: the one way a function in this project reports failure.
#ifndef HOLDFAST_RESULT_H
#define HOLDFAST_RESULT_H

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace holdfast {

// Stable: these values travel over the links and choose the HTTP status and the exit code.
enum class Code : std::uint8_t {
    invalid = 1,      // the caller sent something malformed
    denied = 2,       // recognition, policy, containment or the chip said no
    not_found = 3,    // no such agent, key or route
    busy = 4,         // a bounded queue, a limit or the TPM is full: try again
    unavailable = 5,  // hardware, worker or disk did not answer
    internal = 6,     // our own mistake
    conflict = 7,     // the state does not allow this verb (reinstating a revoked agent)
    timeout = 8,      // the deadline passed; the outcome may be unknown
};

// What the caller may do next. Chosen once, where the cause is known.
enum class Retry : std::uint8_t { never, later, reattest };

class [[nodiscard]] Error {
  public:
    Error(Code code, std::string text, Retry retry = Retry::never)
        : text_(std::move(text)), code_(code), retry_(retry) {}

    // Adds the step that failed in front of the cause: "sign: Esys_Sign: TPM is in lockout".
    Error within(std::string_view step) && {
        text_.insert(0, std::string(step) + ": ");
        return std::move(*this);
    }

    // Names the cause for machines: the stable `code` of problem+json and of ledger records
    // ("agent_suspended"). Without one the name of the Code is used.
    Error because(std::string reason) && {
        reason_ = std::move(reason);
        return std::move(*this);
    }

    Code code() const noexcept { return code_; }
    Retry retry() const noexcept { return retry_; }
    const std::string& text() const noexcept { return text_; }
    const std::string& reason() const noexcept { return reason_; }

  private:
    std::string text_;
    std::string reason_;
    Code code_;
    Retry retry_;
};

template <class T>
class [[nodiscard]] Result {
  public:
    using value_type = T;

    // Implicit on purpose: `return value;` and `return Error(...);` both read well.
    // NOLINTNEXTLINE(google-explicit-constructor)
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    // NOLINTNEXTLINE(google-explicit-constructor)
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const noexcept { return state_.index() == 0; }
    bool has_value() const noexcept { return state_.index() == 0; }
    const T& operator*() const& { return std::get<0>(state_); }
    T& operator*() & { return std::get<0>(state_); }
    T&& operator*() && { return std::get<0>(std::move(state_)); }
    const T* operator->() const { return &std::get<0>(state_); }
    T* operator->() { return &std::get<0>(state_); }
    const Error& error() const& { return std::get<1>(state_); }
    Error&& error() && { return std::get<1>(std::move(state_)); }

  private:
    std::variant<T, Error> state_;
};

using Done = Result<std::monostate>;
inline Done done() {
    return std::monostate{};
}

}  // namespace holdfast

// The only control-flow macros in the tree; the CO_ twins are for coroutines.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define HOLDFAST_TRY(name, expr)                         \
    auto name##_or = (expr);                             \
    if (!name##_or) return std::move(name##_or).error(); \
    auto name = *std::move(name##_or)

#define HOLDFAST_CHECK(expr)                   \
    do {                                       \
        if (auto done_or = (expr); !done_or) { \
            return std::move(done_or).error(); \
        }                                      \
    } while (false)

#define HOLDFAST_CO_TRY(name, expr)                         \
    auto name##_or = (expr);                                \
    if (!name##_or) co_return std::move(name##_or).error(); \
    auto name = *std::move(name##_or)

#define HOLDFAST_CO_CHECK(expr)                   \
    do {                                          \
        auto done_or = (expr);                    \
        if (!done_or) {                           \
            co_return std::move(done_or).error(); \
        }                                         \
    } while (false)
// NOLINTEND(bugprone-macro-parentheses)

#endif  // HOLDFAST_RESULT_H
