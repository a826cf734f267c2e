// holdfast manifest create: a directory, and how it is started, as a statement to sign.
#include <algorithm>
#include <ctime>
#include <iostream>

#include "attest/manifest/manifest.h"
#include "attest/manifest/scan.h"
#include "cli/ask.h"
#include "cli/commands/manifest.h"
#include "cli/host_files.h"
#include "cli/interpreter.h"
#include "cli/progress.h"
#include "cli/show.h"
#include "core/encode/base64.h"

namespace holdfast::cli {
namespace {

using attest::Manifest;

constexpr std::int64_t seconds_a_day = 24LL * 3600;
constexpr std::int64_t default_days = 365;
constexpr std::int64_t max_days = 36'500;

struct Pair {
    std::string name;
    std::string value;
};

// "NAME=VALUE".
Result<Pair> pair_of(std::string_view option, const std::string& text) {
    const std::size_t mark = text.find('=');
    if (mark == std::string::npos || mark == 0)
        return wrong_usage("--" + std::string(option) + ": must be NAME=VALUE");
    return Pair{text.substr(0, mark), text.substr(mark + 1)};
}

Done set_validity(const Values& values, Manifest& manifest) {
    if (values.has("valid-days") && values.has("not-after"))
        return wrong_usage("--valid-days and --not-after are two words for the same end");
    manifest.not_before = static_cast<std::int64_t>(std::time(nullptr));
    if (values.has("not-before")) {
        HOLDFAST_TRY(first, number_option(values, "not-before", 0, encode::max_json_integer));
        manifest.not_before = first;
    }
    std::int64_t days = default_days;
    if (values.has("valid-days")) {
        HOLDFAST_TRY(wanted, number_option(values, "valid-days", 1, max_days));
        days = wanted;
    }
    manifest.not_after = manifest.not_before + days * seconds_a_day;
    if (values.has("not-after")) {
        HOLDFAST_TRY(last, number_option(values, "not-after", 0, encode::max_json_integer));
        manifest.not_after = last;
    }
    return done();
}

Done set_environment(const Values& values, Manifest& manifest) {
    for (const std::string& text : values.all("env")) {
        HOLDFAST_TRY(variable, pair_of("env", text));
        if (!manifest.environment.emplace(variable.name, variable.value).second)
            return wrong_usage("--env: " + variable.name + " is given twice");
    }
    return done();
}

Done set_digests(const Values& values, Manifest& manifest) {
    for (const std::string& text : values.all("digest")) {
        HOLDFAST_TRY(slot, pair_of("digest", text));
        if (!attest::is_digest_slot(slot.name))
            return wrong_usage("--digest: the slots are prompt, tools, policy and model");
        HOLDFAST_TRY(digest, attest::hash_still_file(slot.value));
        if (!manifest.digests.emplace(slot.name, digest).second)
            return wrong_usage("--digest: " + slot.name + " is given twice");
    }
    return done();
}

// From the working directory up to the tree's root, then down.
std::string path_from(const std::string& working_directory, const std::string& path) {
    if (working_directory.empty()) return path;
    std::string up = "../";
    for (const char c : working_directory)
        if (c == '/') up += "../";
    return up + path;
}

// argv[0] is a path, since Python finds its standard library by it.
void set_arguments(const Values& values, const CopiedInterpreter& interpreter, Manifest& manifest) {
    const std::vector<std::string> given = values.all("arg");
    manifest.arguments = {
        values.get_or("argv0", path_from(manifest.working_directory, manifest.entrypoint))};
    const bool has_own = !given.empty() && given.front().starts_with("-I");
    if (!has_own)
        manifest.arguments.insert(manifest.arguments.end(), interpreter.options.begin(),
                                  interpreter.options.end());
    manifest.arguments.insert(manifest.arguments.end(), given.begin(), given.end());
}

Result<attest::Signers> signers_of(const std::string& word) {
    if (word == "leader") return attest::Signers::leader;
    if (word == "tree") return attest::Signers::tree;
    return wrong_usage("--signers: leader or tree");
}

Result<Manifest> manifest_from_options(const Values& values) {
    for (const char* needed : {"name", "manifest-version"})
        if (!values.has(needed)) return wrong_usage("--" + std::string(needed) + " is missing");
    if (values.has("entrypoint") == values.has("interpreter"))
        return wrong_usage("give either --entrypoint, a file of the tree, or --interpreter");
    Manifest manifest;
    manifest.name = values.get_or("name", "");
    HOLDFAST_TRY(version,
                 number_option(values, "manifest-version", 1, attest::max_manifest_version));
    HOLDFAST_TRY(signers, signers_of(values.get_or("signers", "leader")));
    manifest.version = version;
    manifest.signers = signers;
    manifest.readable_entrypoint = values.has("readable-entrypoint");
    manifest.entrypoint = values.get_or("entrypoint", "");
    manifest.working_directory = values.get_or("working-directory", "");
    HOLDFAST_CHECK(set_validity(values, manifest));
    HOLDFAST_CHECK(set_environment(values, manifest));
    HOLDFAST_CHECK(set_digests(values, manifest));
    return manifest;
}

Result<std::vector<MeasuredFile>> measured_host_files(const Values& values,
                                                      const std::string& directory,
                                                      const attest::Tree& tree) {
    HOLDFAST_TRY(paths, host_files_of(directory, tree));
    for (const std::string& path : values.all("host-file"))
        paths.push_back(path);
    std::sort(paths.begin(), paths.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    std::vector<MeasuredFile> files;
    for (const std::string& path : paths) {
        HOLDFAST_TRY(digest, attest::hash_still_file(path));
        files.push_back({path, digest});
    }
    return files;
}

Result<Manifest> create(const Globals& globals, const Values& values) {
    const std::string& directory = values.operands().front();
    HOLDFAST_TRY(manifest, manifest_from_options(values));
    CopiedInterpreter interpreter;
    if (const auto program = values.get("interpreter")) {
        HOLDFAST_TRY(copied, copy_interpreter(*program, directory));
        interpreter = std::move(copied);
        manifest.entrypoint = interpreter.entrypoint;
    }
    set_arguments(values, interpreter, manifest);
    HOLDFAST_TRY(tree, scan_with_bar(globals, directory));
    HOLDFAST_TRY(host_files, measured_host_files(values, directory, tree));
    manifest.tree = std::move(tree);
    manifest.host_files = std::move(host_files);
    HOLDFAST_CHECK(attest::check_manifest(manifest));
    return manifest;
}

}  // namespace

Exit manifest_create(const Globals& globals, const Values& values) {
    auto manifest = create(globals, values);
    if (!manifest) return fail_or_usage(globals, exit_of(manifest.error()), manifest.error());
    const std::string statement = attest::to_statement(*manifest);
    const std::string output = values.get_or("output", "-");
    const Done written = write_text(output, statement + "\n");
    if (!written) return fail(globals, written.error());
    if (output == "-") return Exit::ok;
    const Sha256 digest = attest::statement_digest(statement);
    const encode::Json summary = summary_of({*std::move(manifest), digest, ""});
    std::cout << (globals.json ? encode::canonical(summary) + "\n" : lines_of(summary))
              << std::flush;
    return Exit::ok;
}

std::vector<Option> manifest_create_options() {
    return {{"name", "NAME", "the agent's name"},
            {"manifest-version", "N", "1 and up; launching refuses a lower one than before"},
            {"entrypoint", "PATH", "the program to start, an ELF file of the tree"},
            {"interpreter", "FILE",
             "copy this python3 or node, with its standard library, into DIR and start it"},
            {"arg", "TEXT", "an argument; repeatable (--arg=-x for one that begins with '-')"},
            {"argv0", "TEXT", "instead of the entrypoint's path from the working directory"},
            {"env", "NAME=VALUE", "a variable; repeatable: the agent has these and no others"},
            {"working-directory", "PATH", "a directory of the tree; its root by default"},
            {"signers", "WHO", "leader (default): the process started; tree: its children too"},
            {"readable-entrypoint", "", "the program may read its own file (needs --signers tree)"},
            {"valid-days", "N", "how long from now, or from --not-before; 365 by default"},
            {"not-before", "SECONDS", "first second it is valid, Unix time; now by default"},
            {"not-after", "SECONDS", "last second it is valid, instead of --valid-days"},
            {"digest", "SLOT=FILE", "prompt, tools, policy or model: what else the agent is"},
            {"host-file", "FILE", "a file outside the tree it loads at run time; repeatable"},
            {"output", "FILE", "where the statement goes; standard output by default"}};
}

}  // namespace holdfast::cli
