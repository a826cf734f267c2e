// The port to a keys worker, as a key store: what the front sees of a TPM's store.
#include <boost/asio/io_context.hpp>
#include <sys/socket.h>

#include <array>
#include <ctime>
#include <optional>
#include <thread>

#include "core/encode/base64.h"
#include "daemon/link/linked_keys.h"
#include "daemon/workers/keys.h"
#include "daemon/workers/serve.h"
#include "tests/contract/key_store_bench.h"
#include "tests/support/action_input.h"
#include "tests/support/run_async.h"
#include "tests/support/tpm_host.h"

namespace holdfast::tests {
namespace {

using namespace holdfast::daemon;  // NOLINT(google-build-using-namespace): a bench of its parts

constexpr const char* trust_domain = "test.example";

std::array<Descriptor, 2> link_pair() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// The worker's process, as a thread: its own Tpm, its own ends of the links.
class Worker {
  public:
    Worker(hsm::Tpm& tpm, const std::string& keys_dir, Descriptor supervisor, Descriptor front)
        : live_keys_(*hsm::LiveKeys::open(keys_dir)),
          worker_({.store = tpm.keys(),
                   .quoter = tpm.quoter(),
                   .registrar = tpm.registrar(),
                   .anchor = tpm.anchor(),
                   .trust_domain = trust_domain,
                   .ca_certificate_file = keys_dir + "/ca.crt",
                   .now = [] { return static_cast<std::int64_t>(std::time(nullptr)); },
                   .backend = Backend::tpm,
                   .has_tpm = true,
                   .live_keys = live_keys_,
                   .keeps_host_keys = true,
                   .token = "",
                   .check_token = check_no_token}),
          supervisor_(std::move(supervisor)),
          front_(std::move(front)) {
        REQUIRE(worker_.prepare());
        thread_ = std::thread([this] {
            Service service;
            service.handle = [this](const Message& request) { return worker_.handle(request); };
            service.fatal_reason = hsm::connection_lost;
            service.rest = [this] { worker_.rest(); };
            (void)serve({supervisor_.get(), front_.get()}, service);
        });
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() { thread_.join(); }  // the supervisor's end is closed by now

  private:
    hsm::LiveKeys live_keys_;
    KeysWorker worker_;
    Descriptor supervisor_, front_;
    std::thread thread_;
};

// What the port can say of hsm/key_store.h; nothing else is asked of it.
class LinkedStore final : public hsm::KeyStore {
  public:
    Custody custody() const override { return host().custody; }
    std::vector<KeyAlgorithm> algorithms() const override { return host().algorithms; }
    Result<KeyDescription> create(const hsm::NewKey& wanted) override {
        if (wanted.purpose != Purpose::action) FAIL("the port makes agents' keys only");
        return run_async(io_, keys_.create({wanted.agent, Backend::tpm, wanted.algorithm, ""}));
    }
    Result<KeyDescription> describe(std::string_view key_id) override {
        HOLDFAST_TRY(all, list());
        for (KeyDescription& key : all)
            if (key.id == key_id) return std::move(key);
        return Error(Code::not_found, "the worker lists no such key");
    }
    Result<std::vector<KeyDescription>> list() override { return run_async(io_, keys_.list()); }
    Result<Bytes> sign(std::string_view key_id, ByteView preimage) override {
        return run_async(io_, keys_.sign(std::string(key_id), bytes_of(preimage)));
    }
    Done blow_fuse(std::string_view key_id) override {
        return run_async(io_, keys_.blow_fuse(std::string(key_id)));
    }
    Done blow_host_fuse() override { return run_async(io_, keys_.blow_host_fuse()); }
    Result<hsm::FuseState> fuse_state(std::string_view) override {
        return Error(Code::internal, "the port has no such question");
    }
    Done destroy(std::string_view key_id) override {
        return run_async(io_, keys_.destroy(std::string(key_id)));
    }
    Done flush_sessions() override { return run_async(io_, keys_.flush_sessions()); }
    void rest() override {}

    void attach(Descriptor socket) { link_.attach(std::move(socket), ++generation_); }

  private:
    HostIdentity host() const {
        auto host = run_async(io_, keys_.host());
        if (!host) FAIL(host.error().text());
        return *std::move(host);
    }

    mutable boost::asio::io_context io_;
    WorkerLink link_{io_.get_executor(), WorkerKind::keys, [](WorkerId) {}};
    mutable LinkedKeys keys_{link_};
    std::uint64_t generation_ = 0;
};

class LinkedBench final : public KeyStoreBench {
  public:
    LinkedBench() { reopen(); }
    ~LinkedBench() override { end(); }
    hsm::KeyStore& keys() override { return store_; }
    Done try_reopen() override {
        end();
        HOLDFAST_CHECK(host_.open());
        auto supervisor = link_pair();
        auto front = link_pair();
        supervisor_ = std::move(supervisor[0]);
        store_.attach(std::move(front[0]));
        worker_.emplace(*host_.tpm, host_.keys_dir(), std::move(supervisor[1]),
                        std::move(front[1]));
        return done();
    }
    // An action statement of the key's own agent.
    Bytes message(const KeyDescription& key, const std::string& text) override {
        const std::string params = R"({"text":")" + encode::hex(view_of(text)) + R"("})";
        return action_input(key, std::string("spiffe://") + trust_domain + "/agent/" + key.agent,
                            params);
    }

  private:
    void end() {
        supervisor_ = Descriptor();  // the end of that link ends the worker's loop
        worker_.reset();
    }

    TpmHost host_;
    LinkedStore store_;
    Descriptor supervisor_;
    std::optional<Worker> worker_;
};

}  // namespace

std::unique_ptr<KeyStoreBench> linked_bench() {
    if (!has_swtpm()) return nullptr;
    return std::make_unique<LinkedBench>();
}

}  // namespace holdfast::tests
