// Writes the seeds of the fuzz corpora that no hand can type: make-fuzz-seeds CORPUS. Only where
// keys are made (evidence, actions, certificates) do its files differ from run to run.
#include <iostream>

#include "attest/evidence/pack.h"
#include "core/crypto/svid.h"
#include "core/encode/json.h"
#include "core/encode/jws.h"
#include "core/encode/statement.h"
#include "daemon/link/codec.h"
#include "ledger/bundle.h"
#include "ledger/checkpoint.h"
#include "ledger/record.h"
#include "tests/fuzz/ca_family.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/key_file_seeds.h"
#include "tests/fuzz/manifest_seeds.h"
#include "tests/fuzz/signed_samples.h"
#include "tests/support/software_attester.h"

using namespace holdfast;
using daemon::Operation;
using fuzz::Corpus;

namespace {

Bytes joined(std::initializer_list<ByteView> parts) {
    Bytes all;
    for (const ByteView part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

// ── links ───────────────────────────────────────────────────────────────────────────────────────

enum class Last : std::uint8_t { device = 0, sealed = 1, unsealed = 2 };

// As tests/fuzz/link.h takes it apart.
Bytes datagram(Operation operation, ByteView payload, std::uint8_t descriptors = 0,
               Last last = Last::device, ByteView memory = {}) {
    daemon::PayloadWriter header;
    header.u32(static_cast<std::uint32_t>(operation) << 16U | descriptors).u64(7).u64(0);
    const Bytes bytes = joined({header.take(), payload});
    const Bytes front = {descriptors, static_cast<std::uint8_t>(last),
                         static_cast<std::uint8_t>(bytes.size() >> 8U),
                         static_cast<std::uint8_t>(bytes.size())};
    return joined({front, bytes, memory});
}

Bytes reply(Operation operation, Result<daemon::Reply> outcome, std::uint8_t descriptors = 0) {
    daemon::Message request;
    request.operation = operation;
    return datagram(operation, daemon::encode_reply(request, std::move(outcome)).payload,
                    descriptors);
}

Bytes reply(Operation operation, Bytes body) {
    return reply(operation, daemon::Reply{std::move(body), {}});
}

attest::ProcessView a_view() {
    attest::ProcessView view;
    view.measurement.executable = {"/usr/bin/agent", Sha256{1}};
    view.measurement.mappings = {{"/lib/libc.so.6", Sha256{2}}};
    view.files.push_back({Descriptor(), {}});
    view.mapped = {{1, 2}};
    return view;
}

RegisterStatus a_status() {
    return {.state = RegisterState::ready,
            .events = 3,
            .bytes = 900,
            .nv_index = 0x018010FF,
            .anchor_pcr = 13,
            .reason = ""};
}

void link_replies(const Corpus& corpus, const Evidence& evidence) {
    const TpmEvidence& tpm = *evidence.tpm;
    corpus.add("host", reply(Operation::host,
                             daemon::encode(daemon::HostIdentity{
                                 .custody = Custody::tpm,
                                 .manufacturer = "IBM ",
                                 .token = "",
                                 .algorithms = {key_algorithms.begin(), key_algorithms.end()},
                                 .ek_certificates = tpm.ek_certificates,
                                 .ek_public = tpm.ek_public,
                                 .ak_public = tpm.ak_public,
                                 .ca = fuzz::key_of(Purpose::certificate),
                                 .ledger = fuzz::key_of(Purpose::checkpoint),
                                 .ca_certificate = Bytes(9, 1),
                                 .event_register = a_status()})));
    corpus.add("register", reply(Operation::register_log, daemon::encode(a_status())));
    corpus.add("position", reply(Operation::extend_register, daemon::encode(RegisterPosition{7})));
    corpus.add("anchor", reply(Operation::read_anchor,
                               daemon::encode(AnchorReading{AnchorState::ready, 7, ""})));
    corpus.add("key", reply(Operation::create, daemon::encode(tpm.key)));
    corpus.add("keys", reply(Operation::list, daemon::encode(std::vector{tpm.key})));
    corpus.add("evidence", reply(Operation::attest, daemon::encode(tpm)));
    corpus.add("signature", reply(Operation::sign, Bytes(64, 1)));
    corpus.add("done", reply(Operation::destroy, Bytes()));
    corpus.add("refused", reply(Operation::sign,
                                Error(Code::denied, "the chip said no").because("fuse_blown")));
    corpus.add("view",
               reply(Operation::measure, daemon::Reply{daemon::encode(a_view()).body, {}}, 2));
    const Bytes sealed = {2};
    corpus.add("sealed", datagram(Operation::list, sealed, 1, Last::sealed,
                                  daemon::encode(std::vector<KeyDescription>())));
    corpus.add("unsealed", datagram(Operation::list, sealed, 1, Last::unsealed, Bytes(4)));
    corpus.add("attach",
               datagram(Operation::attach,
                        daemon::encode(daemon::WorkerId{daemon::WorkerKind::keys, 1}), 1));
}

void link_requests(const Corpus& corpus, const std::string& action, ByteView tbs) {
    const auto sign = [](const char* key, ByteView bytes) {
        return datagram(Operation::sign, daemon::encode(daemon::SignRequest{key, bytes_of(bytes)}));
    };
    corpus.add("sign-action", sign("agent-bot-1", view_of(action)));
    corpus.add("sign-certificate", sign("ca", tbs));
    corpus.add("sign-checkpoint",
               sign("ledger", view_of(ledger::checkpoint_text("h1.example.org/ledger", {12, {}}))));
    corpus.add("create",
               datagram(Operation::create, daemon::encode(daemon::CreateRequest{
                                               "bot", Backend::tpm, KeyAlgorithm::es256, ""})));
    corpus.add("token",
               datagram(Operation::check_token, daemon::encode_name("pkcs11:token=agents")));
    corpus.add("blow", datagram(Operation::blow_fuse, daemon::encode_name("agent-bot-1")));
    corpus.add("blow-ca", datagram(Operation::blow_fuse, daemon::encode_name("ca")));
    corpus.add("blow-host", datagram(Operation::blow_host_fuse, {}));
    corpus.add("destroy", datagram(Operation::destroy, daemon::encode_name("agent-bot-1")));
    corpus.add("attest", datagram(Operation::attest,
                                  daemon::encode(daemon::AttestRequest{"agent-bot-1", Sha256{9}})));
    corpus.add("activate", datagram(Operation::activate, daemon::encode(daemon::ActivateRequest{
                                                             Bytes(4, 1), Bytes(4, 2)})));
    corpus.add("host", datagram(Operation::host, {}));
    corpus.add("event", datagram(Operation::extend_register,
                                 daemon::encode_name(R"({"agent":"bot","type":"stop"})")));
    corpus.add("register", datagram(Operation::register_log, {}));
    corpus.add("anchor", datagram(Operation::read_anchor, {}));
    corpus.add("advance", datagram(Operation::advance_anchor, daemon::encode_anchor_value(8)));
    corpus.add("flush", datagram(Operation::flush_sessions, {}));
    corpus.add("list", datagram(Operation::list, {}));
    corpus.add("measure",
               datagram(Operation::measure, daemon::encode(daemon::MeasureRequest{4711, 1000}), 1));
}

// ── what keys sign ──────────────────────────────────────────────────────────────────────────────

void families(const Corpus& corpus) {
    corpus.add("action", fuzz::signing_input());
    corpus.add("possession", fuzz::possession_input(Sha256{1}));
    corpus.add("possession-without-tpm", fuzz::possession_input(std::nullopt));
    corpus.add("certificate", fuzz::svid_tbs());
    corpus.add("ca", fuzz::ca_tbs());
    corpus.add("crl", fuzz::crl_tbs());
    corpus.add("tombstone", fuzz::tombstone_input());
    corpus.add("checkpoint", ledger::checkpoint_text("h1.example.org/ledger", {12, Sha256{7}}));
}

// ── files ───────────────────────────────────────────────────────────────────────────────────────

void ledger_files(const Corpus& corpus) {
    const auto record = *ledger::encode_record(
        {.type = "refused", .time = fuzz::now, .index = 3, .members = {{"reason", "x"}}});
    Bytes bundle;
    ledger::append_entry(bundle, record);
    ledger::append_entry(bundle, record);
    const auto text = ledger::checkpoint_text("h1.example.org/ledger", {12, Sha256{7}});
    const auto note =
        *ledger::signed_note(text, "h1.example.org/ledger", fuzz::host_spki(), Bytes(64, 1));
    const auto with = [](std::uint8_t reader, ByteView bytes) {
        return joined({Bytes{reader}, bytes});
    };
    corpus.add("record", with(0, record));
    corpus.add("bundle", with(1, bundle));
    bundle.resize(bundle.size() - 5);
    corpus.add("torn", with(1, bundle));
    corpus.add("checkpoint", with(2, view_of(text)));
    corpus.add("note", with(2, view_of(note)));
    corpus.add("path", with(3, view_of("x001/x234/067")));
}

// ── what a verifier reads ───────────────────────────────────────────────────────────────────────

void statements(const Corpus& corpus, const TpmEvidence& tpm) {
    corpus.add("quote.att", tpm.quote.attest);
    corpus.add("quote.sig", tpm.quote.signature);
    corpus.add("certify.att", tpm.key_certified.attest);
    corpus.add("nv-certify.att", tpm.agent_fuse_certified.attest);
    corpus.add("ak.public", tpm.ak_public);
    corpus.add("ek.public", tpm.ek_public);
    corpus.add("key.public", tpm.key.tpm_public);
    corpus.add("fuse.nv", tpm.key.agent_fuse.nv_public);
    corpus.add("register.nv", tpm.event_register->nv_public);
    corpus.add("register.att", tpm.event_register->certified.attest);
}

std::string packed_of(tests::Kind kind) {
    tests::Bends bends;
    bends.kind = kind;
    bends.claimed_custody = "hsm";
    return tests::SoftwareAttester(bends).packed();
}

// Edits as tests/fuzz/appraisal_fuzz.cpp reads them: place, which, how, where (2), value.
void edits(const Corpus& corpus) {
    for (std::uint8_t which = 0; which < 22; ++which)
        corpus.add("evidence-" + std::to_string(which), Bytes{0, which, 0, 0, 40, 1});
    corpus.add("statement-4", Bytes{1, 4, 0, 0, 90, 1});
    for (std::uint8_t which = 0; which < 4; ++which) {
        corpus.add("statement-" + std::to_string(which), Bytes{1, which, 0, 0, 90, 1});
        corpus.add("action-" + std::to_string(which), Bytes{2, which, 0, 0, 30, 1});
    }
    for (std::uint8_t which = 0; which < 8; ++which)
        corpus.add("token-" + std::to_string(which), Bytes{3, which, 0, 0, 60, 1});
    corpus.add("cut", Bytes{0, 6, 2, 0, 30, 0, 0, 6, 1, 0, 4, 0});
}

// One for each alg that a header may have.
void other_algorithms(const std::string& folder) {
    for (const KeyAlgorithm algorithm : {KeyAlgorithm::es384, KeyAlgorithm::ed25519,
                                         KeyAlgorithm::ps256_2048, KeyAlgorithm::rs256_3072}) {
        tests::Bends bends;
        bends.algorithm = algorithm;
        const tests::SoftwareAttester host(std::move(bends));
        const std::string name(to_string(algorithm));
        Corpus(folder, "jws").add("action-" + name, host.action(host.statement()));
        Corpus(folder, "certificate").add("leaf-" + name, host.credential().at(0));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "make-fuzz-seeds CORPUS\n";
        return EXIT_FAILURE;
    }
    const std::string folder = argv[1];
    const tests::SoftwareAttester host;
    const Evidence evidence = host.evidence();
    link_replies({folder, "link_reply"}, evidence);
    link_requests({folder, "link_request"}, fuzz::signing_input(), fuzz::svid_tbs());
    families({folder, "family"});
    ledger_files({folder, "ledger"});
    fuzz::key_files({folder, "key_files"});
    statements({folder, "structures"}, *evidence.tpm);
    Corpus(folder, "jws").add("action", host.action(host.statement()));
    other_algorithms(folder);
    Corpus(folder, "evidence").add("whole", attest::pack(evidence));
    Corpus(folder, "evidence").add("mixed", packed_of(tests::Kind::mixed));
    Corpus(folder, "evidence").add("without-tpm", packed_of(tests::Kind::without_tpm));
    Corpus(folder, "cel").add("log", evidence.tpm->event_register->log);
    Corpus(folder, "certificate").add("ek", evidence.tpm->ek_certificates.front());
    Corpus(folder, "certificate").add("leaf", evidence.credential.at(0));
    Corpus(folder, "certificate").add("ca", evidence.credential.at(1));
    edits({folder, "appraisal"});
    fuzz::manifest_seeds(folder);
    return EXIT_SUCCESS;
}
