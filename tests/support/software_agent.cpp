// The agent's side of the software attester: its credential and its signed actions.
#include <stdexcept>

#include "core/crypto/digest.h"
#include "core/crypto/jwk.h"
#include "core/crypto/svid.h"
#include "core/encode/base64.h"
#include "core/encode/jws.h"
#include "core/encode/pem.h"
#include "core/encode/statement.h"
#include "tests/support/software_attester.h"

namespace holdfast::tests {
namespace {

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().text());
    return *std::move(result);
}

}  // namespace

std::vector<Bytes> SoftwareAttester::credential() const {
    const encode::Json claims = encode::Json::Object{
        {"assurance", bends_.assurance},
        {"custody", bends_.claimed_custody},
        {"fuse", bends_.claimed_fuse.empty() ? to_string(key_.agent_fuse.kind)
                                             : std::string_view(bends_.claimed_fuse)},
        {"measurement", encode::hex(manifest_digest())},
    };
    const Bytes tbs = must(crypto::svid_tbs({.spiffe_id = agent,
                                             .subject_spki = agent_key_.spki(),
                                             .ca_certificate = ca_certificate_,
                                             .serial = Bytes(16, 0x22),
                                             .not_before = now - crypto::clock_skew,
                                             .not_after = now + 3600,
                                             .claims = encode::canonical(claims)}));
    return {must(crypto::assemble_certificate(tbs, ca_key_.sign(tbs))), ca_certificate_};
}

std::string SoftwareAttester::credential_pem() const {
    std::string pem;
    for (const Bytes& certificate : credential())
        pem += encode::to_pem("CERTIFICATE", certificate);
    return pem;
}

Statement SoftwareAttester::statement() const {
    Statement out;
    out.action.action = "refund.create";
    out.action.audience = "https://pay.example";
    out.action.resource = "order/17";
    out.action.params = R"({"amount":500})";
    out.agent = agent;
    out.instance = "instance-1";
    out.sponsor = "payments@example.org";
    out.measurement = manifest_digest();
    out.assurance = must(parse_assurance(bends_.assurance));
    out.custody = must(parse_custody(bends_.claimed_custody));
    out.fuse = key_.agent_fuse.kind;
    out.time = now - 5;
    out.sequence = 42;
    out.decision = "permit";
    out.rule = "payments:refunds";
    return out;
}

std::string SoftwareAttester::action(const Statement& statement) const {
    const encode::JwsHeader header = {.alg = std::string(jws_alg(agent_key_.algorithm())),
                                      .typ = std::string(encode::action_typ),
                                      .kid = must(crypto::jwk_thumbprint(agent_key_.spki())),
                                      .x5c = credential()};
    const std::string input = encode::signing_input(header, encode::to_json(statement));
    return encode::compact(input, agent_key_.sign(view_of(input)));
}

}  // namespace holdfast::tests
