// verify_action: a signed action, judged as of the time it states.
#include "holdfast/action.h"

#include "attest/verify/credential.h"
#include "attest/verify/rules.h"
#include "core/crypto/jwk.h"
#include "core/crypto/jws_signature.h"
#include "core/crypto/svid.h"
#include "core/encode/base64.h"
#include "core/encode/jws.h"
#include "core/encode/statement.h"

namespace holdfast::attest {
namespace {

// The header says how it was signed, the key whether it can be so: an alg of another key is
// refused.
Done verify_by(ByteView spki, const encode::Jws& jws) {
    HOLDFAST_TRY(algorithm, crypto::algorithm_of(jws.header.alg, spki));
    return crypto::verify_jws(algorithm, spki, view_of(jws.signing_input), jws.signature);
}

void check_signature(Sheet& sheet, const encode::Jws& jws, const Subject& subject) {
    sheet.check("action.signature", verify_by(subject.leaf.spki, jws),
                jws.header.alg + " by the key of the first certificate");
    const auto thumbprint = crypto::jwk_thumbprint(subject.leaf.spki);
    sheet.check("action.kid", thumbprint && *thumbprint == jws.header.kid,
                "kid is the RFC 7638 thumbprint of that key");
}

bool same_claims(const Statement& statement, const Claims& claims) {
    return to_string(statement.custody) == claims.custody &&
           to_string(statement.fuse) == claims.fuse &&
           to_string(statement.assurance) == claims.assurance &&
           encode::hex(statement.measurement) == claims.measurement;
}

void check_statement(Sheet& sheet, const Statement& statement, const Subject& subject,
                     const Expectations& expected) {
    sheet.check("action.agent", !subject.spiffe_id.empty() && statement.agent == subject.spiffe_id,
                "the statement names " + statement.agent);
    if (subject.claims)
        sheet.check("action.claims", same_claims(statement, *subject.claims),
                    "custody, fuse, assurance and measurement as in the credential");
    sheet.check(
        "action.time", statement.time <= expected.now + crypto::clock_skew,
        "stated time " + std::to_string(statement.time) + ", now " + std::to_string(expected.now));
    if (!expected.audience) {
        sheet.skip("action.audience", "no audience was expected");
        return;
    }
    sheet.check("action.audience", statement.action.audience == *expected.audience,
                "meant for " + statement.action.audience);
}

void note_action(Appraisal& appraisal, const Statement& statement) {
    appraisal.claims["action"] = statement.action.action;
    appraisal.claims["audience"] = statement.action.audience;
    appraisal.claims["resource"] = statement.action.resource;
    appraisal.claims["rule"] = statement.rule;
    appraisal.claims["sponsor"] = statement.sponsor;
    appraisal.claims["time"] = std::to_string(statement.time);
    appraisal.claims["sequence"] = std::to_string(statement.sequence);
}

}  // namespace

Result<Appraisal> verify_action(std::string_view text, const Expectations& expected) {
    Sheet sheet({action_rules, credential_rules}, expected.profile);
    if (expected.audience) sheet.require("action.audience");
    const auto jws = encode::parse_jws(text);
    if (!sheet.check("action.jws", jws ? done() : Done(Error(jws.error())),
                     "compact JWS, an algorithm of ours, canonical, no other header"))
        return std::move(sheet.appraisal());
    sheet.check("action.typ", jws->header.typ == encode::action_typ, "typ " + jws->header.typ);
    const auto statement = encode::statement_from(jws->payload);
    if (!sheet.check("action.statement", statement ? done() : Done(Error(statement.error())),
                     "a permitted action, every member known and within its bounds"))
        return std::move(sheet.appraisal());
    // The credential may have ended since: what counts is that it held when the action was signed.
    const auto subject = check_credential(sheet, jws->header.x5c, statement->time, expected);
    if (!subject) return std::move(sheet.appraisal());
    check_signature(sheet, *jws, *subject);
    check_statement(sheet, *statement, *subject, expected);
    if (sheet.passed("action.signature") && sheet.passed("credential.chain"))
        note_action(sheet.appraisal(), *statement);
    return std::move(sheet.appraisal());
}

}  // namespace holdfast::attest
