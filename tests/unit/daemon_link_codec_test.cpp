#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "daemon/link/codec.h"
#include "tests/support/catch.h"
#include "tests/support/key_samples.h"
#include "tests/support/link_samples.h"

using holdfast::Bytes;
using holdfast::ByteView;
using holdfast::Code;
using holdfast::Descriptor;
using holdfast::Error;
using holdfast::Result;
using holdfast::Retry;
using namespace holdfast::daemon;
using holdfast::test::a_file;
using holdfast::test::a_request;
using holdfast::tests::a_key;
using holdfast::tests::same;

namespace {

HostIdentity a_host() {
    return {holdfast::Custody::tpm_virtual,
            "IBM ",
            "agents 0123",
            {holdfast::KeyAlgorithm::es256, holdfast::KeyAlgorithm::rs256_3072},
            {Bytes(1000, 1), Bytes(900, 2)},
            Bytes(314, 3),
            Bytes(90, 4),
            a_key(),
            a_key(),
            Bytes(500, 5),
            {.state = holdfast::RegisterState::broken,
             .events = 3,
             .bytes = 900,
             .nv_index = 0x018010FF,
             .anchor_pcr = 13,
             .reason = "edited"}};
}

holdfast::TpmEvidence an_evidence() {
    holdfast::TpmEvidence evidence;
    evidence.ek_certificates = {Bytes(1000, 1)};
    evidence.ek_public = Bytes(314, 2);
    evidence.ak_public = Bytes(90, 3);
    evidence.pcrs[0] = holdfast::Sha256{1};
    evidence.pcrs[7] = holdfast::Sha256{2};
    evidence.quote = {Bytes(145, 4), Bytes(72, 5)};
    evidence.key = a_key();
    evidence.key_certified = {Bytes(150, 6), Bytes(72, 7)};
    evidence.agent_fuse_certified = {};
    evidence.host_fuse_certified = {Bytes(160, 8), Bytes(72, 9)};
    return evidence;
}

// No prefix of a payload and no payload with a byte more may be read as one.
template <class Decode>
void check_strict(const Bytes& payload, Decode decode) {
    REQUIRE(decode(ByteView(payload)));
    for (std::size_t size = 0; size < payload.size(); ++size) {
        INFO(size);
        REQUIRE_FALSE(decode(ByteView(payload).first(size)));
    }
    Bytes longer = payload;
    longer.push_back(0);
    REQUIRE_FALSE(decode(ByteView(longer)));
}

}  // namespace

TEST_CASE("codec: a key comes back as it was", "[daemon][link][codec]") {
    const auto payload = encode(a_key());
    CHECK(same(*decode_key(payload), a_key()));
    check_strict(payload, [](ByteView view) { return decode_key(view).has_value(); });
}

TEST_CASE("codec: the host's identity comes back as it was", "[daemon][link][codec]") {
    const auto payload = encode(a_host());
    const auto host = decode_host(payload);
    REQUIRE(host);
    CHECK(host->custody == holdfast::Custody::tpm_virtual);
    CHECK(host->manufacturer == "IBM ");
    CHECK(host->ek_certificates == a_host().ek_certificates);
    CHECK(host->ek_public == a_host().ek_public);
    CHECK(host->ak_public == a_host().ak_public);
    CHECK(same(host->ca, a_key()));
    CHECK(same(host->ledger, a_key()));
    CHECK(host->ca_certificate == a_host().ca_certificate);
    CHECK(host->event_register == a_host().event_register);
    check_strict(payload, [](ByteView view) { return decode_host(view).has_value(); });
}

TEST_CASE("codec: evidence comes back as it was", "[daemon][link][codec]") {
    const auto payload = encode(an_evidence());
    const auto evidence = decode_evidence(payload);
    REQUIRE(evidence);
    CHECK(evidence->pcrs == an_evidence().pcrs);
    CHECK(evidence->quote.attest == an_evidence().quote.attest);
    CHECK(evidence->quote.signature == an_evidence().quote.signature);
    CHECK(evidence->agent_fuse_certified.attest.empty());
    CHECK(evidence->host_fuse_certified.attest == an_evidence().host_fuse_certified.attest);
    CHECK(evidence->key_certified.signature == an_evidence().key_certified.signature);
    CHECK(same(evidence->key, a_key()));
    CHECK_FALSE(evidence->event_register);
    check_strict(payload, [](ByteView view) { return decode_evidence(view).has_value(); });
}

