// What a front, also one taken over, may send the keys worker: only a well-formed `sign` reaches a
// signature, only a verb that ends keys reaches one, and whatever comes back is a reply.
#include "daemon/link/codec.h"
#include "daemon/workers/keys.h"
#include "holdfast/agent_id.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/link.h"
#include "tests/support/fake_anchor.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using daemon::Operation;
using fuzz::promise;
using fuzz::same;

namespace {

// Signs nothing, but notices what it was asked.
class WatchedKeys final : public hsm::KeyStore {
  public:
    std::string signed_with, ended, created;
    Bytes preimage;
    bool host_ended = false;

    Custody custody() const override { return Custody::tpm; }
    std::vector<KeyAlgorithm> algorithms() const override { return {KeyAlgorithm::es256}; }
    Result<KeyDescription> create(const hsm::NewKey& wanted) override {
        created = wanted.agent;
        return fuzz::key_of(wanted.purpose);
    }
    Result<KeyDescription> describe(std::string_view key_id) override {
        for (const auto& key : all())
            if (key.id == key_id) return key;
        return Error(Code::not_found, "no such key");
    }
    Result<std::vector<KeyDescription>> list() override { return all(); }
    Result<Bytes> sign(std::string_view key_id, ByteView bytes) override {
        signed_with = key_id;
        preimage = bytes_of(bytes);
        // With this reason the worker does without a CA certificate, and without its file.
        return Error(Code::denied, "blown").because("fuse_blown");
    }
    Done blow_fuse(std::string_view key_id) override {
        ended = key_id;
        return done();
    }
    Done blow_host_fuse() override {
        host_ended = true;
        return done();
    }
    Result<hsm::FuseState> fuse_state(std::string_view) override { return hsm::FuseState::intact; }
    Done destroy(std::string_view key_id) override { return blow_fuse(key_id); }
    Done flush_sessions() override { return done(); }
    void rest() override {}

  private:
    static std::vector<KeyDescription> all() {
        return {fuzz::key_of(Purpose::action), fuzz::key_of(Purpose::certificate),
                fuzz::key_of(Purpose::checkpoint)};
    }
};

class FixedQuoter final : public hsm::Quoter {
  public:
    Result<hsm::Endorsement> endorsement() override {
        return hsm::Endorsement{{}, Bytes(10, 1), Bytes(10, 2), "IBM "};
    }
    Result<TpmEvidence> attest(std::string_view, const Sha256&) override { return TpmEvidence{}; }
    Result<SecretBytes> activate(ByteView, ByteView) override { return SecretBytes(32); }
};

class FixedRegistrar final : public hsm::Registrar {
  public:
    Result<RegisterPosition> extend(std::string_view) override { return RegisterPosition{2}; }
    RegisterStatus status() const override { return {}; }
};

bool ends_a_key(Operation operation) {
    return operation == Operation::blow_fuse || operation == Operation::destroy;
}

// By its id, whether the store can look at the key or not; the host's keys end otherwise.
bool ends_as_asked(const daemon::Message& request, const std::string& ended) {
    const auto asked = daemon::decode_name(request.payload);
    return ends_a_key(request.operation) && asked && *asked == ended && ended != "ca" &&
           ended != "ledger" && ended != "ak";
}

void check_asked(const daemon::Message& request, const WatchedKeys& keys) {
    const Operation operation = request.operation;
    const bool anything = !keys.signed_with.empty() || !keys.ended.empty() || keys.host_ended ||
                          !keys.created.empty();
    promise(!anything || request.descriptors.empty(), "descriptors reach no key");
    if (!keys.signed_with.empty() && operation != Operation::host) {
        const auto asked = daemon::decode_sign(request.payload);
        promise(operation == Operation::sign && asked && asked->key_id == keys.signed_with &&
                    asked->preimage == keys.preimage,
                "exactly the bytes asked for are signed, with the key asked for");
    }
    promise(keys.ended.empty() || ends_as_asked(request, keys.ended),
            "only an agent's key is ended, and only when asked");
    promise(!keys.host_ended || (operation == Operation::blow_host_fuse && request.payload.empty()),
            "the host's fuse is blown only when asked");
    promise(keys.created.empty() ||
                (operation == Operation::create && check_agent_name(keys.created).has_value()),
            "a key is made only for an agent's name");
}

template <class T>
void check_one_encoding(const Result<T>& decoded, ByteView payload) {
    if (decoded)
        promise(same(daemon::encode(*decoded), payload), "what is decoded has one encoding");
}

void check_payload(const daemon::Message& request) {
    const ByteView payload = request.payload;
    check_one_encoding(daemon::decode_sign(payload), payload);
    check_one_encoding(daemon::decode_attest(payload), payload);
    check_one_encoding(daemon::decode_activate(payload), payload);
    check_one_encoding(daemon::decode_measure(payload), payload);
    check_one_encoding(daemon::decode_position(payload), payload);
    check_one_encoding(daemon::decode_register(payload), payload);
    check_one_encoding(daemon::decode_anchor(payload), payload);
    const auto anchor_value = daemon::decode_anchor_value(payload);
    if (anchor_value)
        promise(same(daemon::encode_anchor_value(*anchor_value), payload),
                "a value has one encoding");
    check_one_encoding(daemon::decode_worker(payload), payload);
    const auto name = daemon::decode_name(payload);
    if (name) promise(same(daemon::encode_name(*name), payload), "a name has one encoding");
}

// One folder for all inputs.
hsm::LiveKeys& live_keys() {
    static const tests::TemporaryDirectory directory;
    static hsm::LiveKeys keys = *hsm::LiveKeys::open(directory.path());
    return keys;
}

void serve(const daemon::Message& request) {
    WatchedKeys keys;
    FixedQuoter quoter;
    FixedRegistrar registrar;
    tests::FakeAnchor anchor;
    anchor.value = 7;
    daemon::KeysWorker worker({.store = keys,
                               .quoter = quoter,
                               .registrar = registrar,
                               .anchor = anchor,
                               .trust_domain = fuzz::trust_domain,
                               .ca_certificate_file = "/nonexistent/ca.pem",
                               .now = [] { return fuzz::now; },
                               .backend = Backend::tpm,
                               .has_tpm = true,
                               .live_keys = live_keys(),
                               .keeps_host_keys = true,
                               .token = "",
                               .check_token = daemon::check_no_token});
    auto reply = worker.handle(request);
    check_asked(request, keys);
    promise(anchor.value == 7 || (request.operation == Operation::advance_anchor &&
                                  request.payload == daemon::encode_anchor_value(anchor.value)),
            "the anchor counter counts only when asked, to where it was asked");
    const auto read = daemon::decode_reply(daemon::encode_reply(request, std::move(reply)));
    promise(read.has_value(), "what the worker answers is a reply");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    (void)live_keys();  // its descriptor stays open
    const int before = fuzz::next_descriptor();
    {
        const fuzz::Wire wire;
        const auto request = wire.carry(fuzz::datagram_from(fuzz::Pieces({data, size})));
        if (request) {
            check_payload(*request);
            serve(*request);
        }
    }
    promise(fuzz::next_descriptor() == before, "no descriptor stays open");
    return 0;
}
