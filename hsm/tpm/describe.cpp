#include "hsm/tpm/connection.h"
#include "hsm/tpm/tpm.h"

namespace holdfast::hsm {

Result<TpmDescription> describe_tpm(const TpmOptions& options) {
    HOLDFAST_TRY(tpm, Connection::open(options));
    return TpmDescription{tpm.manufacturer(), tpm.custody(), {KeyAlgorithm::es256}};
}

}  // namespace holdfast::hsm
