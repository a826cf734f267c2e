#include "core/encode/pem.h"
#include "hsm/tpm/endorsement_key.h"
#include "hsm/tpm/key_blob.h"
#include "hsm/tpm/key_policy.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::hsm;

namespace {

constexpr std::uint32_t parent = 0x81000001;

KeyAreas areas_of(std::size_t public_size, std::size_t private_size) {
    return {.public_area = Bytes(public_size, 0x11), .private_area = Bytes(private_size, 0x22)};
}

std::string pem_of(const Bytes& der) {
    return encode::to_pem("TSS2 PRIVATE KEY", der);
}

}  // namespace

TEST_CASE("key blob: what is written reads back, at every length form", "[hsm][tpm]") {
    for (const std::size_t size : {1U, 127U, 128U, 255U, 256U, 1000U}) {
        const KeyAreas areas = areas_of(size, size + 1);
        const auto read = from_key_blob(to_key_blob(parent, areas), parent);
        REQUIRE(read);
        CHECK(read->public_area == areas.public_area);
        CHECK(read->private_area == areas.private_area);
    }
}

TEST_CASE("key blob: the bytes are the ones other tools know", "[hsm][tpm]") {
    const auto blocks = encode::from_pem(to_key_blob(parent, areas_of(1, 1)), "TSS2 PRIVATE KEY");
    REQUIRE(blocks);
    CHECK(blocks->front() == Bytes{0x30, 0x1A, 0x06, 0x06, 0x67, 0x81, 0x05, 0x0A, 0x01, 0x03,
                                   0xA0, 0x03, 0x01, 0x01, 0xFF, 0x02, 0x05, 0x00, 0x81, 0x00,
                                   0x00, 0x01, 0x04, 0x01, 0x11, 0x04, 0x01, 0x22});
}

TEST_CASE("key blob: another parent is denied", "[hsm][tpm]") {
    const auto read = from_key_blob(to_key_blob(0x81000002, areas_of(9, 9)), parent);
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == Code::denied);
}

TEST_CASE("key blob: every cut, and anything after the end, is refused", "[hsm][tpm]") {
    const Bytes whole =
        encode::from_pem(to_key_blob(parent, areas_of(90, 200)), "TSS2 PRIVATE KEY")->front();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        CHECK_FALSE(from_key_blob(pem_of(cut), parent));
    }
    Bytes longer = whole;
    longer.push_back(0);
    CHECK_FALSE(from_key_blob(pem_of(longer), parent));
    CHECK_FALSE(from_key_blob(pem_of(whole) + pem_of(whole), parent));
}

TEST_CASE("key record: what is written reads back", "[hsm][tpm]") {
    KeyRecord record;
    record.id = "agent-bot-7";
    record.agent = "bot";
    record.stage = Stage::ready;
    record.agent_fuse = {.kind = FuseKind::bank,
                         .nv_index = 0x01800101,
                         .value = 0x8000000000000000U,  // more than a JSON integer holds
                         .nv_public = Bytes(46, 7)};
    record.agent_fuse_auth = SecretBytes(Bytes(32, 9));
    record.host_fuse = {
        .kind = FuseKind::host, .nv_index = 0x01800100, .value = 3, .nv_public = Bytes(14, 8)};
    record.parent_name = Bytes(34, 1);
    const auto read = key_record_from(record.id, to_text(record));
    REQUIRE(read);
    CHECK(read->agent == "bot");
    CHECK(read->stage == Stage::ready);
    CHECK(read->agent_fuse.kind == FuseKind::bank);
    CHECK(read->agent_fuse.value == record.agent_fuse.value);
    CHECK(read->agent_fuse.nv_public == record.agent_fuse.nv_public);
    CHECK(bytes_of(read->agent_fuse_auth.view()) == Bytes(32, 9));
    CHECK(read->host_fuse.value == 3);
    CHECK(read->parent_name == record.parent_name);
}

TEST_CASE("key record: a damaged one is refused, not guessed at", "[hsm][tpm]") {
    KeyRecord record;
    const std::string text = to_text(record);
    CHECK(key_record_from("ca", text));
    for (std::size_t size = 0; size < text.size(); ++size)
        CHECK_FALSE(key_record_from("ca", text.substr(0, size)));
    std::string other = text;
    other.replace(other.find("making"), 6, "nonsen");
    CHECK_FALSE(key_record_from("ca", other));
}

TEST_CASE("index record: what is written reads back", "[hsm][tpm]") {
    IndexRecord record;
    record.stage = Stage::ready;
    record.index = 0x01800100;
    record.auth = SecretBytes(Bytes(32, 5));
    record.policy = Bytes(32, 6);
    record.nv_public = Bytes(46, 7);
    record.taken = 64;
    const auto read = index_record_from("bank-0.json", to_text(record));
    REQUIRE(read);
    CHECK(read->index == record.index);
    CHECK(read->policy == record.policy);
    CHECK(read->taken == 64);
    record.taken = 65;
    CHECK_FALSE(index_record_from("bank-0.json", to_text(record)));
}

TEST_CASE("EK certificates: NV padding is cut and a chain is split", "[hsm][tpm]") {
    Bytes certificate(304, 0xAB);
    certificate[0] = 0x30;
    certificate[1] = 0x82;
    certificate[2] = 0x01;
    certificate[3] = 0x2C;
    Bytes nv = certificate;
    nv.insert(nv.end(), certificate.begin(), certificate.end());
    nv.resize(nv.size() + 50);
    const auto found = split_certificates(nv);
    REQUIRE(found.size() == 2);
    CHECK(found[0] == certificate);
    CHECK(found[1] == certificate);
    CHECK(split_certificates(ByteView(nv).first(303)).empty());
    CHECK(split_certificates(Bytes(100, 0xFF)).empty());
}
