// holdfast manifest: create, sign, verify, diff, lint. No daemon and no TPM.
#include "cli/commands/manifest.h"

#include <fcntl.h>

#include <ctime>
#include <filesystem>
#include <iostream>

#include "attest/manifest/diff.h"
#include "attest/manifest/lint.h"
#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "cli/progress.h"
#include "cli/show.h"
#include "holdfast/descriptor.h"

namespace holdfast::cli {
namespace {

using attest::Difference;
using attest::Finding;
using attest::Severity;
using encode::Json;

Json json_of(const std::vector<Difference>& differences) {
    Json::Array all;
    for (const Difference& each : differences)
        all.emplace_back(
            Json::Object{{"after", each.after}, {"before", each.before}, {"what", each.what}});
    return all;
}

std::string text_of_differences(const std::vector<Difference>& differences) {
    std::string text;
    for (const Difference& each : differences) {
        text += plain(each.what) + '\n';
        if (!each.before.empty()) text += "  - " + plain(each.before) + '\n';
        if (!each.after.empty()) text += "  + " + plain(each.after) + '\n';
    }
    return text;
}

Exit print(const Globals& globals, const std::string& text, Exit exit) {
    std::cout << text << std::flush;
    if (!std::cout) return fail(globals, Error(Code::internal, "standard output: writing failed"));
    return exit;
}

// ── verify ──────────────────────────────────────────────────────────────────────────────────────

struct Verified {
    Json::Object summary;
    std::vector<Difference> differences;  // of the directory, if one was given
};

Result<Verified> verify_envelope(const Globals& globals, const Values& values,
                                 const std::string& envelope,
                                 const std::vector<std::string>& keys) {
    HOLDFAST_TRY(opened, attest::open_manifest(envelope, keys));
    auto now = static_cast<std::int64_t>(std::time(nullptr));
    if (values.has("at")) {
        HOLDFAST_TRY(then, number_option(values, "at", 0, encode::max_json_integer));
        now = then;
    }
    HOLDFAST_CHECK(attest::check_validity(opened.manifest, now));
    if (const auto name = values.get("name"); name && *name != opened.manifest.name)
        return Error(Code::denied, "manifest: is of agent " + opened.manifest.name)
            .because("manifest_of_another_agent");
    Verified verified{summary_of(opened), {}};
    if (const auto directory = values.get("directory")) {
        HOLDFAST_TRY(tree, scan_with_bar(globals, *directory));
        verified.differences = attest::diff_trees(opened.manifest.tree, tree);
        verified.summary.emplace("differences", json_of(verified.differences));
    }
    return verified;
}

Exit verify(const Globals& globals, const Values& values) {
    const auto keys = read_trusted_keys(values.all("key"));
    if (!keys) return fail_or_usage(globals, exit_of(keys.error()), keys.error());
    auto envelope = read_large(values.operands().front(), attest::max_envelope);
    if (!envelope) return fail(globals, envelope.error());
    while (envelope->ends_with('\n'))
        envelope->pop_back();
    auto verified = verify_envelope(globals, values, *envelope, *keys);
    if (!verified) return fail_or_usage(globals, Exit::verification_failed, verified.error());
    const bool same = verified->differences.empty();
    const Exit exit = same ? Exit::ok : Exit::verification_failed;
    if (globals.json) return print(globals, encode::canonical(verified->summary) + "\n", exit);
    if (!same) {
        std::cout << text_of_differences(verified->differences) << std::flush;
        return fail_with(globals, exit,
                         Error(Code::invalid, "the directory is not what the manifest describes"));
    }
    verified->summary.erase("differences");
    return print(globals, lines_of(verified->summary), exit);
}

// ── diff ────────────────────────────────────────────────────────────────────────────────────────

Exit diff(const Globals& globals, const Values& values) {
    const auto before = read_any_manifest(values.operands()[0]);
    if (!before) return fail(globals, before.error());
    const auto after = read_any_manifest(values.operands()[1]);
    if (!after) return fail(globals, after.error());
    const auto differences = attest::diff_manifests(before->manifest, after->manifest);
    const Exit exit = differences.empty() ? Exit::ok : Exit::error;
    const Json json = Json::Object{{"differences", json_of(differences)}};
    return print(globals,
                 globals.json ? encode::canonical(json) + "\n" : text_of_differences(differences),
                 exit);
}

// ── lint ────────────────────────────────────────────────────────────────────────────────────────

attest::ReadFile reader_in(const std::string& directory) {
    return [directory](const std::string& path, std::size_t max) -> std::optional<std::string> {
        const std::string file = directory + "/" + path;
        const Descriptor opened(
            ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        std::string text(max, '\0');
        const ssize_t got = opened ? ::pread(opened.get(), text.data(), text.size(), 0) : -1;
        if (got < 0) return std::nullopt;
        text.resize(static_cast<std::size_t>(got));
        return text;
    };
}

Result<std::vector<Finding>> findings_of(const std::vector<std::string>& operands) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(operands[0], ignored)) {
        HOLDFAST_TRY(read, read_any_manifest(operands[0]));
        return attest::lint_manifest(read.manifest,
                                     operands.size() > 1 ? reader_in(operands[1]) : nullptr);
    }
    if (operands.size() > 1) return wrong_usage("lint: either DIR, or a manifest and its DIR");
    const Descriptor directory(::open(operands[0].c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    HOLDFAST_TRY(walked, attest::walk_tree(directory.get()));
    return attest::lint_walked(walked, reader_in(operands[0]));
}

std::string_view word_of(Severity severity) {
    return severity == Severity::error ? "error" : "warning";
}

Json json_of(const std::vector<Finding>& findings) {
    Json::Array all;
    for (const Finding& each : findings)
        all.emplace_back(Json::Object{{"advice", each.advice},
                                      {"id", each.id},
                                      {"path", each.path},
                                      {"severity", word_of(each.severity)}});
    return Json::Object{{"findings", std::move(all)}};
}

Exit lint(const Globals& globals, const Values& values) {
    const auto findings = findings_of(values.operands());
    if (!findings) return fail_or_usage(globals, exit_of(findings.error()), findings.error());
    bool error = false;
    std::string text;
    for (const Finding& each : *findings) {
        error = error || each.severity == Severity::error;
        text += std::string(word_of(each.severity)) + " " + std::string(each.id) + " " +
                plain(each.path) + ": " + plain(each.advice) + '\n';
    }
    if (findings->empty()) text = "nothing found\n";
    const Exit exit = error ? Exit::error : Exit::ok;
    return print(globals, globals.json ? encode::canonical(json_of(*findings)) + "\n" : text, exit);
}

}  // namespace

std::vector<Command> manifest_commands() {
    return {
        {"manifest create", "DIR", "describe an agent's code and how it is started",
         manifest_create_options(), manifest_create},
        {"manifest sign", "FILE", "sign what create wrote (DSSE)", manifest_sign_options(),
         manifest_sign},
        {"manifest verify",
         "FILE",
         "check a signed manifest, and a directory against it",
         {{"key", "FILE", "who may have signed, .pub or PEM; repeatable"},
          {"name", "NAME", "whose it must be"},
          {"directory", "DIR", "compare this directory with it, entry by entry"},
          {"at", "SECONDS", "judge as of this Unix time instead of now"}},
         verify},
        {"manifest diff", "FILE FILE", "what differs in two manifests, signed or not", {}, diff},
        {"manifest lint",
         "FILE|DIR [DIR]",
         "what a manifest cannot keep; DIR: look at the files too",
         {},
         lint},
    };
}

}  // namespace holdfast::cli
