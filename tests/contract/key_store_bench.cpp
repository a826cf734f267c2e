#include "tests/contract/key_store_bench.h"

#include <algorithm>

#include "core/crypto/jws_signature.h"
#include "tests/support/fake_key_store.h"
#include "tests/support/token_host.h"
#include "tests/support/tpm_host.h"

namespace holdfast::tests {
namespace {

class FakeBench final : public KeyStoreBench {
  public:
    hsm::KeyStore& keys() override { return keys_; }
    Done try_reopen() override { return done(); }  // it is its own disk

  private:
    FakeKeyStore keys_;
};

class TpmBench final : public KeyStoreBench {
  public:
    TpmBench() { reopen(); }
    hsm::KeyStore& keys() override { return host_.keys(); }
    Done try_reopen() override { return host_.open(); }
    std::string record(const std::string& key_id) const override {
        return host_.keys_dir() + "/" + key_id + ".json";
    }

  private:
    TpmHost host_;
};

class TokenBench final : public KeyStoreBench {
  public:
    TokenBench() { reopen(); }
    hsm::KeyStore& keys() override { return host_.token->keys(); }
    Done try_reopen() override {
        host_.token.reset();  // a process has one
        HOLDFAST_TRY(opened, host_.try_open());
        host_.token = std::move(opened);
        return done();
    }
    std::string prefix() const override { return "hsm-"; }
    std::string record(const std::string& key_id) const override {
        return host_.key_file(key_id + ".token.json");
    }

  private:
    TokenHost host_;
};

}  // namespace

void KeyStoreBench::reopen() {
    const auto opened = try_reopen();
    if (!opened) FAIL(opened.error().text());
}

Bytes KeyStoreBench::message(const KeyDescription&, const std::string& text) {
    return bytes_of(view_of(text));
}

KeyDescription KeyStoreBench::created(const hsm::NewKey& wanted) {
    auto made = keys().create(wanted);
    if (!made) FAIL(made.error().text());
    return *std::move(made);
}

KeyDescription KeyStoreBench::agent_key(std::string agent, KeyAlgorithm algorithm) {
    return created(of_agent(std::move(agent), algorithm));
}

bool KeyStoreBench::signs(const KeyDescription& key) {
    const Bytes asked = message(key, "what is signed");
    const auto signature = keys().sign(key.id, asked);
    if (!signature) UNSCOPED_INFO(signature.error().text());
    return signature && crypto::verify_jws(key.algorithm, key.spki, asked, *signature).has_value();
}

bool KeyStoreBench::is_dead(const KeyDescription& key) {
    const auto refused = keys().sign(key.id, message(key, "what is signed"));
    return !refused && refused.error().code() == Code::denied &&
           refused.error().reason() == "fuse_blown";
}

std::vector<std::string> agent_ids(hsm::KeyStore& keys) {
    const auto all = keys.list();
    if (!all) FAIL(all.error().text());
    std::vector<std::string> ids;
    for (const KeyDescription& key : *all)
        if (key.purpose == Purpose::action) ids.push_back(key.id);
    std::ranges::sort(ids);
    return ids;
}

std::unique_ptr<KeyStoreBench> fake_bench() {
    return std::make_unique<FakeBench>();
}

std::unique_ptr<KeyStoreBench> tpm_bench() {
    if (!has_swtpm()) return nullptr;
    return std::make_unique<TpmBench>();
}

std::unique_ptr<KeyStoreBench> token_bench() {
    if (!has_softhsm()) return nullptr;
    return std::make_unique<TokenBench>();
}

}  // namespace holdfast::tests
