// KeyStoreBench: a fresh, empty key store of one kind; and what makes a promise of hsm/key_store.h
// a test for each kind.
#ifndef HOLDFAST_TESTS_CONTRACT_KEY_STORE_BENCH_H
#define HOLDFAST_TESTS_CONTRACT_KEY_STORE_BENCH_H

#include <memory>
#include <string>
#include <string_view>

#include "hsm/key_store.h"
#include "tests/support/catch.h"

namespace holdfast::tests {

class KeyStoreBench {
  public:
    KeyStoreBench() = default;
    KeyStoreBench(const KeyStoreBench&) = delete;
    KeyStoreBench& operator=(const KeyStoreBench&) = delete;
    virtual ~KeyStoreBench() = default;

    virtual hsm::KeyStore& keys() = 0;
    // The process that kept the keys ends, another one begins on what it left.
    virtual Done try_reopen() = 0;
    void reopen();  // fails the test when it cannot be opened
    // Of agent keys' ids.
    virtual std::string prefix() const { return "agent-"; }
    // Where the record of a key is.
    virtual std::string record(const std::string& key_id) const { return key_id; }
    // Bytes that say `text` and that this key may be asked to sign.
    virtual Bytes message(const KeyDescription& key, const std::string& text);

    // Fails the test when there is none.
    KeyDescription created(const hsm::NewKey& wanted);
    KeyDescription agent_key(std::string agent, KeyAlgorithm algorithm = KeyAlgorithm::es256);
    // Does it sign now, and as its description says?
    bool signs(const KeyDescription& key);
    // Refused because the key was ended.
    bool is_dead(const KeyDescription& key);
};

inline hsm::NewKey of_agent(std::string agent, KeyAlgorithm algorithm = KeyAlgorithm::es256) {
    return {.purpose = Purpose::action, .agent = std::move(agent), .algorithm = algorithm};
}
inline hsm::NewKey of_host(Purpose purpose) {
    return {.purpose = purpose, .agent = "", .algorithm = KeyAlgorithm::es256};
}

// Ids of agents' keys, in order.
std::vector<std::string> agent_ids(hsm::KeyStore& keys);

std::unique_ptr<KeyStoreBench> fake_bench();
// Null where the software is not installed.
std::unique_ptr<KeyStoreBench> tpm_bench();
std::unique_ptr<KeyStoreBench> token_bench();
// A TPM's store, asked through LinkedKeys, a real link, serve() and KeysWorker.
std::unique_ptr<KeyStoreBench> linked_bench();

}  // namespace holdfast::tests

#define HOLDFAST_CONTRACT_TEST(title, kind, bench)                           \
    TEST_CASE("key store contract, " kind ": " #title, "[contract][keys]") { \
        const auto made = holdfast::tests::bench();                          \
        if (!made) HOLDFAST_SKIP(kind " is not installed");                  \
        title(*made);                                                        \
    }

// Kept by every store. tests/mutate/mutation_list.py knows these names and kinds.
#define CONTRACT(title)                                       \
    static void title(holdfast::tests::KeyStoreBench& bench); \
    HOLDFAST_CONTRACT_TEST(title, "fake", fake_bench)         \
    HOLDFAST_CONTRACT_TEST(title, "software TPM", tpm_bench)  \
    HOLDFAST_CONTRACT_TEST(title, "soft token", token_bench)  \
    static void title(holdfast::tests::KeyStoreBench& bench)
// Which the front's port can say, too.
#define PORT_CONTRACT(title)                                       \
    static void title(holdfast::tests::KeyStoreBench& bench);      \
    HOLDFAST_CONTRACT_TEST(title, "fake", fake_bench)              \
    HOLDFAST_CONTRACT_TEST(title, "software TPM", tpm_bench)       \
    HOLDFAST_CONTRACT_TEST(title, "soft token", token_bench)       \
    HOLDFAST_CONTRACT_TEST(title, "link and worker", linked_bench) \
    static void title(holdfast::tests::KeyStoreBench& bench)
// Of what lies on a disk.
#define DISK_CONTRACT(title)                                  \
    static void title(holdfast::tests::KeyStoreBench& bench); \
    HOLDFAST_CONTRACT_TEST(title, "software TPM", tpm_bench)  \
    HOLDFAST_CONTRACT_TEST(title, "soft token", token_bench)  \
    static void title(holdfast::tests::KeyStoreBench& bench)

#endif  // HOLDFAST_TESTS_CONTRACT_KEY_STORE_BENCH_H
