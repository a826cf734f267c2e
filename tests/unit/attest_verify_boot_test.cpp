// Three kinds of host, and what each proves: custody and boot that are only claimed, or not at all.
#include "tests/support/token_evidence.h"

using namespace holdfast;
using namespace holdfast::tests;

TEST_CASE("possession: a key in the TPM needs none, and what the TPM says of it stays required",
          "[attest][verify]") {
    const Appraisal appraisal = appraise({});
    CHECK(not_run(appraisal) == possession_rules);
    CHECK(required_but_not_run(appraisal).empty());
    CHECK(appraisal.claims.at("boot") == "quoted");
}

TEST_CASE("possession: mixed evidence is accepted in production on the issuer's word for the HSM",
          "[attest][verify]") {
    const Appraisal appraisal = appraise_taking_words(in_token(Kind::mixed));
    CHECK(failed(appraisal).empty());
    CHECK(not_run(appraisal) == with(of_the_keys_tpm, "custody.hardware"));
    CHECK(appraisal.accepted());
    CHECK(appraisal.claims.at("boot") == "quoted");
    CHECK(appraisal.claims.at("custody") == "unproven");
    CHECK(appraisal.claims.at("custody_claimed") == "hsm");
    CHECK(appraisal.launches.size() == 1);
}

TEST_CASE("possession: without the relying party's word production accepts no key in a token",
          "[attest][verify]") {
    for (const Kind kind : {Kind::mixed, Kind::without_tpm}) {
        Expectations expected = taking_words(SoftwareAttester(), kind);
        expected.accept_claimed_hsm = false;
        const Appraisal appraisal = appraise_as(in_token(kind), expected);
        CHECK(failed(appraisal).empty());
        CHECK(required_but_not_run(appraisal) == with(of_the_keys_tpm, "custody.hardware"));
        CHECK_FALSE(appraisal.accepted());
    }
}

TEST_CASE("possession: no word makes an HSM of a software token or an unproven key",
          "[attest][verify]") {
    for (const char* custody : {"software-hsm", "unproven"}) {
        for (const Kind kind : {Kind::mixed, Kind::without_tpm}) {
            INFO(custody);
            const Appraisal appraisal = appraise_taking_words(in_token(kind, custody));
            CHECK(failed(appraisal).empty());
            CHECK(required_but_not_run(appraisal) == with(of_the_keys_tpm, "custody.hardware"));
            CHECK(appraisal.claims.at("custody") == custody);
            CHECK_FALSE(appraisal.accepted());
        }
    }
}

TEST_CASE("boot: a host without a TPM is accepted in production only where that is said",
          "[attest][verify]") {
    Expectations expected = taking_words(SoftwareAttester(), Kind::without_tpm);
    const Appraisal accepted = appraise_as(in_token(Kind::without_tpm), expected);
    CHECK(failed(accepted).empty());
    CHECK(not_run(accepted) ==
          with(with(both(of_the_keys_tpm, of_the_hosts_tpm), "custody.hardware"),
               "register.manifests"));
    CHECK(accepted.accepted());
    CHECK(accepted.claims.at("boot") == "not proven");
    expected.accept_unproven_boot = false;
    const Appraisal refused = appraise_as(in_token(Kind::without_tpm), expected);
    CHECK(required_but_not_run(refused) ==
          Rules{"ak.public", "ak.attributes", "ak.hierarchy", "quote.format", "quote.signature",
                "quote.challenge", "quote.pcrs", "quote.boot_pcrs", "quote.pcr_digest",
                "clock.same_boot", "clock.order", "ek.public", "ek.certificate", "ek.chain",
                "ek.key", "ek.enrolment"});
    CHECK_FALSE(refused.accepted());
}

TEST_CASE("boot: accepted as unproven, production believes no launch that no register shows",
          "[attest][verify]") {
    for (const char* assurance : {"launched", "recorded", "enforced"}) {
        INFO(assurance);
        Bends bends = in_token(Kind::without_tpm);
        bends.assurance = assurance;
        const Appraisal appraisal = appraise_taking_words(bends);
        CHECK(failed(appraisal).empty());
        CHECK(required_but_not_run(appraisal) == Rules{"register.launch"});
        CHECK_FALSE(appraisal.accepted());
    }
}