TEST_CASE("codec: the register's part of evidence comes back as it was", "[daemon][link][codec]") {
    auto evidence = an_evidence();
    evidence.event_register = holdfast::RegisterEvidence{.nv_public = Bytes(14, 1),
                                                         .certified = {Bytes(9, 2), Bytes(8, 3)},
                                                         .log = "a\nb\n",
                                                         .anchor_pcr = 13};
    const auto payload = encode(evidence);
    const auto back = decode_evidence(payload);
    REQUIRE(back);
    REQUIRE(back->event_register);
    CHECK(back->event_register->nv_public == Bytes(14, 1));
    CHECK(back->event_register->certified.attest == Bytes(9, 2));
    CHECK(back->event_register->certified.signature == Bytes(8, 3));
    CHECK(back->event_register->log == "a\nb\n");
    CHECK(back->event_register->anchor_pcr == 13);
    check_strict(payload, [](ByteView view) { return decode_evidence(view).has_value(); });
}

TEST_CASE("codec: the register's position and status come back, and are read strictly",
          "[daemon][link][codec]") {
    const auto position = encode(holdfast::RegisterPosition{7});
    CHECK(decode_position(position)->events == 7);
    check_strict(position, [](ByteView view) { return decode_position(view).has_value(); });
    const auto status = a_host().event_register;
    CHECK(*decode_register(encode(status)) == status);
    check_strict(encode(status), [](ByteView view) { return decode_register(view).has_value(); });
    auto odd = status;
    odd.state = static_cast<holdfast::RegisterState>(3);
    CHECK_FALSE(decode_register(encode(odd)));
    odd = status;
    odd.reason.assign(max_error_text, 'x');
    CHECK(decode_register(encode(odd)));
    odd.reason += 'x';
    CHECK_FALSE(decode_register(encode(odd)));
}

TEST_CASE("codec: evidence has its PCRs in ascending order, none twice", "[daemon][link][codec]") {
    const auto payload = encode(an_evidence());
    const Bytes two_pcrs = {0, 0, 0, 2, 0, 0, 0, 0, 32};  // how many, then PCR 0
    const auto found =
        std::search(payload.begin(), payload.end(), two_pcrs.begin(), two_pcrs.end());
    REQUIRE(found != payload.end());
    const auto first = found - payload.begin() + 4;
    const auto with_first = [&](std::uint8_t index) {
        Bytes changed = payload;
        changed[static_cast<std::size_t>(first)] = index;
        return decode_evidence(changed).has_value();
    };
    CHECK(with_first(6));
    CHECK_FALSE(with_first(7));
    CHECK_FALSE(with_first(8));
}

TEST_CASE("codec: values outside an enumeration are refused", "[daemon][link][codec]") {
    const auto is_read = [](auto member, auto value) {
        auto key = a_key();
        member(key) = static_cast<std::decay_t<decltype(member(key))>>(value);
        return decode_key(encode(key)).has_value();
    };
    using holdfast::KeyDescription;
    const auto bounded = [&](auto member, int first, int last) {
        CHECK_FALSE(is_read(member, first - 1));
        CHECK(is_read(member, first));
        CHECK(is_read(member, last));
        CHECK_FALSE(is_read(member, last + 1));
    };
    bounded([](KeyDescription& key) -> auto& { return key.purpose; }, 1, 4);
    bounded([](KeyDescription& key) -> auto& { return key.backend; }, 1, 2);
    bounded([](KeyDescription& key) -> auto& { return key.algorithm; }, 1, 7);
    bounded([](KeyDescription& key) -> auto& { return key.custody; }, 1, 6);
    CHECK(is_read([](KeyDescription& key) -> auto& { return key.host_fuse.kind; }, 4));
    CHECK_FALSE(is_read([](KeyDescription& key) -> auto& { return key.host_fuse.kind; }, 5));
    auto host = a_host();
    host.custody = static_cast<holdfast::Custody>(0);
    CHECK_FALSE(decode_host(encode(host)));
    host.custody = static_cast<holdfast::Custody>(7);
    CHECK_FALSE(decode_host(encode(host)));
    CHECK_FALSE(decode_worker(encode(WorkerId{static_cast<WorkerKind>(5), 1})));
}

