// KeyFiles: the keys/ directory. Each file is replaced whole and is on the disk when write returns.
#ifndef HOLDFAST_HSM_KEY_FILES_H
#define HOLDFAST_HSM_KEY_FILES_H

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::hsm {

inline constexpr std::size_t max_key_file = 16UL * 1024;

// The whole file; at most 64 bytes (TPM2B_AUTH). One newline at its end is not part of the secret.
Result<SecretBytes> read_secret_file(const std::string& path);

class KeyFiles {
  public:
    // Makes the directory (0700) when it is missing; denied if others can look into it.
    static Result<KeyFiles> open(const std::string& directory);

    // Mode 0600; a crash leaves the old file or the new one.
    Done write(const std::string& name, std::string_view content);
    // not_found; unavailable when it is longer.
    Result<std::string> read(const std::string& name, std::size_t at_most = max_key_file) const;
    // A file that is there, to be read and added to at its end.
    Result<Descriptor> open_to_append(const std::string& name) const;
    Done erase(const std::string& name);  // done when there is none
    // Names with this ending, without it, in order.
    Result<std::vector<std::string>> stems(std::string_view ending) const;

  private:
    KeyFiles(Descriptor directory, std::string path)
        : directory_(std::move(directory)), path_(std::move(path)) {}
    Error failed(std::string_view verb, const std::string& name, int number) const;
    Done sync() const;

    Descriptor directory_;
    std::string path_;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_KEY_FILES_H
