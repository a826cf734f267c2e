// Certificates of strangers (endorsement keys, credentials): what is read belongs to those bytes,
// and a certificate alone is trusted by nobody.
#include <algorithm>
#include <vector>

#include "core/crypto/certificate.h"
#include "core/crypto/ek_certificate.h"
#include "core/crypto/jwk.h"
#include "core/crypto/svid.h"
#include "core/encode/pem.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

namespace {

// A key of ours is for one algorithm, or for the two of RSA, and has its names; others have none.
void check_key(ByteView spki) {
    const auto is_for = [&](KeyAlgorithm each) {
        return crypto::check_key_of(each, spki).has_value();
    };
    const auto count = std::count_if(key_algorithms.begin(), key_algorithms.end(), is_for);
    promise(count <= 2, "a key is not for algorithms of several kinds");
    promise(crypto::jwk_thumbprint(spki).has_value() == (count > 0), "its thumbprint");
    promise(crypto::key_identifier(spki).has_value() == (count > 0), "its key identifier");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView der(data, size);
    (void)crypto::chip_identity(der);
    const auto read = crypto::parse_certificate(der);
    if (!read) return 0;
    promise(fuzz::same(read->der, der), "a certificate is exactly its bytes");
    check_key(read->spki);
    const auto tbs = std::search(der.begin(), der.end(), read->tbs.begin(), read->tbs.end());
    promise(tbs != der.end() && !read->tbs.empty(), "what was signed is part of it");
    promise(!crypto::parse_certificate(der.first(size - 1)), "no prefix of one is one");
    const auto pem = encode::from_pem(encode::to_pem("CERTIFICATE", der), "CERTIFICATE");
    promise(pem && pem->size() == 1 && fuzz::same(pem->front(), der), "PEM gives it back");
    const crypto::ChainRules rules{.now = read->not_before, .ignore_unknown_critical_san = true};
    promise(!crypto::verify_chain(der, {}, {}, rules), "without a root there is no chain");
    (void)crypto::verify_chain(der, {}, std::vector<Bytes>{read->der}, rules);
    return 0;
}
