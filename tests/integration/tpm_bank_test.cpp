// When the chip's NV memory is really full: a bit of the bank, then the host fuse alone.
#include <chrono>
#include <initializer_list>
#include <string>

#include "hsm/tpm/connection.h"
#include "hsm/tpm/nv.h"
#include "hsm/tpm/templates.h"
#include "tests/support/catch.h"
#include "tests/support/tpm_host.h"

using namespace holdfast;
using tests::TpmHost;

namespace {

const std::string message = "what is signed";

// Indices of others until the chip itself says TPM_RC_NV_SPACE: large ones first, then counters.
void fill_nv(TpmHost& host) {
    auto tpm = hsm::Connection::open(host.options());
    if (!tpm) FAIL(tpm.error().text());
    tpm->allow(std::chrono::seconds(60));
    TPM2_HANDLE index = 0x01000000;
    for (const std::uint16_t size : std::initializer_list<std::uint16_t>{1024, 64, 8}) {
        TPMS_NV_PUBLIC wanted = hsm::counter_public(index);
        if (size != 8) wanted.attributes &= ~TPMA_NV_TPM2_NT_MASK;
        wanted.dataSize = size;
        auto made = done();
        for (; made; ++index) {
            wanted.nvIndex = index;
            made = hsm::nv_define(*tpm, wanted, {});
        }
        REQUIRE(made.error().reason() == "tpm_nv_full");
    }
}

}  // namespace

TEST_CASE("fuse: when NV is full a key gets a bit of the bank, then the host fuse alone",
          "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    host.close();
    fill_nv(host);
    OPENED(host);
    const auto first = host.create_agent("first");
    CHECK(first.agent_fuse.kind == FuseKind::bank);
    CHECK(first.agent_fuse.value == 1);
    const auto second = host.create_agent("second");
    CHECK(second.agent_fuse.value == 2);
    CHECK(host.keys().sign(first.id, view_of(message)));
    REQUIRE(host.keys().blow_fuse(first.id));
    CHECK(host.keys().sign(first.id, view_of(message)).error().reason() == "fuse_blown");
    CHECK(host.keys().sign(second.id, view_of(message)));
    REQUIRE(host.keys().destroy(first.id));
    CHECK(host.create_agent("third").agent_fuse.value == 4);  // a bit is never used again

    for (int used = 3; used < 64; ++used)
        host.create_agent("more");
    const auto last = host.create_agent("last");
    CHECK(last.agent_fuse.kind == FuseKind::host);
    CHECK(last.agent_fuse.nv_public.empty());
    CHECK(host.keys().sign(last.id, view_of(message)));
    // Honest about it: refused by us from now on, but only the host fuse ends it in hardware.
    const auto blown = host.keys().blow_fuse(last.id);
    REQUIRE_FALSE(blown);
    CHECK(blown.error().reason() == "fuse_host_only");
    CHECK(host.keys().sign(last.id, view_of(message)).error().reason() == "fuse_blown");
    REQUIRE(host.keys().blow_host_fuse());
    CHECK(host.keys().sign(second.id, view_of(message)).error().reason() == "fuse_blown");
}

TEST_CASE("fuse: a bank's bits that a restored disk forgot are not given out again",
          "[integration][tpm][fuse]") {
    NEEDS_SWTPM();
    TpmHost host;
    OPENED(host);
    host.close();
    fill_nv(host);
    const std::string backup = host.state.file("backup");
    tests::copy_directory(host.keys_dir(), backup);
    OPENED(host);
    const auto key = host.create_agent("first");
    REQUIRE(key.agent_fuse.kind == FuseKind::bank);
    REQUIRE(host.keys().blow_fuse(key.id));
    host.close();
    tests::copy_directory(backup, host.keys_dir());
    OPENED(host);
    const auto later = host.create_agent("second");
    CHECK(later.agent_fuse.value == 2);
    CHECK(host.keys().sign(later.id, view_of(message)));
}
