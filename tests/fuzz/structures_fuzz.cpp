// The readers of what a TPM says: no input reads out of bounds, and no prefix of a good one is
// good.
#include <cstdint>
#include <cstdlib>

#include "core/tpm2/structures.h"

using namespace holdfast;

namespace {

template <class Reader>
void read(const Reader& reader, ByteView bytes) {
    if (!reader(bytes)) return;
    if (!bytes.empty() && reader(bytes.first(bytes.size() - 1))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes(data, size);
    read(tpm2::read_public, bytes);
    read(tpm2::read_nv_public, bytes);
    read(tpm2::read_attest, bytes);
    read(tpm2::read_signature, bytes);
    return 0;
}
