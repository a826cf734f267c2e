// The software attester's key in a token: its description, and its own answer to the challenge.
#include "core/crypto/digest.h"
#include "core/crypto/jwk.h"
#include "tests/support/made_structures.h"
#include "tests/support/software_attester.h"

namespace holdfast::tests {

void SoftwareAttester::make_token_key() {
    key_.id = "hsm-deploy-bot-1";
    key_.agent = "deploy-bot";
    key_.purpose = Purpose::action;
    key_.backend = Backend::pkcs11;
    key_.custody = Custody::hsm;
    key_.token = "0123456789abcdef";
    key_.algorithm = agent_key_.algorithm();
    key_.spki = agent_key_.spki();
    key_.agent_fuse.kind = key_.host_fuse.kind = FuseKind::object;
    offer(bends_.description, key_);
}

std::string SoftwareAttester::possession(const Evidence& evidence, const Sha256& challenge) const {
    encode::Possession said{.agent = agent,
                            .ak = {},
                            .challenge = challenge,
                            .custody = key_.custody,
                            .verifier = verifier};
    if (evidence.tpm) said.ak = crypto::sha256(ak_area_);
    offer(bends_.possession, said);
    encode::JwsHeader header{.alg = std::string(jws_alg(agent_key_.algorithm())),
                             .typ = std::string(encode::possession_typ),
                             .kid = must(crypto::jwk_thumbprint(agent_key_.spki())),
                             .x5c = evidence.credential};
    offer(bends_.possession_header, header);
    const std::string input = encode::signing_input(header, encode::to_json(said));
    return encode::compact(input, agent_key_.sign(view_of(input)));
}

}  // namespace holdfast::tests
