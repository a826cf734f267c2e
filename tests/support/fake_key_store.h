// FakeKeyStore: the KeyStore without hardware, for whoever uses one; counts what it was asked.
#ifndef HOLDFAST_TESTS_SUPPORT_FAKE_KEY_STORE_H
#define HOLDFAST_TESTS_SUPPORT_FAKE_KEY_STORE_H

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto/digest.h"
#include "holdfast/agent_id.h"
#include "hsm/key_store.h"
#include "tests/support/software_key.h"

namespace holdfast::tests {

class FakeKeyStore final : public hsm::KeyStore {
  public:
    int signatures = 0;
    std::optional<Error> refuses;  // set: every sign fails with it
    std::function<void()> before_an_end = [] {};

    Custody custody() const override { return Custody::software_hsm; }
    std::vector<KeyAlgorithm> algorithms() const override {
        return {KeyAlgorithm::es256, KeyAlgorithm::es384, KeyAlgorithm::ed25519,
                KeyAlgorithm::ps256_2048, KeyAlgorithm::rs256_2048};
    }

    Result<KeyDescription> create(const hsm::NewKey& wanted) override {
        HOLDFAST_CHECK(check_wanted(wanted));
        const std::string id = next_id(wanted);
        if (keys_.count(id) != 0) return Error(Code::conflict, "there already");
        Key made{.description = {}, .key = SoftwareKey(wanted.algorithm)};
        made.description.id = id;
        made.description.agent = wanted.agent;
        made.description.purpose = wanted.purpose;
        made.description.algorithm = wanted.algorithm;
        made.description.spki = made.key.spki();
        if (wanted.purpose == Purpose::action) made.description.agent_fuse.kind = FuseKind::counter;
        if (wanted.purpose != Purpose::checkpoint) made.description.host_fuse.kind = FuseKind::host;
        keys_.emplace(id, made);
        return made.description;
    }

    Result<KeyDescription> describe(std::string_view key_id) override {
        HOLDFAST_TRY(key, find(key_id));
        return key->description;
    }

    Result<std::vector<KeyDescription>> list() override {
        std::vector<KeyDescription> all;
        for (const auto& [id, key] : keys_)
            all.push_back(key.description);
        return all;
    }

    Result<Bytes> sign(std::string_view key_id, ByteView preimage) override {
        HOLDFAST_TRY(key, find(key_id));
        if (refuses) return Error(*refuses);
        if (key->blown) return Error(Code::denied, "blown").because("fuse_blown");
        ++signatures;
        return key->key.sign(preimage);
    }

    Done blow_fuse(std::string_view key_id) override {
        HOLDFAST_TRY(key, find(key_id));
        if (key->description.purpose != Purpose::action) return Error(Code::conflict, "no fuse");
        before_an_end();
        key->blown = true;
        return done();
    }

    Done blow_host_fuse() override {
        before_an_end();
        for (auto& [id, key] : keys_)
            key.blown = key.blown || key.description.purpose != Purpose::checkpoint;
        return done();
    }

    Result<hsm::FuseState> fuse_state(std::string_view key_id) override {
        HOLDFAST_TRY(key, find(key_id));
        return key->blown ? hsm::FuseState::blown : hsm::FuseState::intact;
    }

    Done destroy(std::string_view key_id) override {
        HOLDFAST_TRY(key, find(key_id));
        if (!key->blown) return Error(Code::conflict, "blow its fuse first");
        keys_.erase(std::string(key_id));
        return done();
    }

    int flushes = 0;
    Done flush_sessions() override {
        ++flushes;
        return done();
    }
    int rests = 0;
    void rest() override { ++rests; }

  private:
    struct Key {
        KeyDescription description;
        SoftwareKey key;
        bool blown = false;
    };

    Done check_wanted(const hsm::NewKey& wanted) const {
        if (wanted.purpose == Purpose::attest) return Error(Code::invalid, "never made");
        const auto offered = algorithms();
        if (std::ranges::find(offered, wanted.algorithm) == offered.end())
            return Error(Code::invalid, "not offered").because("algorithm_unavailable");
        if (wanted.purpose == Purpose::action) return check_agent_name(wanted.agent);
        if (!wanted.agent.empty() || wanted.algorithm != KeyAlgorithm::es256)
            return Error(Code::invalid, "the host's own keys are ES256 and no agent's");
        return done();
    }

    std::string next_id(const hsm::NewKey& wanted) {
        if (wanted.purpose == Purpose::certificate) return "ca";
        if (wanted.purpose == Purpose::checkpoint) return "ledger";
        return "agent-" + wanted.agent + "-" + std::to_string(++numbers_[wanted.agent]);
    }

    Result<Key*> find(std::string_view key_id) {
        const auto found = keys_.find(key_id);
        if (found == keys_.end()) return Error(Code::not_found, "no such key");
        return &found->second;
    }

    std::map<std::string, Key, std::less<>> keys_;
    std::map<std::string, int> numbers_;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_FAKE_KEY_STORE_H
