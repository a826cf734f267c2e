// What a key in a token says of itself: one thing is bent per row, and exactly one rule must
// notice.
#include "tests/support/token_evidence.h"

using namespace holdfast;
using namespace holdfast::tests;

TEST_CASE("possession: a TPM's statements that were taken away are missed by the key",
          "[attest][verify]") {
    Bends bends = in_token(Kind::mixed);
    bends.no_register = true;
    bends.assurance = "observed";
    bends.evidence = [](Evidence& e) {
        e.tpm.reset();
        e.boot_not_proven = true;
    };
    const SoftwareAttester host(bends);
    for (const Profile profile : {Profile::evaluation, Profile::production}) {
        Expectations expected = taking_words(host, Kind::without_tpm);
        expected.profile = profile;
        const auto appraisal = verify_evidence(host.packed(), expected);
        CHECK(failed(*appraisal) == Rules{"possession.host"});
        CHECK_FALSE(appraisal->accepted());
    }
}

TEST_CASE("possession: with the register taken away too, it is missed twice", "[attest][verify]") {
    Bends bends = in_token(Kind::mixed);
    bends.evidence = [](Evidence& e) {
        e.tpm.reset();
        e.boot_not_proven = true;
    };
    const SoftwareAttester host(bends);
    CHECK(failed(*verify_evidence(host.packed(), taking_words(host, Kind::without_tpm))) ==
          Rules{"possession.host", "register.format"});
}

TEST_CASE("possession: another host's quote beside it fails, also one under the same challenge",
          "[attest][verify]") {
    Bends plain = in_token(Kind::mixed);
    plain.no_register = true;
    plain.assurance = "observed";
    const SoftwareAttester healthy(plain);
    const SoftwareAttester* asking = nullptr;  // null: the quote it gave for itself
    Bends bends = plain;
    bends.evidence = [&](Evidence& e) {
        e.tpm = asking == nullptr ? healthy.evidence().tpm
                                  : healthy.tpm_statements(asking->challenge(e));
    };
    const SoftwareAttester sick(bends);
    Expectations expected = taking_words(sick, Kind::mixed);
    expected.ek_roots = healthy.expectations(Profile::production).ek_roots;
    expected.enrolment = healthy.expectations(Profile::production).enrolment;
    expected.manifests.reset();
    CHECK(failed(*verify_evidence(sick.packed(), expected)) ==
          Rules{"quote.challenge", "possession.host"});
    asking = &sick;
    const auto appraisal = verify_evidence(sick.packed(), expected);
    CHECK(failed(*appraisal) == Rules{"possession.host"});
    CHECK(required_but_not_run(*appraisal).empty());
}

TEST_CASE("possession: a host without a TPM is not believed to have one, nor the other way round",
          "[attest][verify]") {
    Bends bends = in_token(Kind::without_tpm);
    bends.possession = [](encode::Possession& said) { said.ak = Sha256{}; };
    CHECK(failed(appraise_taking_words(bends)) == Rules{"possession.host"});
    bends = in_token(Kind::mixed);
    bends.possession = [](encode::Possession& said) { said.ak.reset(); };
    CHECK(failed(appraise_taking_words(bends)) == Rules{"possession.host"});
}

TEST_CASE("possession: of another challenge, verifier or agent is noticed", "[attest][verify]") {
    fails("challenge", {"possession.challenge"}, [](Bends& bends) {
        bends.possession = [](encode::Possession& said) { said.challenge[31] ^= 1; };
    });
    fails("verifier", {"possession.challenge"}, [](Bends& bends) {
        bends.possession = [](encode::Possession& said) { said.verifier += "x"; };
    });
    fails("agent", {"possession.agent"}, [](Bends& bends) {
        bends.possession = [](encode::Possession& said) {
            said.agent = "spiffe://h1.example.org/agent/other";
        };
    });
}

TEST_CASE("possession: a key described with another custody than it states is noticed",
          "[attest][verify]") {
    fails("description", {"possession.custody"}, [](Bends& bends) {
        bends.evidence = [](Evidence& e) { e.possession->key.custody = Custody::software_hsm; };
    });
    // What the front says of a software token's key, in description and credential.
    fails("both but the key", {"possession.custody", "custody.claim"}, [](Bends& bends) {
        bends.possession = [](encode::Possession& said) { said.custody = Custody::software_hsm; };
    });
    fails("the credential alone", {"custody.claim"}, [](Bends& bends) {
        bends.description = [](KeyDescription& key) { key.custody = Custody::software_hsm; };
    });
}

TEST_CASE("possession: a custody that nobody signed is compared with nothing", "[attest][verify]") {
    Bends bends = in_token(Kind::without_tpm);
    bends.evidence = [](Evidence& e) {
        char& letter = e.possession->jws[e.possession->jws.rfind('.') + 1];
        letter = letter == 'A' ? 'B' : 'A';
    };
    const Appraisal appraisal = appraise_taking_words(bends);
    CHECK(failed(appraisal) == Rules{"possession.signature"});
    CHECK(not_run(appraisal).contains("custody.claim"));
}