TEST_CASE("codec: requests come back, and are read strictly", "[daemon][link][codec]") {
    const auto sign = encode(SignRequest{"ca", Bytes{1, 2, 3}});
    CHECK(decode_sign(sign)->key_id == "ca");
    CHECK(decode_sign(sign)->preimage == Bytes{1, 2, 3});
    check_strict(sign, [](ByteView view) { return decode_sign(view).has_value(); });

    const auto attest = encode(AttestRequest{"agent-x-1", holdfast::Sha256{9}});
    CHECK(decode_attest(attest)->challenge == holdfast::Sha256{9});
    check_strict(attest, [](ByteView view) { return decode_attest(view).has_value(); });

    const auto activate = encode(ActivateRequest{Bytes{1}, Bytes{2, 3}});
    CHECK(decode_activate(activate)->secret == Bytes{2, 3});
    check_strict(activate, [](ByteView view) { return decode_activate(view).has_value(); });

    const auto measure = encode(MeasureRequest{4711, 1000});
    CHECK(decode_measure(measure)->pid == 4711);
    CHECK(decode_measure(measure)->uid == 1000);
    check_strict(measure, [](ByteView view) { return decode_measure(view).has_value(); });
    CHECK_FALSE(decode_measure(encode(MeasureRequest{0, 1000})));
    CHECK_FALSE(decode_measure(encode(MeasureRequest{-1, 1000})));

    const auto worker = encode(WorkerId{WorkerKind::measurer, 3});
    CHECK(decode_worker(worker)->generation == 3);
    check_strict(worker, [](ByteView view) { return decode_worker(view).has_value(); });

    const auto name = encode_name("deploy-bot");
    CHECK(*decode_name(name) == "deploy-bot");
    check_strict(name, [](ByteView view) { return decode_name(view).has_value(); });
}

TEST_CASE("codec: an error crosses the link with code, retry, text and reason",
          "[daemon][link][codec]") {
    const auto message = encode_reply(
        a_request(),
        Error(Code::denied, "the chip said no", Retry::reattest).because("fuse_blown"));
    CHECK(message.id == 77);
    CHECK(message.operation == Operation::list);
    check_strict(message.payload, [](ByteView view) {
        Message part;
        part.payload = holdfast::bytes_of(view);
        return decode_reply(std::move(part)).has_value();
    });
    Message copy;
    copy.payload = message.payload;
    const auto answer = decode_reply(std::move(copy));
    REQUIRE(answer);
    REQUIRE_FALSE(*answer);
    CHECK(answer->error().code() == Code::denied);
    CHECK(answer->error().retry() == Retry::reattest);
    CHECK(answer->error().text() == "the chip said no");
    CHECK(answer->error().reason() == "fuse_blown");
}

TEST_CASE("codec: a process view crosses with its descriptors in order", "[daemon][link][codec]") {
    holdfast::attest::ProcessView view;
    view.measurement.executable = {"/usr/bin/agent", holdfast::Sha256{1}};
    view.measurement.mappings = {{"/lib/libc.so.6", holdfast::Sha256{2}}};
    view.measurement.digest = holdfast::Sha256{3};
    view.maps = Descriptor(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
    holdfast::attest::FileMark mark{1, 2, 3, -4, 5, 0100755, 1000};
    view.files.push_back({a_file(), mark});
    mark.inode = 99;
    view.files.push_back({Descriptor(::open("/dev/zero", O_RDONLY | O_CLOEXEC)), mark});
    // Without these the front takes every process for a changed one.
    view.mapped = {{7, 11}, {7, 13}};

    struct stat zero_before{};
    struct stat zero_after{};
    REQUIRE(::fstat(view.files[1].descriptor.get(), &zero_before) == 0);
    auto reply = encode(std::move(view));
    CHECK(reply.descriptors.size() == 3);
    const Bytes body = reply.body;
    const auto got = decode_view(std::move(reply));
    REQUIRE(got);
    CHECK(got->measurement.executable.path == "/usr/bin/agent");
    CHECK(got->measurement.mappings.size() == 1);
    CHECK(got->measurement.digest == holdfast::Sha256{3});
    REQUIRE(got->files.size() == 2);
    CHECK(got->files[0].mark.modified_ns == -4);
    CHECK(got->files[1].mark == mark);
    CHECK(got->mapped == std::vector<holdfast::attest::MappedName>{{7, 11}, {7, 13}});
    REQUIRE(::fstat(got->files[1].descriptor.get(), &zero_after) == 0);
    CHECK(zero_before.st_rdev == zero_after.st_rdev);

    check_strict(body, [](ByteView bytes) {
        Reply part;
        part.body = holdfast::bytes_of(bytes);
        for (int i = 0; i < 3; ++i)
            part.descriptors.push_back(a_file());
        return decode_view(std::move(part)).has_value();
    });
    Reply short_of_one;
    short_of_one.body = body;
    short_of_one.descriptors.push_back(a_file());
    short_of_one.descriptors.push_back(a_file());
    CHECK_FALSE(decode_view(std::move(short_of_one)));
}
