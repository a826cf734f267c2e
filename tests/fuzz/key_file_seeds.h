// Seeds for the readers of the files in keys/.
#ifndef HOLDFAST_TESTS_FUZZ_KEY_FILE_SEEDS_H
#define HOLDFAST_TESTS_FUZZ_KEY_FILE_SEEDS_H

#include <string>

#include "hsm/live_keys.h"
#include "hsm/tpm/key_blob.h"
#include "hsm/tpm/key_policy.h"
#include "tests/fuzz/corpus.h"

namespace holdfast::fuzz {

// The first byte chooses the reader: tests/fuzz/key_files_fuzz.cpp.
inline void key_files(const Corpus& corpus) {
    const auto with = [](std::uint8_t reader, const std::string& text) {
        Bytes all{reader};
        all.insert(all.end(), text.begin(), text.end());
        return all;
    };
    corpus.add("blob", with(0, hsm::to_key_blob(0x81000001, {Bytes(88, 1), Bytes(224, 2)})));
    hsm::KeyRecord key;
    key.agent = "bot";
    key.agent_fuse = {FuseKind::counter, 0x1800101, 7, Bytes(14, 1)};
    key.agent_fuse_auth = SecretBytes(Bytes(32, 2));
    key.host_fuse = {FuseKind::host, 0x1800100, 3, Bytes(14, 3)};
    key.parent_name = Bytes(34, 4);
    corpus.add("key", with(1, hsm::to_text(key)));
    hsm::IndexRecord index;
    index.index = 0x1800102;
    index.auth = SecretBytes(Bytes(32, 5));
    index.policy = Bytes(32, 6);
    index.taken = 3;
    corpus.add("index", with(2, hsm::to_text(index)));
    corpus.add("live", with(3, hsm::to_text(hsm::LiveKey{.agent = "bot", .spki = Bytes(91, 7)})));
}

}  // namespace holdfast::fuzz

#endif  // HOLDFAST_TESTS_FUZZ_KEY_FILE_SEEDS_H