TEST_CASE("possession: nonce, verifier, credential and ledger head are bound by its challenge",
          "[attest][verify]") {
    const auto bent = [](auto bend) {
        Bends bends = in_token(Kind::without_tpm);
        bends.evidence = bend;
        return failed(appraise_taking_words(bends));
    };
    const Rules one = {"possession.challenge"};
    CHECK(bent([](Evidence& e) { ++e.ledger_head.size; }) == one);
    CHECK(bent([](Evidence& e) { e.ledger_head.root[0] ^= 1; }) == one);
    CHECK(bent([](Evidence& e) { e.nonce[0] ^= 1; }) == with(one, "evidence.nonce"));
    CHECK(bent([](Evidence& e) { e.verifier = "elsewhere"; }) == with(one, "evidence.verifier"));
    CHECK(bent([](Evidence& e) { e.register_events = 1; }) == with(one, "register.format"));
}

TEST_CASE("possession: a header of another statement, key or credential is noticed",
          "[attest][verify]") {
    fails("an action's typ", {"possession.format"}, [](Bends& bends) {
        bends.possession_header = [](encode::JwsHeader& header) {
            header.typ = encode::action_typ;
        };
    });
    fails("kid", {"possession.format"}, [](Bends& bends) {
        bends.possession_header = [](encode::JwsHeader& header) { header.kid[0] ^= 1; };
    });
    fails("no x5c", {"possession.format"}, [](Bends& bends) {
        bends.possession_header = [](encode::JwsHeader& header) { header.x5c.clear(); };
    });
    fails("x5c cut", {"possession.format"}, [](Bends& bends) {
        bends.possession_header = [](encode::JwsHeader& header) { header.x5c.pop_back(); };
    });
    fails("no JWS", {"possession.format"},
          [](Bends& bends) { bends.evidence = [](Evidence& e) { e.possession->jws += "."; }; });
}

TEST_CASE("possession: a signature that is not the key's is noticed", "[attest][verify]") {
    fails("bent", {"possession.signature"}, [](Bends& bends) {
        bends.evidence = [](Evidence& e) {
            std::string& jws = e.possession->jws;
            char& letter = jws[jws.rfind('.') + 1];
            letter = letter == 'A' ? 'B' : 'A';
        };
    });
    // With somebody else's credential beside it.
    const SoftwareAttester owner(in_token(Kind::without_tpm));
    Bends bends = in_token(Kind::without_tpm);
    const auto stolen = owner.credential();
    bends.evidence = [&](Evidence& e) { e.credential = stolen; };
    const SoftwareAttester host(bends);
    Expectations expected = taking_words(host, Kind::without_tpm);
    expected.ca_roots = {owner.ca_certificate()};
    const auto appraisal = verify_evidence(host.packed(), expected);
    CHECK(failed(*appraisal) == Rules{"key.credential", "possession.format"});
}

TEST_CASE("possession: an action is none, and it is no action", "[attest][verify]") {
    Bends bends = in_token(Kind::without_tpm);
    std::string action;
    bends.evidence = [&](Evidence& e) {
        if (!action.empty()) e.possession->jws = action;
    };
    const SoftwareAttester host(bends);
    action = host.action(host.statement());
    const Expectations expected = taking_words(host, Kind::without_tpm);
    CHECK(failed(*verify_evidence(host.packed(), expected)) == Rules{"possession.format"});
    action.clear();
    const auto said = attest::verify_action(host.evidence().possession->jws, expected);
    CHECK(failed(*said) == Rules{"action.typ", "action.statement"});
    CHECK_FALSE(said->accepted());
    CHECK(attest::verify_action(host.action(host.statement()), expected)->accepted());
}

TEST_CASE("possession: a key that a TPM certifies cannot be shown as one in a token",
          "[attest][verify]") {
    // Its fuse is blown, say: its holder describes it as a token's, whose end nothing shows.
    Bends bends = in_token(Kind::mixed);
    bends.claimed_custody = "tpm";
    bends.claimed_fuse = "counter";
    const Appraisal appraisal = appraise_taking_words(bends);
    CHECK(failed(appraisal) == Rules{"key.credential", "custody.claim"});
}

TEST_CASE("possession: holds for every algorithm, and the header's must be the key's",
          "[attest][verify]") {
    const auto algorithm = GENERATE(KeyAlgorithm::es256, KeyAlgorithm::es384, KeyAlgorithm::ed25519,
                                    KeyAlgorithm::ps256_2048, KeyAlgorithm::rs256_2048);
    INFO(to_string(algorithm));
    for (const Kind kind : {Kind::mixed, Kind::without_tpm}) {
        Bends bends = in_token(kind);
        bends.algorithm = algorithm;
        CHECK(appraise_taking_words(bends).accepted());
        bends.possession_header = [=](encode::JwsHeader& header) {
            header.alg = algorithm == KeyAlgorithm::rs256_2048 ? "PS256" : "RS256";
        };
        CHECK(failed(appraise_taking_words(bends)) == Rules{"possession.format"});
    }
}

TEST_CASE("possession: a key described with another algorithm than its own is noticed",
          "[attest][verify]") {
    Bends bends = in_token(Kind::without_tpm);
    bends.algorithm = KeyAlgorithm::rs256_2048;
    bends.possession_header = [](encode::JwsHeader& header) { header.alg = "PS256"; };
    bends.evidence = [](Evidence& e) { e.possession->key.algorithm = KeyAlgorithm::ps256_2048; };
    CHECK(failed(appraise_taking_words(bends)) == Rules{"possession.signature"});
}
