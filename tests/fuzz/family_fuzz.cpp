// The keys worker's own judgement: no bytes are of two families, and what a key would sign reads to
// those who rely on it as it was read here.
#include "core/crypto/certificate.h"
#include "core/crypto/svid.h"
#include "core/encode/jws.h"
#include "core/encode/possession.h"
#include "core/encode/statement.h"
#include "ledger/checkpoint.h"
#include "tests/fuzz/ca_family.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

namespace {

const Bytes any_signature(64, 1);

void check_action(ByteView preimage) {
    const auto jws = encode::parse_jws(encode::compact(text_of(preimage), any_signature));
    promise(jws.has_value(), "a signing input with a signature is a JWS");
    const auto statement = encode::statement_from(jws->payload);
    promise(statement && statement->agent == fuzz::agent_uri, "it is this agent's statement");
    promise(statement->decision == "permit", "only a permit is signed");
}

KeyDescription token_key() {
    KeyDescription key = fuzz::key_of(Purpose::action);
    key.backend = Backend::pkcs11;
    key.custody = Custody::unproven;
    return key;
}

encode::Json payload_of(ByteView preimage) {
    auto jws = encode::parse_jws(encode::compact(text_of(preimage), any_signature));
    promise(jws.has_value(), "a signing input with a signature is a JWS");
    return std::move(jws->payload);
}

// A key in a token may sign one thing more: and whoever reads it must not take it for an action.
void check_possession(ByteView preimage) {
    const auto payload = payload_of(preimage);
    const auto said = encode::possession_from(payload);
    promise(said && said->agent == fuzz::agent_uri, "it is this agent's possession");
    promise(said->custody == token_key().custody, "it states the key's own custody");
    promise(said->ak.has_value(), "it names the TPM that the host has");
    promise(!encode::statement_from(payload), "a possession is no action");
}

void check_custody(ByteView preimage, bool of_token) {
    const auto statement = encode::statement_from(payload_of(preimage));
    promise(of_token == (statement->custody == token_key().custody),
            "a key in a token signs its actions too, with its own custody");
}

void check_certificate(ByteView tbs) {
    const auto facts = crypto::check_tbs(tbs, fuzz::trust_domain);
    const auto der = crypto::assemble_certificate(tbs, any_signature);
    promise(facts && der, "a TBSCertificate with a signature is a certificate");
    const auto read = crypto::parse_certificate(*der);
    promise(read && fuzz::same(read->tbs, tbs), "it holds exactly what was signed");
    promise(read->is_ca == facts->is_ca && read->spki == facts->subject_spki &&
                read->not_before == facts->not_before && read->not_after == facts->not_after,
            "it says what was judged");
    promise(read->not_before <= fuzz::now && read->not_after > fuzz::now, "it is valid now");
    const auto longest = read->is_ca ? crypto::max_ca_lifetime : crypto::max_svid_lifetime;
    promise(read->not_after - read->not_before <= longest, "it does not live too long");
    if (read->is_ca) return promise(read->spki == fuzz::host_spki(), "the CA certifies itself");
    promise(read->spki == fuzz::agent_spki() && read->other_sans == 0 && read->uris.size() == 1 &&
                read->uris.front() == fuzz::agent_uri,
            "it names the agent whose key it is, and nobody else");
}

void check_of_ca(ByteView preimage) {
    if (crypto::is_crl_tbs(preimage)) return fuzz::check_crl(preimage);
    if (preimage.front() != 0x30) return fuzz::check_tombstone(preimage);
    check_certificate(preimage);
}

void check_checkpoint(ByteView text) {
    const auto checkpoint = ledger::parse_checkpoint(text_of(text));
    promise(checkpoint.has_value(), "what the ledger key signs is a checkpoint");
    promise(ledger::checkpoint_text(checkpoint->origin, checkpoint->head) == text_of(text),
            "a checkpoint has one text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView preimage(data, size);
    const auto rules = fuzz::family_rules();
    const auto may = [&](Purpose purpose) {
        return hsm::check_family(fuzz::key_of(purpose), preimage, rules).has_value();
    };
    const bool action = may(Purpose::action);
    const bool certificate = may(Purpose::certificate);
    const bool checkpoint = may(Purpose::checkpoint);
    const bool of_token = hsm::check_family(token_key(), preimage, rules).has_value();
    const bool of_agent = action || of_token;
    if (of_token && !action) check_possession(preimage);
    if (action) check_custody(preimage, of_token);
    promise(!may(Purpose::attest), "the attestation key signs nothing from outside");
    promise(int{of_agent} + int{certificate} + int{checkpoint} <= 1, "bytes are of one family");
    if (action) check_action(preimage);
    if (certificate) check_of_ca(preimage);
    if (checkpoint) check_checkpoint(preimage);
    return 0;
}
