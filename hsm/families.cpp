#include "hsm/families.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/crypto/certificate.h"
#include "core/crypto/crl.h"
#include "core/crypto/der.h"
#include "core/crypto/jwk.h"
#include "core/crypto/recent.h"
#include "core/crypto/svid.h"
#include "core/encode/base64.h"
#include "core/encode/jws.h"
#include "core/encode/possession.h"
#include "core/encode/statement.h"
#include "holdfast/action.h"
#include "holdfast/agent_id.h"
#include "hsm/ca_families.h"

namespace holdfast::hsm {
namespace {

Error wrong(std::string what) {
    return Error(Code::denied, "not what this key signs: " + std::move(what))
        .because("wrong_family");
}

struct Header {
    std::string alg;
    std::string typ;
    std::string kid;
    std::optional<Bytes> leaf_spki;  // of x5c, where there is one
};

Result<Header> parse_header(ByteView part) {
    HOLDFAST_TRY(jws, encode::parse_jws_header(text_of(part)));
    Header header{std::move(jws.alg), std::move(jws.typ), std::move(jws.kid), std::nullopt};
    if (jws.x5c.empty()) return header;
    HOLDFAST_TRY(leaf, crypto::parse_certificate(jws.x5c.front()));
    header.leaf_spki = std::move(leaf.spki);
    return header;
}

// One header serves all actions under one credential.
Result<Header> header_of(std::string_view part) {
    thread_local crypto::Recent<Header> recent;
    return recent.read(view_of(part), parse_header);
}

// The x5c leaf, where there is one, must be this key's: else the signature vouches for another.
Done check_header(const Header& header, const KeyDescription& key) {
    if (header.alg != jws_alg(key.algorithm)) return wrong("alg is not this key's");
    HOLDFAST_TRY(thumbprint, crypto::jwk_thumbprint(key.spki));
    if (header.kid != thumbprint) return wrong("kid names another key");
    if (header.leaf_spki && *header.leaf_spki != key.spki)
        return wrong("x5c is the certificate of another key");
    return done();
}

Error no_signing_input(const Error& why) {
    return wrong("no JWS signing input: " + why.text());
}

// In a TPM all keys share the chip's custody, which this one's description does not have.
Done check_custody(Custody stated, const KeyDescription& key) {
    if (key.backend == Backend::pkcs11 && stated != key.custody)
        return wrong("it states custody " + std::string(to_string(stated)) +
                     ", and this key's is " + std::string(to_string(key.custody)));
    return done();
}

Result<std::string> agent_of_action(const encode::Json& payload, const KeyDescription& key) {
    auto statement = encode::statement_from(payload);
    if (!statement) return wrong("no action statement: " + statement.error().text());
    HOLDFAST_CHECK(check_custody(statement->custody, key));
    return std::move(statement->agent);
}

// A key in a TPM has no use for one: its TPM certifies it, and a possession in its place would hide
// its fuses from the verifier. Nor may the front hide a TPM, or show another host's.
Result<std::string> agent_of_possession(const encode::Json& payload, const KeyDescription& key,
                                        bool has_tpm) {
    if (key.backend == Backend::tpm) return wrong("possession of a key that the TPM certifies");
    auto possession = encode::possession_from(payload);
    if (!possession) return wrong("no possession statement: " + possession.error().text());
    HOLDFAST_CHECK(check_custody(possession->custody, key));
    if (possession->ak.has_value() != has_tpm)
        return wrong(has_tpm ? "it says that this host has no TPM"
                             : "it names the AK of a TPM, and this host has none");
    return std::move(possession->agent);
}

Result<std::string> agent_named(const std::string& typ, const encode::Json& payload,
                                const KeyDescription& key, const FamilyRules& rules) {
    if (typ == encode::action_typ) return agent_of_action(payload, key);
    if (typ == encode::possession_typ) return agent_of_possession(payload, key, rules.has_tpm);
    return wrong("typ is of no statement of an agent's key");
}

Done check_action_family(const KeyDescription& key, ByteView preimage, const FamilyRules& rules) {
    const auto parts = encode::signing_parts(text_of(preimage));
    if (!parts) return no_signing_input(parts.error());
    const auto header = header_of(parts->header);
    if (!header) return no_signing_input(header.error());
    HOLDFAST_CHECK(check_header(*header, key));
    const auto payload = encode::parse_jws_payload(parts->payload);
    if (!payload) return no_signing_input(payload.error());
    HOLDFAST_TRY(named, agent_named(header->typ, *payload, key, rules));
    const AgentId agent{.trust_domain = rules.trust_domain, .name = key.agent};
    if (named != agent.uri()) return wrong("the statement is another agent's");
    return done();
}

// A certificate dated ahead would still be good after its agent is revoked.
Done check_validity(const crypto::SvidFacts& facts, std::int64_t now) {
    if (facts.not_before > now) return wrong("a certificate for later");
    if (facts.not_after <= now) return wrong("a certificate that has ended");
    return done();
}

Done check_certificate_family(const KeyDescription& key, ByteView preimage,
                              const FamilyRules& rules) {
    auto facts = crypto::check_tbs(preimage, rules.trust_domain);
    if (!facts) return wrong("no certificate of the profile: " + facts.error().text());
    HOLDFAST_TRY(own_id, crypto::key_identifier(key.spki));
    if (facts->issuer_key_id != own_id) return wrong("a certificate under another CA");
    HOLDFAST_CHECK(check_validity(*facts, rules.now()));
    if (facts->is_ca) {
        if (facts->subject_spki != key.spki) return wrong("a CA certificate for another key");
        return done();
    }
    HOLDFAST_TRY(agent, parse_agent_id(facts->spiffe_id));
    return rules.is_live_agent_key(agent.name, facts->subject_spki);
}

// DER begins with a SEQUENCE, which no base64url text does.
Done check_ca_family(const KeyDescription& key, ByteView preimage, const FamilyRules& rules) {
    if (crypto::is_crl_tbs(preimage)) return check_crl_family(key, preimage, rules);
    const bool is_der = preimage.empty() || preimage.front() == crypto::der::sequence;
    if (!is_der) return check_tombstone_family(key, preimage, rules);
    return check_certificate_family(key, preimage, rules);
}

std::string_view take_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return line;
}

// A 64-bit number in decimal, in its one spelling.
bool is_size(std::string_view text) {
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    return error == std::errc() && std::to_string(size) == text;
}

// C2SP tlog-checkpoint: origin, decimal size without leading zeros, base64 of a SHA-256 root; three
// lines, each ended, and no extension lines.
Done check_checkpoint_family(ByteView preimage, const FamilyRules& rules) {
    std::string_view rest = text_of(preimage);
    if (std::count(rest.begin(), rest.end(), '\n') != 3 || rest.back() != '\n')
        return wrong("a checkpoint has three lines");
    if (take_line(rest) != rules.trust_domain + "/ledger")
        return wrong("a checkpoint of another ledger");
    if (!is_size(take_line(rest))) return wrong("a checkpoint without a size");
    const auto root = encode::from_base64(take_line(rest));
    if (!root || root->size() != sizeof(Sha256)) return wrong("a checkpoint without a root");
    return done();
}

}  // namespace

Done check_family(const KeyDescription& key, ByteView preimage, const FamilyRules& rules) {
    switch (key.purpose) {
        case Purpose::action: return check_action_family(key, preimage, rules);
        case Purpose::certificate: return check_ca_family(key, preimage, rules);
        case Purpose::checkpoint: return check_checkpoint_family(preimage, rules);
        case Purpose::attest: break;
    }
    return wrong("only the TPM itself makes what the attestation key signs");
}

}  // namespace holdfast::hsm
