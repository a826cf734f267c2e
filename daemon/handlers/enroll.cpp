// GET /v1/enroll/host and POST /v1/enroll/activate: binding this host's AK to its EK.
#include "api/admin_messages.h"
#include "api/messages.h"
#include "core/encode/pem.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"

namespace holdfast::daemon::handlers {
namespace {

// Enrolment binds an attestation key to an endorsement key, and both are a TPM's.
Done has_tpm(const Services& services) {
    if (services.settings.has_tpm()) return done();
    return Error(Code::conflict, "this host has no TPM: there is nothing to enrol")
        .because("no_tpm");
}

}  // namespace

Async<Answer> enroll_host(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    HOLDFAST_CO_CHECK(has_tpm(services));
    HOLDFAST_CO_TRY(identity, co_await services.host.identity());
    api::EnrollHost reply;
    reply.trust_domain = services.settings.trust_domain();
    reply.custody = to_string(identity.custody);
    reply.manufacturer = identity.manufacturer;
    for (const Bytes& certificate : identity.ek_certificates)
        reply.ek_certificates.push_back(encode::to_pem("CERTIFICATE", certificate));
    reply.ek_public = identity.ek_public;
    reply.ak_public = identity.ak_public;
    co_return json_answer(api::to_json(reply));
}

// What comes out was encrypted to this EK for this AK by whoever asks for it; only an operator may.
Async<Answer> enroll_activate(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::activate_request(call.body));
    HOLDFAST_CO_CHECK(has_tpm(services));
    auto activated = services.keys.activate(std::move(request.blob), std::move(request.secret));
    HOLDFAST_CO_TRY(secret, co_await std::move(activated));
    co_return json_answer(api::to_json(api::Activated{std::move(secret)}));
}

}  // namespace holdfast::daemon::handlers
