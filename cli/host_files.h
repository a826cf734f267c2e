// Which files of the host the programs of a tree load: shared libraries and the loader.
#ifndef HOLDFAST_CLI_HOST_FILES_H
#define HOLDFAST_CLI_HOST_FILES_H

#include <optional>
#include <string>
#include <vector>

#include "attest/manifest/tree.h"
#include "holdfast/result.h"

namespace holdfast::cli {

// What an ELF file says of how it is loaded.
struct ElfFile {
    std::string loader;  // PT_INTERP; empty for libraries
    bool needs_libraries = false;
};

// Nothing for what is no ELF file of this machine; invalid for one that is damaged.
Result<std::optional<ElfFile>> read_elf(const std::string& path);
Result<std::optional<ElfFile>> read_elf(int file, const std::string& path);

// What the dynamic loader would map for this file, with the loader itself: absolute paths as it
// opens them. It is asked with --list, which runs none of the file's code. invalid when a library
// is missing.
Result<std::vector<std::string>> libraries_of(const std::string& path, const ElfFile& elf);

// Of every ELF file of the tree at `directory`: what lies outside it. Sorted, each once.
Result<std::vector<std::string>> host_files_of(const std::string& directory,
                                               const attest::Tree& tree);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_HOST_FILES_H
