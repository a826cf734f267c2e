#include "core/crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace holdfast::crypto {
namespace {

// SHA-256 can only fail when OpenSSL is broken or memory is gone. There is nothing sensible to sign
// or to record in such a process.
void require(bool worked) {
    if (worked) return;
    (void)std::fputs("holdfast: OpenSSL cannot compute SHA-256\n", stderr);
    std::abort();
}

// Fetched once: an implicit fetch per digest costs more than hashing a ledger leaf. Never freed, so
// that digests work while other static objects are destroyed.
const EVP_MD* sha256_algorithm() {
    static const EVP_MD* const algorithm = ::EVP_MD_fetch(nullptr, "SHA256", nullptr);
    require(algorithm != nullptr);
    return algorithm;
}

void start(EVP_MD_CTX* context) {
    require(::EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1);
}

}  // namespace

void Sha256Stream::Free::operator()(evp_md_ctx_st* context) const noexcept {
    ::EVP_MD_CTX_free(context);
}

Sha256Stream::Sha256Stream() : context_(::EVP_MD_CTX_new()) {
    require(context_ != nullptr);
    start(context_.get());
}

Sha256Stream& Sha256Stream::update(ByteView bytes) {
    require(::EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
    return *this;
}

Sha256 Sha256Stream::finish() {
    Sha256 digest{};
    unsigned int size = 0;
    require(::EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
    start(context_.get());
    return digest;
}

Sha256 sha256(ByteView bytes) {
    return sha256({bytes});
}

Sha256 sha256(std::initializer_list<ByteView> pieces) {
    thread_local Sha256Stream stream;  // one context per thread instead of one allocation per leaf
    for (const ByteView piece : pieces)
        stream.update(piece);
    return stream.finish();
}

Result<Sha256> sha256_of_file(int descriptor) {
    constexpr std::size_t chunk = 256UL * 1024;
    Bytes buffer(chunk);
    Sha256Stream stream;
    for (off_t offset = 0;;) {
        const ssize_t got = ::pread(descriptor, buffer.data(), buffer.size(), offset);
        if (got == 0) return stream.finish();
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return Error(Code::unavailable, "digest: " + std::generic_category().message(errno));
        stream.update(ByteView(buffer).first(static_cast<std::size_t>(got)));
        offset += got;
    }
}

Result<Bytes> random_bytes(std::size_t size) {
    Bytes bytes(size);
    if (::RAND_bytes_ex(nullptr, bytes.data(), bytes.size(), 0) != 1)
        return Error(Code::unavailable, "random: OpenSSL has no entropy", Retry::later);
    return bytes;
}

bool equal_in_constant_time(ByteView a, ByteView b) noexcept {
    return a.size() == b.size() &&
           (a.empty() || ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace holdfast::crypto
