// Which token an agent's file means, as the keys worker judges it.
#include "tests/support/catch.h"
#include "tests/support/keys_worker_bench.h"

using namespace holdfast;
using namespace holdfast::daemon;
using tests::KeysWorkerBench;

TEST_CASE("keys worker: which token an agent's file means is judged where the token is",
          "[daemon][workers]") {
    KeysWorkerBench fixture;
    REQUIRE(fixture.worker.prepare());
    const Bytes uri = encode_name("pkcs11:token=agents");
    for (const Bytes& any : {uri, encode_name("")}) {
        const auto in_tpm = fixture.ask(Operation::check_token, any);
        REQUIRE_FALSE(in_tpm);
        CHECK(in_tpm.error().code() == Code::invalid);
    }

    std::string asked;
    const auto judge = [&](std::string_view text) {
        asked = text;
        return asked == "pkcs11:token=agents" ? done() : Done(Error(Code::conflict, "another"));
    };
    KeysWorker of_token({.store = fixture.store,
                         .quoter = fixture.quoter,
                         .registrar = fixture.registrar,
                         .anchor = fixture.anchor,
                         .trust_domain = "test.example",
                         .ca_certificate_file = fixture.folder.file("ca.crt"),
                         .now = [&] { return fixture.now; },
                         .backend = Backend::pkcs11,
                         .has_tpm = true,
                         .live_keys = fixture.live_keys,
                         .keeps_host_keys = false,
                         .token = "",
                         .check_token = judge});
    Message request;
    request.operation = Operation::check_token;
    request.payload = uri;
    const auto meant = of_token.handle(request);
    REQUIRE(meant);
    CHECK(meant->body.empty());
    CHECK(asked == "pkcs11:token=agents");
    request.payload = encode_name("pkcs11:token=b");
    CHECK_FALSE(of_token.handle(request));
    request.payload.push_back(0);
    asked.clear();
    CHECK_FALSE(of_token.handle(request));
    CHECK(asked.empty());
}
