#include "core/crypto/svid.h"

#include "core/crypto/certificate.h"
#include "core/crypto/openssl.h"
#include "core/crypto/signature.h"
#include "core/crypto/svid_profile.h"
#include "holdfast/agent_id.h"

namespace holdfast::crypto {

Result<Bytes> svid_tbs(const SvidRequest& request) {
    HOLDFAST_TRY(ca, parse_certificate(request.ca_certificate));
    HOLDFAST_TRY(ca_key_id, key_identifier(ca.spki));
    if (!ca.is_ca || ca.subject != ca_name(ca_key_id))
        return Error(Code::invalid, "credential: the issuer is not a CA of ours");
    if (request.not_before < ca.not_before || request.not_after > ca.not_after)
        return Error(Code::invalid, "credential: would outlive its CA");
    const SvidProfile profile{request.spiffe_id, request.subject_spki, std::move(ca_key_id),
                              request.claims};
    HOLDFAST_TRY(serial, serial_of_random(request.serial));
    return svid_tbs_of(profile, {serial, request.not_before, request.not_after});
}

Result<Bytes> ca_tbs(const CaRequest& request) {
    HOLDFAST_TRY(serial, serial_of_random(request.serial));
    return ca_tbs_of({request.trust_domain, request.spki},
                     {serial, request.not_before, request.not_after});
}

Result<Bytes> assemble_certificate(ByteView tbs, ByteView raw_signature) {
    HOLDFAST_TRY(signature, der_of_raw(raw_signature));
    Bytes certificate = der::value(der::sequence, {tbs, ecdsa_with_sha256(), der::bits(signature)});
    HOLDFAST_CHECK(x509_of(certificate));
    return certificate;
}

}  // namespace holdfast::crypto
