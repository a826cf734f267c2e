#include "hsm/pkcs11/choice.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "hsm/pkcs11/session.h"

namespace holdfast::hsm::pkcs11 {
namespace {

bool is_initialised(const TokenFacts& token) noexcept {
    return (token.flags & CKF_TOKEN_INITIALIZED) != 0;
}

std::string names_of(const std::vector<TokenFacts>& tokens) {
    std::string names;
    for (const TokenFacts& token : tokens)
        names.append(names.empty() ? "" : ", ").append(text_of(token.names));
    return names.empty() ? "none" : names;
}

// Records keep the serial number as JSON text, in which other bytes would not come back as they
// were.
bool is_printable_ascii(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

bool is_meant(const TokenUri& uri, const TokenFacts& token) noexcept {
    return is_initialised(token) && means(uri, token.names);
}

Result<TokenFacts> find_token(const Module& module, const std::string& uri) {
    HOLDFAST_TRY(wanted, parse_token_uri(uri));
    HOLDFAST_TRY(tokens, module.tokens());
    std::erase_if(tokens, [](const TokenFacts& token) { return !is_initialised(token); });
    std::vector<TokenFacts> meant;
    std::copy_if(tokens.begin(), tokens.end(), std::back_inserter(meant),
                 [&](const TokenFacts& token) { return is_meant(wanted, token); });
    if (meant.empty())
        return Error(Code::unavailable,
                     "no token of the module is " + uri + "; there are: " + names_of(tokens),
                     Retry::later)
            .because("token_missing");
    if (meant.size() > 1)
        return Error(Code::invalid, uri + " means more than one token: " + names_of(meant))
            .because("token_ambiguous");
    return meant.front();
}

// Keys are bound to the serial number; a token without one could be any.
Done check_usable(const TokenFacts& token) {
    const auto refused = [&](const char* what) {
        return Error(Code::invalid, "token " + text_of(token.names) + " " + what);
    };
    if (token.names.serial.empty()) return refused("has no serial number");
    if (!is_printable_ascii(token.names.serial))
        return refused("cannot be used: its serial number is not printable ASCII");
    if ((token.flags & CKF_WRITE_PROTECTED) != 0) return refused("is write protected");
    if (token.max_sessions != 0 && token.max_sessions < sessions_needed)
        return refused("allows one session, Holdfast needs two");
    return done();
}

}  // namespace holdfast::hsm::pkcs11
