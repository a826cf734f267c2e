// ConfigFolder: a folder of files that nobody but root and this process's user can have written.
#ifndef HOLDFAST_POLICY_CONFIG_FOLDER_H
#define HOLDFAST_POLICY_CONFIG_FOLDER_H

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::policy {

class ConfigFolder {
  public:
    static constexpr std::string_view missing = "folder_missing";

    // unavailable: cannot be opened, reason folder_missing when it is not there; invalid: others
    // own it or may write there. Whoever can write there can allow an agent anything.
    static Result<ConfigFolder> open(const std::string& path);

    // Those that end so, sorted; hidden ones are left out, editors keep their swap files there.
    Result<std::vector<std::string>> names(std::string_view ending, std::size_t at_most) const;
    // Of a regular file with the same care. Up to one byte more than at_most, so that a parser sees
    // that it is too long. not_found when there is no such file.
    Result<std::string> content(const std::string& name, std::size_t at_most) const;

  private:
    ConfigFolder(std::string path, Descriptor folder)
        : path_(std::move(path)), folder_(std::move(folder)) {}

    std::string path_;
    Descriptor folder_;
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_CONFIG_FOLDER_H
