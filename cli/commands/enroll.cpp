// Binding a host's attestation key to its TPM, files in, files out: enroll host … finish.
#include <fcntl.h>
#include <unistd.h>

#include <ctime>
#include <iostream>

#include "attest/verify/enrolment.h"
#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "core/encode/pem.h"

namespace holdfast::cli {
namespace {

using encode::Json;

constexpr std::size_t max_file = 64UL * 1024;
constexpr std::size_t max_roots = 1024UL * 1024;
constexpr std::size_t max_wrapped = 1024;

Result<std::string> option(const Values& values, std::string_view name) {
    auto value = values.get(name);
    if (!value) return Error(Code::invalid, "--" + std::string(name) + " is missing");
    return *std::move(value);
}

Result<std::vector<Bytes>> roots_of(const Values& values) {
    std::vector<Bytes> roots;
    for (const std::string& path : values.all("ek-roots")) {
        HOLDFAST_TRY(text, read_text(path, max_roots));
        HOLDFAST_TRY(certificates, encode::from_pem(text, "CERTIFICATE"));
        roots.insert(roots.end(), certificates.begin(), certificates.end());
    }
    if (roots.empty())
        return Error(Code::invalid,
                     "--ek-roots is missing: an AK bound to an unknown EK proves nothing");
    return roots;
}

// Readable by its owner only, and never over an older secret that may still be waited for.
Done write_private(const std::string& path, std::string_view text) {
    constexpr mode_t owner_only = 0600;
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, owner_only);
    if (file < 0) return Error(Code::invalid, path + ": cannot be created, or exists already");
    const bool written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const bool closed = ::close(file) == 0;
    if (!written || !closed) return Error(Code::internal, path + ": writing failed");
    return done();
}

Exit say(const Globals& globals, std::string_view text) {
    if (!globals.json) std::cerr << text << '\n';
    return Exit::ok;
}

Exit host(const Globals& globals, const Values& values) {
    auto answered = get_from(admin_socket(globals), "/v1/enroll/host");
    if (!answered) return fail(globals, answered.error());
    const auto written = write_text(values.get_or("out", "-"), answered->body + "\n");
    return written ? Exit::ok : fail(globals, written.error());
}

Done make_challenge(const Values& values) {
    HOLDFAST_TRY(host_path, option(values, "host"));
    HOLDFAST_TRY(out, option(values, "out"));
    HOLDFAST_TRY(secret_path, option(values, "secret"));
    HOLDFAST_TRY(roots, roots_of(values));
    HOLDFAST_TRY(text, read_text(host_path, max_file));
    HOLDFAST_TRY(keys, attest::host_keys_from(text));
    HOLDFAST_TRY(made, attest::challenge_host(keys, roots, std::time(nullptr)));
    HOLDFAST_CHECK(write_private(secret_path, made.secret + "\n"));
    return write_text(out, made.challenge + "\n");
}

Exit challenge(const Globals& globals, const Values& values) {
    const auto made = make_challenge(values);
    if (made) return say(globals, "give the challenge to the host, keep the secret here");
    const bool untrusted = made.error().reason() == "host_not_trusted";
    return untrusted ? fail_with(globals, Exit::verification_failed, made.error())
                     : fail(globals, made.error());
}

// Only what the daemon's route takes leaves this file.
Result<Json> activation_of(std::string_view challenge_text) {
    HOLDFAST_TRY(json, encode::parse_json(challenge_text, max_file));
    HOLDFAST_TRY(fields, encode::Fields::of(json, "challenge"));
    HOLDFAST_TRY(blob, fields.base64url("blob", max_wrapped));
    HOLDFAST_TRY(secret, fields.base64url("secret", max_wrapped));
    HOLDFAST_CHECK(fields.finish());
    Json::Object request;
    request["blob"] = encode::base64url(blob);
    request["secret"] = encode::base64url(secret);
    return Json(std::move(request));
}

Exit respond(const Globals& globals, const Values& values) {
    auto text = read_text(values.operands().front(), max_file);
    if (!text) return fail(globals, text.error());
    const auto request = activation_of(*text);
    if (!request) return fail(globals, request.error());
    auto answered = post_to(admin_socket(globals), "/v1/enroll/activate", *request);
    if (!answered) return fail(globals, answered.error());
    const auto written = write_text(values.get_or("out", "-"), answered->body + "\n");
    return written ? Exit::ok : fail(globals, written.error());
}

Done make_enrolment(const Values& values) {
    HOLDFAST_TRY(secret_path, option(values, "secret"));
    HOLDFAST_TRY(out, option(values, "out"));
    HOLDFAST_TRY(secret, read_text(secret_path, max_file));
    HOLDFAST_TRY(response, read_text(values.operands().front(), max_file));
    HOLDFAST_TRY(enrolment, attest::finish_enrolment(secret, response, std::time(nullptr)));
    return write_text(out, enrolment + "\n");
}

Exit finish(const Globals& globals, const Values& values) {
    const auto made = make_enrolment(values);
    if (made) return say(globals, "enrolled; keep the file as you keep a root certificate");
    const bool failed = made.error().reason() == "enrolment_failed";
    return failed ? fail_with(globals, Exit::verification_failed, made.error())
                  : fail(globals, made.error());
}

}  // namespace

std::vector<Command> enroll_commands() {
    return {
        {"enroll host",
         "",
         "the host's EK certificates, EK and AK, for its verifier",
         {{"out", "FILE", "write it to FILE instead of standard output"}},
         host},
        {"enroll challenge",
         "",
         "at the verifier: a credential only that host's TPM can open",
         {{"host", "FILE", "what `holdfast enroll host` wrote"},
          {"ek-roots", "FILE", "accepted TPM vendors, PEM; repeatable"},
          {"out", "FILE", "the challenge, for the host"},
          {"secret", "FILE", "the secret, for `enroll finish`; created 0600"}},
         challenge},
        {"enroll respond",
         "CHALLENGE",
         "at the host: let its TPM open the credential",
         {{"out", "FILE", "write it to FILE instead of standard output"}},
         respond},
        {"enroll finish",
         "RESPONSE",
         "at the verifier: the enrolment, if the host opened it",
         {{"secret", "FILE", "what `enroll challenge` kept"},
          {"out", "FILE", "the enrolment, for `verify evidence --enrolment`"}},
         finish},
    };
}

}  // namespace holdfast::cli
