// FakeKeys: the Keys port without a chip; remembers every call that would have reached one.
#ifndef HOLDFAST_TESTS_SUPPORT_FAKE_KEYS_H
#define HOLDFAST_TESTS_SUPPORT_FAKE_KEYS_H

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/crypto/public_key.h"
#include "core/crypto/svid.h"
#include "core/encode/base64.h"
#include "daemon/link/bell.h"
#include "daemon/link/keys.h"
#include "tests/support/fake_anchor.h"
#include "tests/support/pause_point.h"

namespace holdfast::tests {

// Any point of P-256 will do: its base point (FIPS 186-4, D.1.2.3).
inline Bytes some_spki() {
    const auto x =
        encode::from_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
    const auto y =
        encode::from_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    const crypto::EcPoint point{*x, *y};
    auto spki = crypto::spki_of_p256(point);
    return *std::move(spki);
}

// Of a CA with that key; its signature is nobody's.
inline Bytes some_ca() {
    constexpr std::int64_t from = 1'700'000'000;
    const crypto::CaRequest request{"host.test", some_spki(), Bytes(16, 0x11),
                                    from - crypto::clock_skew,
                                    from + crypto::max_ca_lifetime - crypto::clock_skew};
    return *crypto::assemble_certificate(*crypto::ca_tbs(request), Bytes(64, 0x01));
}

class FakeKeys final : public daemon::Keys {
  public:
    explicit FakeKeys(boost::asio::io_context& loop) : gate_(loop.get_executor()) {}

    std::vector<std::string> calls;              // "sign agent-deploy-bot-1", in order
    std::map<std::string, KeyDescription> keys;  // by id
    std::map<std::string, bool> blown;
    std::optional<Error> away;          // set: every call fails with it, as without a worker
    std::optional<Error> sign_refuses;  // set: the chip refuses to sign
    std::optional<Error> fuse_refuses;
    std::optional<Error> attest_refuses;
    bool host_fuse_blown = false;
    bool tpm = true;  // false: this host has none
    // Set: this host has a token, with these algorithms.
    std::optional<std::vector<KeyAlgorithm>> token;
    std::vector<std::string>
        tokens_asked;  // URIs, in order; those of agents and serial 0123 mean it
    std::optional<daemon::CreateRequest> last_created;
    std::optional<Sha256> last_challenge;
    std::string charged;  // whose turn the last quote took
    Bytes last_preimage;
    std::optional<Error> register_refuses;
    std::vector<std::string> events;  // extended into the register, in order
    RegisterStatus register_status{.state = RegisterState::ready,
                                   .events = 1,
                                   .bytes = 400,
                                   .nv_index = 0x018010FF,
                                   .anchor_pcr = default_anchor_pcr,
                                   .reason = ""};

    FakeAnchor anchor;
    std::optional<Error> anchor_refuses;  // set: nothing reaches the counter
    bool anchor_answer_lost = false;      // set: the next advance counts, and its answer is lost

    PausePoint* pause = nullptr;  // set: it may hold any call, before it answers
    // While held, signatures wait.
    void hold() { held_ = true; }
    void let_go() {
        held_ = false;
        gate_.ring();
    }
    std::size_t count(std::string_view verb) const {
        return static_cast<std::size_t>(std::count_if(
            calls.begin(), calls.end(),
            [&](const std::string& call) { return call.starts_with(std::string(verb) + " "); }));
    }

    // What this TPM says without a key: read by nobody here, so any bytes will do.
    static TpmEvidence said_of_host() {
        TpmEvidence evidence;
        evidence.ek_public = {1, 2, 3};
        evidence.ak_public = {4, 5, 6};
        evidence.quote = {.attest = {7}, .signature = {8}};
        return evidence;
    }

