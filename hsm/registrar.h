// Registrar: what happened since boot, extended into the TPM and logged beside it. Synchronous.
#ifndef HOLDFAST_HSM_REGISTRAR_H
#define HOLDFAST_HSM_REGISTRAR_H

#include <string_view>

#include "holdfast/register.h"
#include "holdfast/result.h"

namespace holdfast::hsm {

class Registrar {
  public:
    Registrar() = default;
    Registrar(const Registrar&) = delete;
    Registrar& operator=(const Registrar&) = delete;
    virtual ~Registrar() = default;

    // `content` as attest::check_event wants it. The log line is durable before the TPM is asked;
    // both are when it returns. Reasons: register_absent, register_broken, register_full. After a
    // failure in between the event stays in the log and is extended before the next one: an event
    // says what was about to happen.
    virtual Result<RegisterPosition> extend(std::string_view content) = 0;

    // Costs no command.
    virtual RegisterStatus status() const = 0;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_REGISTRAR_H
