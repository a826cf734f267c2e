// holdfast policy check: what each file says it is, and every finding.
#include "cli/commands/policy.h"
#include "cli/commands/policy_files.h"
#include "cli/show.h"
#include "core/encode/base64.h"

namespace holdfast::cli {
namespace {

using encode::Json;

// "carol@example.org", or why nobody is named.
std::string author_of(const PolicyFile& file, bool looked) {
    if (!file.is_signed) return "unsigned";
    if (!looked) return "signature not looked at";
    if (file.author.empty()) return "signature does not count";
    return "by " + plain(file.author);
}

std::string line_of(const PolicyFile& file, bool looked) {
    return plain(file.path) + ": " + file.set + " version " + std::to_string(file.version) + ", " +
           std::string(to_string(file.mode)) + ", " + std::to_string(file.policies) +
           (file.policies == 1 ? " policy, " : " policies, ") + author_of(file, looked) + '\n';
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

Json json_of(const PolicyFile& file) {
    Json::Object object;
    object["author"] = text_or_null(file.author);
    object["author_key"] = text_or_null(file.author_key);
    object["file"] = file.path;
    object["file_sha256"] = encode::hex(file.digest);
    object["mode"] = to_string(file.mode);
    object["policies"] = static_cast<std::int64_t>(file.policies);
    object["set"] = file.set;
    object["signed"] = file.is_signed;
    object["version"] = file.version;
    return object;
}

Json::Object json_of(const PolicyFiles& read) {
    Json::Array files;
    for (const PolicyFile& file : read.files)
        files.emplace_back(json_of(file));
    Json::Object object;
    object["files"] = std::move(files);
    object["findings"] = Json::Array(read.findings.begin(), read.findings.end());
    object["valid"] = read.findings.empty();
    return object;
}

std::string text_of(const PolicyFiles& read, bool looked) {
    std::string text;
    for (const std::string& finding : read.findings)
        text += plain(finding) + '\n';
    for (const PolicyFile& file : read.files)
        text += line_of(file, looked);
    return text.empty() ? "no policy files\n" : text;
}

Result<PolicyFiles> read_all(const Values& values, bool& looked) {
    HOLDFAST_TRY(operators, operators_from(values));
    looked = operators.has_value();
    return read_policy_files(values.operands(), operators);
}

}  // namespace

Exit policy_check(const Globals& globals, const Values& values) {
    bool looked = false;
    const auto read = read_all(values, looked);
    if (!read) return fail(globals, read.error());
    const Exit shown = show(globals, answer_of(json_of(*read)), text_of(*read, looked));
    return shown == Exit::ok && !read->findings.empty() ? Exit::error : shown;
}

}  // namespace holdfast::cli
