#include "cli/host_files.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>

#include "cli/spawn.h"
#include "holdfast/descriptor.h"

namespace holdfast::cli {
namespace {

constexpr std::size_t max_program_headers = 128;
constexpr std::size_t max_dynamic_entries = 4096;
constexpr std::size_t max_loader_path = 256;
constexpr std::size_t max_list = 256UL * 1024;

#if defined(__x86_64__)
constexpr Elf64_Half this_machine = EM_X86_64;
constexpr const char* usual_loader = "/lib64/ld-linux-x86-64.so.2";
#elif defined(__aarch64__)
constexpr Elf64_Half this_machine = EM_AARCH64;
constexpr const char* usual_loader = "/lib/ld-linux-aarch64.so.1";
#else
#error "which loader does this machine have?"
#endif

// Exactly this many bytes from there, or false.
bool read_at(int file, std::uint64_t offset, void* into, std::size_t size) {
    if (offset > std::uint64_t{1} << 62U) return false;
    const ssize_t got = ::pread(file, into, size, static_cast<off_t>(offset));
    return got == static_cast<ssize_t>(size);
}

Error damaged(const std::string& path) {
    return {Code::invalid, path + ": a damaged ELF file"};
}

Result<std::string> loader_at(int file, const Elf64_Phdr& header, const std::string& path) {
    std::array<char, max_loader_path> text{};
    if (header.p_filesz < 2 || header.p_filesz > text.size()) return damaged(path);
    if (!read_at(file, header.p_offset, text.data(), header.p_filesz)) return damaged(path);
    if (text.at(header.p_filesz - 1) != '\0') return damaged(path);
    return std::string(text.data());
}

// Whether any entry of the dynamic section names a library.
Result<bool> names_libraries(int file, const Elf64_Phdr& header, const std::string& path) {
    const std::uint64_t entries = header.p_filesz / sizeof(Elf64_Dyn);
    if (entries > max_dynamic_entries) return damaged(path);
    for (std::uint64_t i = 0; i < entries; ++i) {
        Elf64_Dyn entry = {};
        if (!read_at(file, header.p_offset + i * sizeof entry, &entry, sizeof entry))
            return damaged(path);
        if (entry.d_tag == DT_NULL) return false;
        if (entry.d_tag == DT_NEEDED) return true;
    }
    return false;
}

// It is about to be started, and the file says which one it is: what a file needs by being started:
// only what a distribution installs as a loader.
bool is_a_loader(const std::string& path) {
    const std::filesystem::path file(path);
    const std::string folder = file.parent_path().string();
    const std::string name = file.filename().string();
    return (folder == "/lib" || folder == "/lib64") &&
           (name.starts_with("ld-linux") || name.starts_with("ld-musl-"));
}

std::string trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

// "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)", "\t/lib64/ld-linux…so.2 (0x…)"; the vDSO
// has no path and no file.
Result<std::string> path_in(const std::string& file, std::string_view line) {
    const std::size_t arrow = line.find(" => ");
    std::string_view place = arrow == std::string_view::npos ? line : line.substr(arrow + 4);
    if (place.find("not found") != std::string_view::npos)
        return Error(Code::invalid, file + ": needs a library that is not there: " +
                                        trimmed(line.substr(0, arrow)));
    const std::size_t address = place.rfind(" (0x");
    const std::string path = trimmed(place.substr(0, address));
    return path.starts_with('/') ? std::filesystem::path(path).lexically_normal().string() : "";
}

bool is_inside(const std::string& path, const std::string& directory) {
    return path.starts_with(directory + "/");
}

}  // namespace

Result<std::optional<ElfFile>> read_elf(int file, const std::string& path) {
    Elf64_Ehdr head = {};
    const bool is_elf = read_at(file, 0, &head, sizeof head) &&
                        std::memcmp(head.e_ident, ELFMAG, SELFMAG) == 0 &&
                        head.e_ident[EI_CLASS] == ELFCLASS64 && head.e_machine == this_machine &&
                        (head.e_type == ET_EXEC || head.e_type == ET_DYN);
    if (!is_elf) return std::optional<ElfFile>();
    if (head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phnum > max_program_headers)
        return damaged(path);
    ElfFile elf;
    for (std::size_t i = 0; i < head.e_phnum; ++i) {
        Elf64_Phdr header = {};
        if (!read_at(file, head.e_phoff + i * sizeof header, &header, sizeof header))
            return damaged(path);
        if (header.p_type == PT_DYNAMIC) {
            HOLDFAST_TRY(needs, names_libraries(file, header, path));
            elf.needs_libraries = needs;
        }
        if (header.p_type != PT_INTERP) continue;
        HOLDFAST_TRY(loader, loader_at(file, header, path));
        elf.loader = std::move(loader);
    }
    return std::optional<ElfFile>(std::move(elf));
}

Result<std::optional<ElfFile>> read_elf(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) return Error(Code::invalid, path + ": " + std::generic_category().message(errno));
    return read_elf(file.get(), path);
}

Result<std::vector<std::string>> libraries_of(const std::string& path, const ElfFile& elf) {
    std::vector<std::string> found;
    const std::string loader = elf.loader.empty() ? usual_loader : elf.loader;
    if (!elf.loader.empty() || elf.needs_libraries) found.push_back(loader);
    if (!elf.needs_libraries) return found;
    if (!is_a_loader(loader))
        return Error(Code::invalid, path + ": its loader " + loader + " is none of this system's");
    HOLDFAST_TRY(listed, run_program({.arguments = {loader, "--list", path},
                                      .input = {},
                                      .world = Program::World::empty,
                                      .max_output = max_list}));
    if (listed.status != 0)
        return Error(Code::invalid, path + ": " + loader + " cannot say what it needs");
    std::string_view rest = listed.output;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        HOLDFAST_TRY(library, path_in(path, line));
        if (!library.empty()) found.push_back(std::move(library));
    }
    return found;
}

Result<std::vector<std::string>> host_files_of(const std::string& directory,
                                               const attest::Tree& tree) {
    std::error_code problem;
    const std::string root = std::filesystem::canonical(directory, problem).string();
    if (problem) return Error(Code::invalid, directory + ": " + problem.message());
    std::set<std::string> found;
    for (const attest::TreeEntry& entry : tree) {
        if (entry.type != attest::EntryType::file) continue;
        const std::string path = root + "/" + entry.path;
        HOLDFAST_TRY(elf, read_elf(path));
        if (!elf) continue;
        HOLDFAST_TRY(libraries, libraries_of(path, *elf));
        for (std::string& library : libraries)
            if (!is_inside(library, root)) found.insert(std::move(library));
    }
    return std::vector<std::string>(found.begin(), found.end());
}

}  // namespace holdfast::cli
