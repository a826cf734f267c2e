// read_policy_sets: the files of policies.d, each with the signature beside it.
#include <filesystem>
#include <utility>

#include "policy/cedar/limits.h"
#include "policy/config_folder.h"
#include "policy/policy_set.h"

namespace holdfast::policy {
namespace {

constexpr std::string_view ending = ".cedar";
constexpr std::string_view signature_ending = ".sig";  // as ssh-keygen -Y sign names it

Result<std::string> signature_of(const ConfigFolder& folder, const std::string& name) {
    const std::string file = name + std::string(signature_ending);
    auto signature = folder.content(file, max_signature);
    if (!signature && signature.error().code() == Code::not_found) return std::string();
    if (signature && signature->size() > max_signature)
        return Error(Code::invalid,
                     file + ":1: longer than " + std::to_string(max_signature) + " bytes");
    return signature;
}

Result<PolicySet> read_one(const ConfigFolder& folder, const std::string& name) {
    HOLDFAST_TRY(text, folder.content(name, cedar::max_text));
    HOLDFAST_TRY(set, parse_policy_set(name, text));
    HOLDFAST_TRY(signature, signature_of(folder, name));
    set.signature = std::move(signature);
    return set;
}

}  // namespace

Result<PolicySets> read_policy_sets(const std::string& directory) {
    PolicySets sets;
    std::error_code trouble;
    if (!std::filesystem::exists(directory, trouble) && !trouble) return sets;
    HOLDFAST_TRY(folder, ConfigFolder::open(directory));
    HOLDFAST_TRY(names, folder.names(ending, max_policy_sets));
    for (const std::string& name : names) {
        HOLDFAST_TRY(set, read_one(folder, name));
        std::string key = set.name;
        sets.emplace(std::move(key), std::move(set));
    }
    return sets;
}

}  // namespace holdfast::policy
