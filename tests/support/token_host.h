// TokenHost: a keys directory and a SoftHSM token that can be opened again and again.
#ifndef HOLDFAST_TESTS_SUPPORT_TOKEN_HOST_H
#define HOLDFAST_TESTS_SUPPORT_TOKEN_HOST_H

#include <memory>
#include <string>

#include "hsm/pkcs11/token.h"
#include "tests/support/catch.h"
#include "tests/support/softhsm.h"

namespace holdfast::tests {

class TokenHost {
  public:
    hsm::Pkcs11Options options() const {
        return {.module = softhsm_module,
                .token = "pkcs11:token=agents",
                .pin_descriptor = soft.pin_descriptor(),
                .software_allowed = true,
                .keys_dir = state_.file("keys")};
    }
    Result<std::unique_ptr<hsm::Token>> try_open() const {
        soft.use();
        return hsm::Token::open(options());
    }
    hsm::KeyStore& open() {
        token.reset();  // a process has one
        auto opened = try_open();
        if (!opened) FAIL(opened.error().text());
        token = *std::move(opened);
        return token->keys();
    }
    std::string key_file(const std::string& name) const { return state_.file("keys/" + name); }

    SoftToken soft;
    std::unique_ptr<hsm::Token> token;

  private:
    TemporaryDirectory state_;
};

inline hsm::NewKey agent_key(std::string agent, KeyAlgorithm algorithm = KeyAlgorithm::es256) {
    return {.purpose = Purpose::action, .agent = std::move(agent), .algorithm = algorithm};
}

inline KeyDescription made(hsm::KeyStore& keys, const hsm::NewKey& wanted) {
    auto key = keys.create(wanted);
    if (!key) FAIL(key.error().text());
    return *std::move(key);
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_TOKEN_HOST_H
