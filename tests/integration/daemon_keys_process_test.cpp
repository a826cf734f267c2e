// The real keys worker on a software TPM, through its link, as the front sees it.
#include <boost/asio/io_context.hpp>
#include <poll.h>
#include <sys/wait.h>

#include <csignal>

#include "core/crypto/certificate.h"
#include "core/crypto/digest.h"
#include "core/crypto/public_key.h"
#include "core/crypto/svid.h"
#include "core/encode/jws.h"
#include "core/encode/statement.h"
#include "daemon/link/linked_keys.h"
#include "daemon/process.h"
#include "daemon/supervisor_spawn.h"
#include "daemon/supervisor_state.h"
#include "tests/support/catch.h"
#include "tests/support/key_samples.h"
#include "tests/support/run_async.h"
#include "tests/support/swtpm.h"

using namespace holdfast;
using namespace holdfast::daemon;
using tests::run_async;

namespace {

// The supervisor's part and the front's, in one process.
class KeysProcess {
  public:
    explicit KeysProcess(const tests::SoftwareTpm& chip) {
        settings_ = dev_settings(folder_.path());
        settings_.tpm_tcti = chip.tcti();
        settings_.host_name = "test";
        auto lock = prepare_state(settings_, Accounts());
        REQUIRE(lock);
        start();
    }
    KeysProcess(const KeysProcess&) = delete;
    KeysProcess& operator=(const KeysProcess&) = delete;
    ~KeysProcess() { stop(); }

    void start() {
        auto ours = make_link();
        auto fronts = make_link();
        const auto memory = seal_settings(settings_);
        REQUIRE((ours && fronts && memory));
        ChildPlan plan;
        plan.program = KEYS_PROGRAM;
        plan.descriptors = {{supervisor_link, ours->second.get()},
                            {settings_memfd, memory->get()},
                            {front_link, fronts->second.get()}};
        auto child = spawn(plan);
        REQUIRE(child);
        child_ = *std::move(child);
        supervisor_ = std::move(ours->first);
        link.attach(std::move(fronts->first), ++generation_);
    }
    // As a dying supervisor does: the worker's link ends.
    int end() {
        supervisor_ = Descriptor();  // the old number goes with the temporary
        return status();
    }
    int status() {
        pollfd ended{child_.pidfd.get(), POLLIN, 0};
        REQUIRE(::poll(&ended, 1, 30'000) == 1);
        int raw = 0;
        REQUIRE(::waitpid(child_.pid, &raw, 0) == child_.pid);
        child_.pid = 0;
        return WIFEXITED(raw) ? WEXITSTATUS(raw) : -WTERMSIG(raw);
    }
    void stop() {
        if (child_.pid == 0) return;
        (void)::kill(child_.pid, SIGKILL);
        (void)status();
    }
    pid_t pid() const { return child_.pid; }
    std::string file(const std::string& name) const { return folder_.file(name); }

    boost::asio::io_context io;
    std::vector<WorkerId> failed;
    WorkerLink link{io.get_executor(), WorkerKind::keys,
                    [this](WorkerId worker) { failed.push_back(worker); }};
    LinkedKeys keys{link};

  private:
    tests::TemporaryDirectory folder_;
    Settings settings_;
    Child child_;
    Descriptor supervisor_;
    std::uint64_t generation_ = 0;
};

Bytes action_of(const KeyDescription& key, const std::string& agent) {
    Statement statement;
    statement.action = {"refund.create", "https://pay.example", "order/1", "{}", std::nullopt, ""};
    statement.agent = "spiffe://test.local.internal/agent/" + agent;
    statement.instance = "i-1";
    statement.sponsor = "sponsor@example.com";
    statement.custody = Custody::software_tpm;
    statement.fuse = FuseKind::counter;
    statement.time = 1'700'000'000;
    statement.decision = "permit";
    statement.rule = "agent_file:actions[0]";
    encode::JwsHeader header{
        "ES256", std::string(encode::action_typ), *crypto::jwk_thumbprint(key.spki), {}};
    return bytes_of(view_of(encode::signing_input(header, encode::to_json(statement))));
}

}  // namespace

TEST_CASE("keys process: makes the host's identity once, and keeps it", "[daemon][keys][swtpm]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("no swtpm");
    const tests::SoftwareTpm chip;
    KeysProcess process(chip);
    const auto host = run_async(process.io, process.keys.host());
    if (!host) FAIL(host.error().text());
    CHECK(host->ca.id == "ca");
    CHECK(host->ca.purpose == Purpose::certificate);
    CHECK(host->ledger.purpose == Purpose::checkpoint);
    CHECK(host->custody != Custody::tpm);
    const auto certificate = crypto::parse_certificate(host->ca_certificate);
    REQUIRE(certificate);
    CHECK(certificate->spki == host->ca.spki);
    CHECK(certificate->is_ca);
    CHECK(certificate->not_after - certificate->not_before <= crypto::max_ca_lifetime);

    CHECK(process.end() == 0);
    process.start();
    const auto again = run_async(process.io, process.keys.host());
    REQUIRE(again);
    CHECK(again->ca_certificate == host->ca_certificate);
    CHECK(again->ledger.spki == host->ledger.spki);
}

TEST_CASE("keys process: an agent key signs its own actions, nothing else, and never once blown",
          "[daemon][keys][swtpm]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("no swtpm");
    const tests::SoftwareTpm chip;
    KeysProcess process(chip);
    const auto key = run_async(process.io, process.keys.create(tests::plain_key_of("deploy-bot")));
    if (!key) FAIL(key.error().text());
    CHECK(key->id == "agent-deploy-bot-1");

    const auto own = action_of(*key, "deploy-bot");
    const auto signature = run_async(process.io, process.keys.sign(key->id, own));
    if (!signature) FAIL(signature.error().text());
    CHECK(crypto::verify_es256(key->spki, own, *signature));

    const auto foreign = action_of(*key, "other-bot");
    const auto refused = run_async(process.io, process.keys.sign(key->id, foreign));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::denied);
    CHECK_FALSE(run_async(process.io, process.keys.sign("ledger", own)));
    CHECK_FALSE(run_async(process.io, process.keys.sign("ca", own)));

