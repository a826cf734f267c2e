// FakeRegistrar: a broken register that takes every event, and remembers them.
#ifndef HOLDFAST_TESTS_SUPPORT_FAKE_REGISTRAR_H
#define HOLDFAST_TESTS_SUPPORT_FAKE_REGISTRAR_H

#include <string>
#include <string_view>
#include <vector>

#include "hsm/registrar.h"

namespace holdfast::tests {

class FakeRegistrar final : public hsm::Registrar {
  public:
    Result<RegisterPosition> extend(std::string_view content) override {
        extended.emplace_back(content);
        return RegisterPosition{extended.size() + 1};
    }
    RegisterStatus status() const override {
        return {.state = RegisterState::broken,
                .events = extended.size() + 1,
                .bytes = 1,
                .nv_index = 2,
                .anchor_pcr = 13,
                .reason = reason};
    }
    std::vector<std::string> extended;
    std::string reason;  // why it is broken
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_FAKE_REGISTRAR_H
