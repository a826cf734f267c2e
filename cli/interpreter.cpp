#include "cli/interpreter.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "cli/host_files.h"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

constexpr fs::perms executable_mode{0755};
constexpr fs::perms file_mode{0644};

// Folders and files of Python's standard library that no agent needs, or should not have:
// ensurepip brings pip, site- and dist-packages what happens to be installed, the customize modules
// what the administrator likes.
constexpr std::array<std::string_view, 12> left_out{"__pycache__",
                                                    "test",
                                                    "tests",
                                                    "idlelib",
                                                    "idle_test",
                                                    "turtledemo",
                                                    "ensurepip",
                                                    "tkinter",
                                                    "site-packages",
                                                    "dist-packages",
                                                    "sitecustomize.py",
                                                    "usercustomize.py"};
constexpr std::array<std::string_view, 6> left_out_prefixes{"config-", "_tkinter",  "_test",
                                                            "_xxtest", "xxlimited", "_ctypes_test"};

bool is_left_out(std::string_view name) {
    if (std::find(left_out.begin(), left_out.end(), name) != left_out.end()) return true;
    return name == "EXTERNALLY-MANAGED" ||
           std::any_of(left_out_prefixes.begin(), left_out_prefixes.end(),
                       [&](std::string_view prefix) { return name.starts_with(prefix); });
}

Error wrong(const fs::path& path, std::string_view why) {
    return {Code::invalid, path.string() + ": " + std::string(why)};
}

Done check_new(const fs::path& path) {
    std::error_code ignored;
    if (fs::symlink_status(path, ignored).type() == fs::file_type::not_found) return done();
    return Error(Code::conflict, path.string() +
                                     ": is there already; remove it, or leave --interpreter out "
                                     "and name it with --entrypoint");
}

Done make_directory(const fs::path& path) {
    std::error_code problem;
    fs::create_directories(path, problem);
    if (problem) return wrong(path, problem.message());
    return done();
}

// Links are followed: what they point to lies outside the tree.
Done copy_file(const fs::path& from, const fs::path& to, fs::perms mode) {
    std::error_code problem;
    fs::copy_file(from, to, problem);
    if (!problem) fs::permissions(to, mode, problem);
    if (problem) return wrong(from, "cannot be copied: " + problem.message());
    return done();
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the standard library.
Done copy_library(const fs::path& from, const fs::path& to, std::uint64_t& files) {
    HOLDFAST_CHECK(make_directory(to));
    std::error_code problem;
    fs::directory_iterator entries(from, problem);
    for (; !problem && entries != fs::directory_iterator(); entries.increment(problem)) {
        const fs::path name = entries->path().filename();
        if (is_left_out(name.string())) continue;
        std::error_code ignored;
        const fs::file_status status = entries->status(ignored);
        if (fs::is_directory(status) && !entries->is_symlink(ignored)) {
            HOLDFAST_CHECK(copy_library(entries->path(), to / name, files));
        } else if (fs::is_regular_file(status)) {
            HOLDFAST_CHECK(copy_file(entries->path(), to / name, file_mode));
            ++files;
        }
    }
    if (problem) return wrong(from, problem.message());
    return done();
}

// "python3.11" says where its library is; nothing is asked by running it.
bool is_python(const std::string& name) {
    return name.starts_with("python3.") && name.size() > 8 &&
           std::all_of(name.begin() + 8, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<CopiedInterpreter> copy_python(const fs::path& program, const fs::path& directory) {
    const std::string name = program.filename().string();
    const fs::path library = program.parent_path().parent_path() / "lib" / name;
    std::error_code ignored;
    if (!fs::is_regular_file(library / "os.py", ignored))
        return wrong(library, "is not the standard library of this Python (no os.py)");
    const fs::path new_library = directory / "lib" / name;
    HOLDFAST_CHECK(check_new(new_library));
    HOLDFAST_CHECK(copy_file(program, directory / "bin" / "python3", executable_mode));
    CopiedInterpreter copied{"bin/python3", {"-I", "-S", "-B"}, 1};
    HOLDFAST_CHECK(copy_library(library, new_library, copied.files));
    // The landmark by which Python knows the folder of its compiled modules.
    HOLDFAST_CHECK(make_directory(new_library / "lib-dynload"));
    return copied;
}

Result<CopiedInterpreter> copy_node(const fs::path& program, const ElfFile& elf,
                                    const fs::path& directory) {
    HOLDFAST_TRY(libraries, libraries_of(program.string(), elf));
    const bool is_split = std::any_of(libraries.begin(), libraries.end(), [](const auto& library) {
        return library.find("/libnode.so") != std::string::npos;
    });
    if (is_split)
        return wrong(program,
                     "a distribution's node, which reads parts of itself from /usr/share/nodejs "
                     "at run time; take the single file from nodejs.org");
    HOLDFAST_CHECK(copy_file(program, directory / "bin" / "node", executable_mode));
    return CopiedInterpreter{"bin/node", {}, 1};
}

}  // namespace

Result<CopiedInterpreter> copy_interpreter(const std::string& program,
                                           const std::string& directory) {
    std::error_code problem;
    const fs::path real = fs::canonical(program, problem);
    if (problem) return wrong(program, problem.message());
    HOLDFAST_TRY(elf, read_elf(real.string()));
    if (!elf)
        return wrong(real, "is no program of this machine (a script? name the program itself)");
    const std::string name = real.filename().string();
    const bool python = is_python(name);
    if (!python && name != "node") return wrong(real, "must be python3.X or node");
    HOLDFAST_CHECK(make_directory(fs::path(directory) / "bin"));
    HOLDFAST_CHECK(check_new(fs::path(directory) / "bin" / (python ? "python3" : "node")));
    return python ? copy_python(real, directory) : copy_node(real, *elf, directory);
}

}  // namespace holdfast::cli
