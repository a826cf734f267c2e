// What is found by looking at entries, fields and files; lint_commands.cpp reads scripts.
#include "attest/manifest/lint.h"

#include <algorithm>
#include <array>

#include "core/encode/json.h"

namespace holdfast::attest {
namespace {

using Findings = std::vector<Finding>;
using encode::Json;

constexpr std::uint32_t write_by_others = 0002;
constexpr std::array<std::string_view, 12> wrappers{"env",   "sudo",   "setpriv", "su",
                                                    "nice",  "nohup",  "time",    "timeout",
                                                    "xargs", "stdbuf", "npx",     "uvx"};
constexpr std::array<std::string_view, 7> shells{"sh",  "bash", "dash",   "zsh",
                                                 "ksh", "fish", "busybox"};
// Each makes the loader or an interpreter take code from elsewhere.
constexpr std::array<std::string_view, 8> code_variables{"NODE_OPTIONS", "NODE_PATH", "GCONV_PATH",
                                                         "PERL5LIB",     "PERL5OPT",  "RUBYOPT",
                                                         "RUBYLIB",      "BASH_ENV"};

template <std::size_t Count>
bool is_one_of(const std::array<std::string_view, Count>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view base_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

bool is_python(std::string_view name) {
    if (!name.starts_with("python")) return false;
    return name.find_first_not_of("0123456789.", 6) == std::string_view::npos;
}

// Their flags word says so (PEP 552); they are judged by their source's digest, not by its time.
bool is_hash_based(std::string_view pyc) {
    constexpr std::size_t flags_at = 4;
    return pyc.size() > flags_at && (static_cast<unsigned char>(pyc[flags_at]) & 1U) != 0;
}

void lint_entry(const TreeEntry& entry, const ReadFile& read, Findings& found) {
    if (entry.type != EntryType::link && (entry.mode & write_by_others) != 0)
        found.push_back({"world-writable", Severity::warning, entry.path,
                         "anybody can change it until it is signed: chmod o-w"});
    if (entry.type == EntryType::file && (entry.mode & (S_ISUID | S_ISGID)) != 0)
        found.push_back(
            {"set-id", Severity::error, entry.path, "would run as somebody else: chmod u-s,g-s"});
    if (entry.type == EntryType::link && !check_entry(entry))
        found.push_back({"link-leaves-tree", Severity::error, entry.path,
                         "replace the link by what it points to"});
    if (entry.type != EntryType::file || !entry.path.ends_with(".pyc") || !read) return;
    const auto head = read(entry.path, 16);
    if (head && !is_hash_based(*head))
        found.push_back({"timestamp-pyc", Severity::warning, entry.path,
                         "may hold other code than its source: delete it, or compile with "
                         "--invalidation-mode checked-hash"});
}

// package.json of the agent itself; those of its dependencies run when they are installed.
bool is_own_package(const TreeEntry& entry) {
    return entry.type == EntryType::file && base_name(entry.path) == "package.json" &&
           ("/" + entry.path).find("/node_modules/") == std::string::npos;
}

void append(Findings& found, Findings more) {
    found.insert(found.end(), std::make_move_iterator(more.begin()),
                 std::make_move_iterator(more.end()));
}

void lint_package(const std::string& path, const ReadFile& read, Findings& found) {
    const auto text = read(path, max_linted_file);
    if (!text) return;
    const auto json = encode::parse_json(*text, max_linted_file);
    const Json* scripts = json ? json->find("scripts") : nullptr;
    // Numbers with a fraction, say: then every line is looked at.
    if (!json) return append(found, lint_commands(path, *text));
    if (scripts == nullptr || scripts->object() == nullptr) return;
    for (const auto& [name, command] : *scripts->object())
        if (command.string() != nullptr) append(found, lint_commands(path, *command.string()));
}

void lint_entrypoint(const Manifest& manifest, const ReadFile& read, Findings& found) {
    const std::string_view name = base_name(manifest.entrypoint);
    if (is_one_of(wrappers, name))
        found.push_back({"wrapper-entrypoint", Severity::error, manifest.entrypoint,
                         "starts another program, which is refused: name that one"});
    if (is_one_of(shells, name))
        found.push_back({"shell-entrypoint", Severity::warning, manifest.entrypoint,
                         "what a shell starts cannot sign: start the agent's program itself"});
    if (!read) return;
    const auto head = read(manifest.entrypoint, 4);
    if (!head || *head ==
                     "\x7f"
                     "ELF")
        return;
    const bool is_script = head->starts_with("#!");
    found.push_back({"entrypoint-not-elf", Severity::error, manifest.entrypoint,
                     is_script ? "a script: put its interpreter into the tree and the script into "
                                 "the arguments"
                               : "not a program for Linux (ELF)"});
}

// The letters of Python's options, up to the script, -c or -m: "ISB". -W and -X take a value.
std::string python_options(const std::vector<std::string>& arguments) {
    std::string letters;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        if (word.size() < 2 || word[0] != '-' || word[1] == '-') break;
        const std::size_t last = word.find_first_of("cmWX", 1);
        letters.append(word.substr(1, last - 1));  // npos − 1: all of it
        if (last == std::string_view::npos) continue;
        if (word[last] == 'c' || word[last] == 'm') break;
        if (last + 1 == word.size()) ++i;
    }
    return letters;
}

void lint_python(const Manifest& manifest, Findings& found) {
    if (!is_python(base_name(manifest.entrypoint))) return;
    const std::string options = python_options(manifest.arguments);
    const auto has = [&](char letter) { return options.find(letter) != std::string::npos; };
    if (!has('I'))
        found.push_back({"python-not-isolated", Severity::error, "arguments",
                         "Python takes modules from the script's directory, the user's and the "
                         "environment: begin with -I"});
    if (!has('S'))
        found.push_back({"python-site", Severity::warning, "arguments",
                         "Python runs sitecustomize and .pth files at start: add -S"});
    if (!has('B'))
        found.push_back({"python-bytecode", Severity::warning, "arguments",
                         "Python writes __pycache__ where it can, and trusts it later: add -B"});
    if (!manifest.arguments.empty() && manifest.arguments[0].find('/') == std::string::npos)
        found.push_back({"python-argv0", Severity::error, "arguments",
                         "Python finds its standard library by argv[0]: give the path from the "
                         "working directory, such as bin/python3"});
}

bool is_code_variable(std::string_view name) {
    return name.starts_with("LD_") || name.starts_with("PYTHON") || is_one_of(code_variables, name);
}

void lint_environment(const Manifest& manifest, Findings& found) {
    for (const auto& [name, value] : manifest.environment)
        if (is_code_variable(name))
            found.push_back({"code-from-environment", Severity::error, "environment." + name,
                             "makes the program load other code: leave it out"});
}

// The argument as a path of the tree, seen from the working directory; "" when it is outside.
std::string in_tree(const Manifest& manifest, const std::string& argument) {
    if (argument.starts_with('/')) return {};
    std::string path = manifest.working_directory;
    std::string_view rest = argument;
    while (!rest.empty()) {
        const std::string_view name = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
        if (name.empty() || name == ".") continue;
        if (name == "..") {
            const std::size_t slash = path.rfind('/');
            path.resize(slash == std::string::npos ? 0 : slash);
            continue;
        }
        path += (path.empty() ? "" : "/") + std::string(name);
    }
    return path;
}

void lint_arguments(const Manifest& manifest, const ReadFile& read, Findings& found) {
    std::string line;
    for (const std::string& argument : manifest.arguments)
        line += (line.empty() ? "" : " ") + argument;
    append(found, lint_commands("arguments", line));
    if (!read) return;
    for (const std::string& argument : manifest.arguments) {
        const std::string path = in_tree(manifest, argument);
        const auto is_it = [&](const TreeEntry& entry) {
            return entry.type == EntryType::file && entry.path == path;
        };
        if (path == manifest.entrypoint ||
            std::none_of(manifest.tree.begin(), manifest.tree.end(), is_it))
            continue;
        if (const auto text = read(path, max_linted_file))
            append(found, lint_commands(path, *text));
    }
}

}  // namespace

std::vector<Finding> lint_manifest(const Manifest& manifest, const ReadFile& read) {
    Findings found;
    lint_entrypoint(manifest, read, found);
    lint_python(manifest, found);
    lint_environment(manifest, found);
    lint_arguments(manifest, read, found);
    if (manifest.not_after - manifest.not_before > longest_validity)
        found.push_back({"long-validity", Severity::warning, "not_after",
                         "more than a year: a manifest cannot be called back, let it end sooner"});
    for (const TreeEntry& entry : manifest.tree) {
        lint_entry(entry, read, found);
        if (read && is_own_package(entry)) lint_package(entry.path, read, found);
    }
    return found;
}

std::vector<Finding> lint_walked(const Walked& walked, const ReadFile& read) {
    Findings found;
    for (const UnfitEntry& each : walked.unfit) {
        const std::string_view id = each.kind == Unfit::set_id    ? "set-id"
                                    : each.kind == Unfit::special ? "special-file"
                                                                  : "name-not-utf8";
        found.push_back({id, Severity::error, each.path,
                         std::string(each.why) + ", which no manifest can have"});
    }
    for (const WalkedEntry& each : walked.entries) {
        lint_entry(each.entry, read, found);
        if (read && is_own_package(each.entry)) lint_package(each.entry.path, read, found);
    }
    return found;
}

}  // namespace holdfast::attest