    // The host's own keys cannot be ended one by one.
    CHECK_FALSE(run_async(process.io, process.keys.blow_fuse("ca")));
    REQUIRE(run_async(process.io, process.keys.blow_fuse(key->id)));
    const auto dead = run_async(process.io, process.keys.sign(key->id, own));
    REQUIRE_FALSE(dead);
    CHECK(dead.error().reason() == "fuse_blown");
    const auto list = run_async(process.io, process.keys.list());
    REQUIRE(list);
    CHECK(list->size() >= 3);
    CHECK(run_async(process.io, process.keys.destroy(key->id)));
    CHECK(process.link.attached());
}

TEST_CASE("keys process: evidence crosses the link", "[daemon][keys][swtpm]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("no swtpm");
    const tests::SoftwareTpm chip(tests::SoftwareTpm::Made::certified);
    KeysProcess process(chip);
    const auto key = run_async(process.io, process.keys.create(tests::plain_key_of("deploy-bot")));
    if (!key) FAIL(key.error().text());
    const auto evidence = run_async(process.io, process.keys.attest(key->id, crypto::sha256({})));
    if (!evidence) FAIL(evidence.error().text());
    CHECK(evidence->key.id == key->id);
    CHECK(evidence->pcrs.size() == 9);  // 0–7, and the anchor of the register
    CHECK(evidence->event_register);
    CHECK_FALSE(evidence->ek_certificates.empty());
    CHECK_FALSE(evidence->quote.signature.empty());
}

TEST_CASE("keys process: a TPM that is gone ends it, the next one works when the TPM is back",
          "[daemon][keys][swtpm]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("no swtpm");
    tests::SoftwareTpm chip;
    KeysProcess process(chip);
    const auto key = run_async(process.io, process.keys.create(tests::plain_key_of("deploy-bot")));
    if (!key) FAIL(key.error().text());
    chip.kill();
    const auto own = action_of(*key, "deploy-bot");
    CHECK_FALSE(run_async(process.io, process.keys.sign(key->id, own)));
    CHECK(process.status() == exit_try_later);

    process.start();
    CHECK(process.status() == exit_try_later);
    const auto down = run_async(process.io, process.keys.sign(key->id, own));
    REQUIRE_FALSE(down);
    CHECK(down.error().reason() == "keys_unavailable");

    chip.start();
    process.start();
    const auto signature = run_async(process.io, process.keys.sign(key->id, own));
    if (!signature) FAIL(signature.error().text());
    CHECK(crypto::verify_es256(key->spki, own, *signature));
}

TEST_CASE("keys process: a stopped one fails its callers and is reported",
          "[daemon][keys][swtpm]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("no swtpm");
    const tests::SoftwareTpm chip;
    KeysProcess process(chip);
    REQUIRE(run_async(process.io, process.keys.host()));
    REQUIRE(::kill(process.pid(), SIGSTOP) == 0);
    const auto signature = run_async(process.io, process.keys.sign("ledger", Bytes{1}));
    REQUIRE_FALSE(signature);
    CHECK(signature.error().reason() == "keys_unavailable");
    while (process.failed.empty())
        process.io.run_one();
    CHECK(process.failed[0].generation == 1);
}

TEST_CASE("keys process: on another TPM its callers are told why", "[daemon][keys][swtpm]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("no swtpm");
    tests::SoftwareTpm chip;
    KeysProcess process(chip);
    REQUIRE(run_async(process.io, process.keys.host()));
    CHECK(process.end() == 0);
    // The same address, another chip behind it: a state directory carried elsewhere.
    tests::SoftwareTpm other;
    chip.kill();
    const std::string socket = chip.tcti().substr(std::string("swtpm:path=").size());
    const std::string others = other.tcti().substr(std::string("swtpm:path=").size());
    for (const char* suffix : {"", ".ctrl"}) {
        (void)::unlink((socket + suffix).c_str());
        REQUIRE(::symlink((others + suffix).c_str(), (socket + suffix).c_str()) == 0);
    }
    process.start();
    const auto host = run_async(process.io, process.keys.host());
    REQUIRE_FALSE(host);
    CHECK(host.error().code() == Code::denied);
    CHECK(process.status() == exit_try_later);
}
