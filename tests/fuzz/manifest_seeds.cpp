#include "tests/fuzz/manifest_seeds.h"

#include "core/encode/base64.h"
#include "core/encode/sshsig.h"
#include "tests/fuzz/corpus.h"
#include "tests/support/sample_manifest.h"
#include "tests/support/signed_by_others.h"

namespace holdfast::fuzz {

void manifest_seeds(const std::string& folder) {
    using namespace tests::by_others;
    const std::string statement = attest::to_statement(tests::sample_manifest());
    Corpus(folder, "manifest").add("sample", statement);
    const Corpus envelopes(folder, "dsse");
    envelopes.add("sample", tests::envelope_of(statement, "", [](ByteView) { return Bytes(9); }));
    // Really signed, and no manifest.
    envelopes.add("signed", tests::envelope_of("{}", "", [](ByteView) {
                      return *encode::from_base64(pem_p256.signature);
                  }));
    const Corpus signatures(folder, "sshsig");
    for (const Signed* each : {&ssh_ed25519, &ssh_p256, &ssh_rsa, &ssh_sk_ed25519, &ssh_sk_p256}) {
        const Bytes blob = *encode::parse_armored_sshsig(each->signature);
        signatures.add("signature-" + std::string(each->what), blob);
        signatures.add("key-" + std::string(each->what), encode::parse_sshsig(blob)->public_key);
        signatures.add("line-" + std::string(each->what), each->key);
    }
    signatures.add("pem", pem_p256.key);
}

}  // namespace holdfast::fuzz
