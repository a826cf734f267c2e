#include "cli/commands/policy_files.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/ask.h"
#include "cli/show.h"
#include "policy/cedar/limits.h"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view ending = ".cedar";
constexpr std::string_view signature_ending = ".sig";  // as ssh-keygen -Y sign names it

std::vector<std::string_view> lines_in(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        lines.push_back(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(lines.back().size() + 1, text.size()));
    }
    return lines;
}

// "refunds.cedar:3:1: …" of the file at drafts/refunds.cedar, as an editor finds it.
std::string placed(std::string_view line, const std::string& path) {
    const std::string name = fs::path(path).filename().string();
    std::string_view rest = line;
    if (!rest.starts_with(name)) return path + ": " + std::string(line);
    rest.remove_prefix(name.size());
    return path + std::string(rest);
}

Result<std::vector<std::string>> files_in(const std::string& folder) {
    std::vector<std::string> found;
    std::error_code failure;
    fs::directory_iterator entry(folder, failure);
    for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
        const std::string name = entry->path().filename().string();
        // Editors keep their swap files there.
        if (!name.starts_with('.') && name.ends_with(ending)) found.push_back(entry->path());
    }
    if (failure) return Error(Code::invalid, folder + ": " + failure.message());
    std::ranges::sort(found);
    return found;
}

Result<std::string> signature_beside(const std::string& path) {
    const std::string file = path + std::string(signature_ending);
    auto signature = read_text(file, policy::max_signature);
    if (!signature && signature.error().code() == Code::not_found) return std::string();
    return signature;
}

PolicyFile facts_of(const policy::PolicySet& set, const std::string& path) {
    return {path,
            set.name,
            set.version,
            set.mode,
            set.rules.policies.size(),
            set.digest,
            !set.signature.empty(),
            set.author,
            set.author_key};
}

class Reader {
  public:
    explicit Reader(const std::optional<policy::Operators>& operators) : operators_(operators) {}

    Done read(const std::string& path) {
        std::error_code unknown;  // then opening it says why
        if (!fs::is_directory(path, unknown)) return read_file(path);
        HOLDFAST_TRY(files, files_in(path));
        for (const std::string& file : files)
            HOLDFAST_CHECK(read_file(file));
        return done();
    }

    // What no file shows by itself: ids that stand twice, too many, wrong demands.
    Result<PolicyFiles> take() {
        if (sets_.size() > policy::max_policy_sets)
            find("more than " + std::to_string(policy::max_policy_sets) + " files");
        auto policies = policy::Policies::of(std::move(sets_));
        if (!policies)
            find(policies.error(), path_of(policies.error().text()));
        else if (read_.findings.empty())
            read_.policies = *std::move(policies);
        return std::move(read_);
    }

  private:
    Done read_file(const std::string& path) {
        HOLDFAST_TRY(text, read_text(path, policy::cedar::max_text));
        HOLDFAST_TRY(signature, signature_beside(path));
        auto set = policy::parse_policy_set(fs::path(path).filename().string(), text);
        if (!set) {
            find(set.error(), path);
            return done();
        }
        set->signature = std::move(signature);
        if (operators_)
            check_signature(*set, path);
        else
            set->may_permit = true;
        read_.files.push_back(facts_of(*set, path));
        std::string name = set->name;
        if (!sets_.try_emplace(name, *std::move(set)).second)
            find(path + ": another file is the set " + name + ", too");
        return done();
    }

    void check_signature(policy::PolicySet& set, const std::string& path) {
        const Done author = check_author(set, *operators_, policy::Unsigned::refuse);
        if (!author) find(author.error(), path);
    }

    // Of the set that the error names: "refunds.cedar:3:1: …".
    std::string path_of(std::string_view text) const {
        for (const PolicyFile& file : read_.files)
            if (text.starts_with(file.set + std::string(ending) + ":")) return file.path;
        return "policies";
    }

    void find(const Error& error, const std::string& path) {
        for (const std::string_view line : lines_in(error.text()))
            find(placed(line, path));
    }
    void find(std::string line) { read_.findings.push_back(std::move(line)); }

    const std::optional<policy::Operators>& operators_;
    policy::PolicySets sets_;
    PolicyFiles read_;
};

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
        text += (text.empty() ? "" : "\n") + line;
    return text;
}

}  // namespace

Result<std::optional<policy::Operators>> operators_from(const Values& values) {
    const auto path = values.get("operators");
    if (!path) return std::optional<policy::Operators>();
    HOLDFAST_TRY(text, read_text(*path, policy::max_operators_file));
    HOLDFAST_TRY(operators, policy::Operators::parse(*path, text));
    return std::optional<policy::Operators>(std::move(operators));
}

Result<PolicyFiles> read_policy_files(const std::vector<std::string>& paths,
                                      const std::optional<policy::Operators>& operators) {
    Reader reader(operators);
    for (const std::string& path : paths)
        HOLDFAST_CHECK(reader.read(path));
    return reader.take();
}

Result<policy::Policies> policies_from(const Values& values, const std::vector<std::string>& more) {
    std::vector<std::string> paths = values.all("policies");
    paths.insert(paths.end(), more.begin(), more.end());
    if (paths.empty()) return Error(Code::invalid, "--policies is missing: files, or their folder");
    HOLDFAST_TRY(operators, operators_from(values));
    HOLDFAST_TRY(read, read_policy_files(paths, operators));
    if (!read.findings.empty()) return Error(Code::invalid, joined(read.findings));
    return std::move(read.policies);
}

std::vector<Option> policies_options() {
    return {{"policies", "PATH", "a file, or a folder of *.cedar; repeatable"},
            {"operators", "FILE",
             "operators.toml: only what its people signed permits, and only agents of that policy "
             "author. Without it no signature is looked at, and each file counts as if by the "
             "agent's policy author"}};
}

Exit fail_with_lines(const Globals& globals, const Error& error) {
    if (globals.json) return fail(globals, error);
    for (const std::string_view line : lines_in(error.text()))
        std::cerr << "holdfast: " << plain(line) << '\n';
    return exit_of(error);
}

}  // namespace holdfast::cli
