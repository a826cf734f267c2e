// SHA-256, whole, in pieces, or over an open file; and random bytes.
#ifndef HOLDFAST_CORE_CRYPTO_DIGEST_H
#define HOLDFAST_CORE_CRYPTO_DIGEST_H

#include <initializer_list>
#include <memory>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

struct evp_md_ctx_st;

namespace holdfast::crypto {

Sha256 sha256(ByteView bytes);
Sha256 sha256(std::initializer_list<ByteView> pieces);

class Sha256Stream {
  public:
    Sha256Stream();
    Sha256Stream& update(ByteView bytes);
    Sha256 finish();

  private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const noexcept;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// From offset 0 to the end, through the descriptor, whatever its position (pread).
Result<Sha256> sha256_of_file(int descriptor);

Result<Bytes> random_bytes(std::size_t size);
bool equal_in_constant_time(ByteView a, ByteView b) noexcept;

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_DIGEST_H
