#include <utility>

#include "hsm/tpm/connection.h"
#include "hsm/tpm/schemes.h"
#include "hsm/tpm/tpm.h"

namespace holdfast::hsm {

Result<TpmDescription> describe_tpm(const TpmOptions& options) {
    HOLDFAST_TRY(tpm, Connection::open(options));
    HOLDFAST_TRY(algorithms, find_algorithms(tpm));
    return TpmDescription{tpm.manufacturer(), tpm.custody(), std::move(algorithms)};
}

}  // namespace holdfast::hsm