TEST_CASE("boot: accepted as unproven, what else the relying party asked for is still required",
          "[attest][verify]") {
    const auto lacks = [](auto ask) {
        Expectations expected = taking_words(SoftwareAttester(), Kind::without_tpm);
        ask(expected);
        const Appraisal appraisal = appraise_as(in_token(Kind::without_tpm), expected);
        CHECK_FALSE(appraisal.accepted());
        CHECK(failed(appraisal).empty());
        return required_but_not_run(appraisal);
    };
    const Expectations full = SoftwareAttester().expectations(Profile::production);
    CHECK(lacks([&](Expectations& e) { e.enrolment = full.enrolment; }) == Rules{"ek.enrolment"});
    CHECK(lacks([&](Expectations& e) { e.manifests = full.manifests; }) ==
          Rules{"register.manifests"});
    CHECK(lacks([](Expectations& e) { e.nonce.reset(); }) == Rules{"evidence.nonce"});
    CHECK(lacks([](Expectations& e) {
              e.profile = Profile::evaluation;
              e.nonce.reset();
          }) == Rules{"evidence.nonce"});
    const SoftwareAttester host(in_token(Kind::without_tpm));
    Expectations rootless = taking_words(host, Kind::without_tpm);
    rootless.ca_roots.clear();
    const auto appraisal = verify_evidence(host.packed(), rootless);
    CHECK(required_but_not_run(*appraisal) == Rules{"credential.chain"});
    CHECK_FALSE(appraisal->accepted());
}

TEST_CASE("boot: what a TPM does say is not waived by accepting one that says nothing",
          "[attest][verify]") {
    const SoftwareAttester host(in_token(Kind::mixed));
    Expectations expected = taking_words(host, Kind::mixed);
    expected.accept_unproven_boot = true;
    expected.enrolment.reset();
    const auto appraisal = verify_evidence(host.packed(), expected);
    CHECK(required_but_not_run(*appraisal) == Rules{"ek.enrolment"});
    CHECK_FALSE(appraisal->accepted());
    Bends bends = in_token(Kind::mixed);
    bends.evidence = [](Evidence& e) { e.tpm->pcrs[4][0] ^= 1; };
    const SoftwareAttester other(bends);
    CHECK(failed(*verify_evidence(other.packed(), taking_words(other, Kind::mixed))) ==
          Rules{"quote.pcr_digest"});
}

TEST_CASE("boot: evaluation takes both kinds, shows why nothing was run, and calls nothing proven",
          "[attest][verify]") {
    for (const Kind kind : {Kind::mixed, Kind::without_tpm}) {
        const SoftwareAttester host(in_token(kind, "software-hsm"));
        Expectations expected = host.expectations(Profile::evaluation);
        expected.enrolment.reset();
        expected.manifests.reset();
        expected.ek_roots.clear();
        const auto appraisal = verify_evidence(host.packed(), expected);
        CHECK(failed(*appraisal).empty());
        CHECK(appraisal->accepted());
        CHECK(appraisal->claims.at("boot") == "not proven");
        CHECK(appraisal->claims.at("custody") == "software-hsm");
        for (const auto& rule : appraisal->rules)
            CHECK(rule.detail != "not reached");
    }
}

TEST_CASE("boot: `not proven` is stated exactly where no TPM speaks", "[attest][verify]") {
    for (const Kind kind : {Kind::tpm, Kind::mixed, Kind::without_tpm}) {
        Bends bends = kind == Kind::tpm ? Bends{} : in_token(kind);
        bends.evidence = [](Evidence& e) { e.boot_not_proven = !e.boot_not_proven; };
        const Appraisal appraisal = appraise_taking_words(bends);
        CHECK(failed(appraisal) == Rules{"boot.stated"});
        CHECK_FALSE(appraisal.accepted());
    }
}

TEST_CASE("custody: a token's key is what its credential says, or the claim fails",
          "[attest][verify]") {
    for (const char* claimed : {"tpm", "software-hsm", "tpm-virtual"}) {
        INFO(claimed);
        Bends bends = in_token(Kind::mixed);
        bends.claimed_custody = claimed;
        const Appraisal appraisal = appraise_taking_words(bends);
        CHECK(failed(appraisal) == Rules{"custody.claim"});
        CHECK_FALSE(appraisal.accepted());
    }
    Bends modest = in_token(Kind::mixed);
    modest.claimed_custody = "unproven";
    const Appraisal appraisal = appraise_taking_words(modest);
    CHECK(failed(appraisal).empty());
    CHECK(required_but_not_run(appraisal) == with(of_the_keys_tpm, "custody.hardware"));
}