    Done available(std::string_view) const override { return away ? Done(Error(*away)) : done(); }
    daemon::Async<daemon::HostIdentity> host() override {
        (void)co_await held("host");
        if (away) co_return Error(*away);
        if (!tpm) co_return token_identity();
        daemon::HostIdentity identity;
        identity.custody = Custody::software_tpm;
        identity.manufacturer = "IBM ";
        identity.algorithms = {KeyAlgorithm::es256, KeyAlgorithm::es384};
        identity.ek_certificates = {Bytes{0x30, 0x00}};
        identity.ek_public = {1, 2, 3};
        identity.ak_public = {4, 5, 6};
        identity.ledger.id = "ledger";
        identity.ledger.spki = some_spki();
        identity.ca.id = "ca";
        identity.ca.spki = some_spki();
        // Without a certificate of its CA, as the worker says it.
        if (!host_fuse_blown) identity.ca_certificate = some_ca();
        identity.event_register = register_status;
        co_return identity;
    }
    daemon::Async<daemon::HostIdentity> host_of(Backend backend) override {
        if (away) co_return Error(*away);
        const bool is_here = backend == Backend::tpm ? tpm : token.has_value();
        if (!is_here)
            co_return Error(Code::conflict, "not on this host")
                .because(backend == Backend::tpm ? "no_tpm" : "no_pkcs11");
        if (backend == Backend::pkcs11) co_return token_identity();
        co_return co_await host();
    }
    daemon::Async<std::monostate> check_token(std::string uri) override {
        tokens_asked.push_back(uri);
        if (away) co_return Error(*away);
        if (!token) co_return Error(Code::conflict, "not on this host").because("no_pkcs11");
        if (uri == "pkcs11:token=agents" || uri == "pkcs11:serial=0123") co_return done();
        co_return Error(Code::conflict, uri + " is not this host's token").because("other_token");
    }
    daemon::Async<KeyDescription> create(daemon::CreateRequest wanted) override {
        calls.push_back("create " + wanted.agent);
        (void)co_await held("create");
        if (away) co_return Error(*away);
        const bool in_token = wanted.backend == Backend::pkcs11;
        KeyDescription key;
        key.id = (in_token ? "hsm-" : "agent-") + wanted.agent + "-" +
                 std::to_string(++made_[wanted.agent]);
        key.agent = wanted.agent;
        key.backend = wanted.backend;
        key.algorithm = wanted.algorithm;
        key.spki = some_spki();
        if (in_token) {
            key.custody = Custody::hsm;
            key.token = "0123";
            key.agent_fuse.kind = FuseKind::object;
        } else {
            key.name = {0x00, 0x0b, static_cast<std::uint8_t>(keys.size())};
            key.agent_fuse.kind = FuseKind::counter;
            key.agent_fuse.nv_index = 0x01000001;
        }
        keys[key.id] = key;
        last_created = std::move(wanted);
        co_return key;
    }
    daemon::Async<std::vector<KeyDescription>> list() override {
        (void)co_await held("list");
        std::vector<KeyDescription> all;
        for (const auto& [id, key] : keys)
            all.push_back(key);
        co_return all;
    }
    daemon::Async<Bytes> sign_for(std::string, std::string key_id, Bytes preimage) override {
        calls.push_back("sign " + key_id);
        last_preimage = std::move(preimage);
        (void)co_await held("sign");
        while (held_)
            co_await gate_.rung();
        if (away) co_return Error(*away);
        if (sign_refuses) co_return Error(*sign_refuses);
        if (blown.contains(key_id))
            co_return Error(Code::denied, "the chip refuses the key").because("fuse_blown");
        Bytes raw(64, 0x01);
        co_return raw;
    }
    daemon::Async<std::monostate> blow_fuse(std::string key_id) override {
        calls.push_back("blow_fuse " + key_id);
        (void)co_await held("blow_fuse");
        if (away) co_return Error(*away);
        if (fuse_refuses) co_return Error(*fuse_refuses);
        blown[key_id] = true;
        co_return done();
    }
    daemon::Async<std::monostate> blow_host_fuse() override {
        calls.emplace_back("blow_host_fuse ");
        if (away) co_return Error(*away);
        if (fuse_refuses) co_return Error(*fuse_refuses);
        host_fuse_blown = true;
        co_return done();
    }
    daemon::Async<std::monostate> destroy(std::string key_id) override {
        calls.push_back("destroy " + key_id);
        if (away) co_return Error(*away);
        if (!blown.contains(key_id))
            co_return Error(Code::conflict, key_id + ": blow its fuse first");
        keys.erase(key_id);
        co_return done();
    }
    daemon::Async<TpmEvidence> attest_for(std::string charged_key, std::string key_id,
                                          Sha256 challenge) override {
        calls.push_back("attest " + key_id);
        charged = std::move(charged_key);
        (void)co_await held("attest");
        if (away) co_return Error(*away);
        if (attest_refuses) co_return Error(*attest_refuses);
        last_challenge = challenge;
        TpmEvidence evidence = said_of_host();
        if (!key_id.empty()) evidence.key = keys.at(key_id);
        co_return evidence;
    }
    daemon::Async<Bytes> activate(Bytes blob, Bytes secret) override {
        calls.emplace_back("activate ");
        if (away) co_return Error(*away);
        blob.insert(blob.end(), secret.begin(), secret.end());
        co_return blob;
    }

    daemon::Async<RegisterPosition> extend_register(std::string content) override {
        calls.push_back("extend_register " + content);
        if (away) co_return Error(*away);
        if (register_refuses) co_return Error(*register_refuses);
        events.push_back(std::move(content));
        co_return RegisterPosition{++register_status.events};
    }
    daemon::Async<RegisterStatus> register_log() override {
        (void)co_await held("register_log");
        if (away) co_return Error(*away);
        co_return register_status;
    }

    daemon::Async<AnchorReading> read_anchor() override {
        calls.emplace_back("read_anchor ");
        HOLDFAST_CO_CHECK(anchor_is_here());
        co_return anchor.read();
    }
    daemon::Async<AnchorReading> advance_anchor(std::uint64_t to) override {
        calls.push_back("advance_anchor " + std::to_string(to));
        HOLDFAST_CO_CHECK(anchor_is_here());
        while (held_)
            co_await gate_.rung();
        auto reading = anchor.advance(to);
        if (std::exchange(anchor_answer_lost, false))
            co_return Error(Code::unavailable, "the worker ended").because("keys_unavailable");
        co_return reading;
    }
    daemon::Async<std::monostate> flush_sessions() override {
        calls.emplace_back("flush_sessions ");
        if (away) co_return Error(*away);
        co_return done();
    }

  private:
    Done anchor_is_here() const {
        if (away) return Error(*away);
        if (anchor_refuses) return Error(*anchor_refuses);
        if (!tpm) return Error(Code::conflict, "this host has no TPM").because("no_tpm");
        return done();
    }
    daemon::Async<std::monostate> held(std::string call) {
        if (pause != nullptr) (void)co_await pause->pass(std::move(call));
        co_return done();
    }
    daemon::HostIdentity token_identity() const {
        daemon::HostIdentity identity;
        identity.custody = Custody::hsm;
        identity.manufacturer = "Vendor";
        identity.token = "agents 0123";
        if (token) identity.algorithms = *token;
        identity.ca.id = "ca of the token";
        identity.ca_certificate = {7, 7};
        identity.ledger.id = "ledger of the token";
        identity.ledger.spki = some_spki();
        return identity;
    }

    daemon::Bell gate_;
    bool held_ = false;
    std::map<std::string, int> made_;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_FAKE_KEYS_H
