// FakeIssuer: the Issuer port without a CA; says what it is told to say and counts.
#ifndef HOLDFAST_TESTS_SUPPORT_FAKE_ISSUER_H
#define HOLDFAST_TESTS_SUPPORT_FAKE_ISSUER_H

#include <optional>
#include <string>
#include <utility>

#include "daemon/state/issuer.h"
#include "tests/support/pause_point.h"

namespace holdfast::tests {

class FakeIssuer final : public daemon::Issuer {
  public:
    int issued = 0;
    std::int64_t now = 1'700'000'000;
    PausePoint* pause = nullptr;               // set: it may hold an issue
    std::optional<Error> refuses;              // set: every issue fails with it
    daemon::CredentialRequest last_request{};  // what the latest issue was asked for

    daemon::Async<daemon::IssuedCredential> issue(daemon::CredentialRequest request) override {
        if (pause != nullptr) (void)co_await pause->pass("issue");
        if (refuses) co_return Error(*refuses);
        ++issued;
        daemon::IssuedCredential credential;
        credential.spiffe_id = "spiffe://host.test/agent/" + request.agent;
        credential.chain = {Bytes{0x30, 0x01, static_cast<std::uint8_t>(issued)},
                            Bytes{0x30, 0x01, 0xca}};
        credential.serial = "00" + std::to_string(issued);
        credential.not_after = now + request.lifetime;
        credential.renew_after = now + request.lifetime / 2;
        last_request = std::move(request);
        co_return credential;
    }
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_FAKE_ISSUER_H
