// Commands that fetch code in order to run it. A reader of lines, not a shell: it is meant to catch
// what people write, not what somebody hides.
#include <algorithm>
#include <array>
#include <utility>

#include "attest/manifest/lint.h"

namespace holdfast::attest {
namespace {

using Words = std::vector<std::string_view>;
using Pair = std::pair<std::string_view, std::string_view>;

// Fetch a package and run it. An empty second word: the first alone does it.
constexpr std::array<Pair, 8> runners{{{"npx", ""},
                                       {"bunx", ""},
                                       {"uvx", ""},
                                       {"pnpm", "dlx"},
                                       {"yarn", "dlx"},
                                       {"npm", "exec"},
                                       {"pipx", "run"},
                                       {"go", "run"}}};
// Fetch packages into some directory.
constexpr std::array<Pair, 10> installers{{{"pip", "install"},
                                           {"pip3", "install"},
                                           {"npm", "install"},
                                           {"npm", "i"},
                                           {"npm", "ci"},
                                           {"yarn", "add"},
                                           {"pnpm", "add"},
                                           {"pnpm", "install"},
                                           {"gem", "install"},
                                           {"cargo", "install"}}};
constexpr std::array<std::string_view, 2> fetchers{"curl", "wget"};
constexpr std::array<std::string_view, 11> evaluators{
    "sh", "bash", "dash", "zsh", "python", "python3", "node", "perl", "ruby", "eval", "source"};

template <std::size_t Count>
bool is_one_of(const std::array<std::string_view, Count>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Quotes, brackets and commas separate too, so that ["npx", "-y"] in a program is read as a command
// line is. A '|' is a word of its own; of a path only the last name counts.
Words words_of(std::string_view line) {
    constexpr std::string_view separators = " \t\r\"'`,;()[]{}<>$&";
    Words words;
    while (!line.empty()) {
        const std::size_t size = line.find_first_of("| \t\r\"'`,;()[]{}<>$&");
        const std::string_view word = line.substr(0, size);
        if (!word.empty() && word != "/") words.push_back(word);
        if (size == std::string_view::npos) break;
        if (line[size] == '|') words.push_back(line.substr(size, 1));
        line.remove_prefix(size + 1);
        line.remove_prefix(std::min(line.find_first_not_of(separators), line.size()));
    }
    return words;
}

std::string_view program_of(std::string_view word) {
    return word.substr(word.rfind('/') + 1);
}

template <std::size_t Count>
bool begins_with_one_of(const std::array<Pair, Count>& pairs, const Words& words, std::size_t at) {
    return std::any_of(pairs.begin(), pairs.end(), [&](const Pair& pair) {
        if (program_of(words[at]) != pair.first) return false;
        return pair.second.empty() || (at + 1 < words.size() && words[at + 1] == pair.second);
    });
}

// "@scope/name@1.2.3", "name==1.2.3": one version, not a range and not a tag such as latest.
bool is_pinned(std::string_view package) {
    const std::size_t mark = std::max(package.rfind("==") + 1, package.rfind('@') + 1);
    if (mark <= 1) return false;
    std::string_view version = package.substr(mark);
    if (version.starts_with('=')) version.remove_prefix(1);
    const bool starts = !version.empty() && version[0] >= '0' && version[0] <= '9';
    return starts && std::count(version.begin(), version.end(), '.') >= 2;
}

bool runs_pinned(const Words& words, std::size_t at) {
    return std::any_of(words.begin() + static_cast<std::ptrdiff_t>(at), words.end(), is_pinned);
}

bool installs_pinned(const Words& words) {
    const auto has = [&](std::string_view word) {
        return std::find(words.begin(), words.end(), word) != words.end();
    };
    return has("ci") || has("--require-hashes");
}

// `curl … | sh`, `sh -c "$(curl …)"`, `bash <(curl …)`.
bool is_evaluated(const Words& words, std::size_t fetcher) {
    for (std::size_t before = fetcher; before > 0; --before) {
        if (words[before - 1].starts_with('-')) continue;
        if (is_one_of(evaluators, program_of(words[before - 1]))) return true;
        break;
    }
    const auto start = words.begin() + static_cast<std::ptrdiff_t>(fetcher);
    const auto pipe = std::find(start, words.end(), "|");
    return std::any_of(pipe, words.end(), [](std::string_view word) {
        return is_one_of(evaluators, program_of(word));
    });
}

enum class Verdict : std::uint8_t { harmless, pinned, unpinned };

Verdict judge(const Words& words) {
    Verdict worst = Verdict::harmless;
    for (std::size_t at = 0; at < words.size(); ++at) {
        Verdict verdict = Verdict::harmless;
        if (begins_with_one_of(runners, words, at))
            verdict = runs_pinned(words, at) ? Verdict::pinned : Verdict::unpinned;
        if (begins_with_one_of(installers, words, at))
            verdict = installs_pinned(words) ? Verdict::pinned : Verdict::unpinned;
        if (is_one_of(fetchers, program_of(words[at])) && is_evaluated(words, at))
            verdict = Verdict::unpinned;
        worst = std::max(worst, verdict);
    }
    return worst;
}

bool is_comment(std::string_view line) {
    const std::size_t start = line.find_first_not_of(" \t");
    return start == std::string_view::npos || line[start] == '#' ||
           line.substr(start).starts_with("//");
}

}  // namespace

std::vector<Finding> lint_commands(const std::string& path, std::string_view text) {
    std::vector<Finding> found;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const Verdict verdict = is_comment(line) ? Verdict::harmless : judge(words_of(line));
        const std::string where = "line " + std::to_string(number) + " fetches code ";
        if (verdict == Verdict::unpinned)
            found.push_back({"unpinned-remote-code", Severity::error, path,
                             where + "that may be another every time: put it into the tree"});
        if (verdict == Verdict::pinned)
            found.push_back({"remote-code", Severity::warning, path,
                             where + "that is not in the tree: what runs is not what is signed"});
    }
    return found;
}

}  // namespace holdfast::attest
