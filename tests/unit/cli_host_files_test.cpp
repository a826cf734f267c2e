// What an ELF file says of its loader, read by its headers; and interpreters copied into a tree.
#include <elf.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/host_files.h"
#include "cli/interpreter.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using namespace holdfast::cli;

namespace {

// A program with a loader and a dynamic section, as small as can be.
struct Elf {
    Elf64_Ehdr head = {};
    Elf64_Phdr loader = {};
    Elf64_Phdr dynamic = {};
    std::string interpreter = std::string("/lib64/ld-linux-x86-64.so.2") + '\0';
    std::vector<Elf64_Dyn> entries{{DT_NEEDED, {1}}, {DT_NULL, {0}}};

    Elf() {
        std::memcpy(head.e_ident, ELFMAG, SELFMAG);
        head.e_ident[EI_CLASS] = ELFCLASS64;
        head.e_type = ET_DYN;
#if defined(__aarch64__)
        head.e_machine = EM_AARCH64;
#else
        head.e_machine = EM_X86_64;
#endif
        head.e_phoff = sizeof head;
        head.e_phentsize = sizeof loader;
        head.e_phnum = 2;
        loader.p_type = PT_INTERP;
        dynamic.p_type = PT_DYNAMIC;
    }
    // Sizes and places as they are, before `bend` makes some of them wrong.
    template <class Bend>
    std::string bytes(Bend bend) {
        loader.p_offset = sizeof head + sizeof loader + sizeof dynamic;
        loader.p_filesz = interpreter.size();
        dynamic.p_offset = loader.p_offset + interpreter.size();
        dynamic.p_filesz = entries.size() * sizeof(Elf64_Dyn);
        bend(*this);
        std::string text;
        const auto put = [&text](const auto& value) {
            text.append(reinterpret_cast<const char*>(&value), sizeof value);
        };
        put(head);
        put(loader);
        put(dynamic);
        text += interpreter;
        for (const Elf64_Dyn& entry : entries)
            put(entry);
        return text;
    }
};

Result<std::optional<ElfFile>> read(const std::string& bytes) {
    const tests::TemporaryDirectory directory;
    std::ofstream(directory.file("f"), std::ios::binary) << bytes;
    return read_elf(directory.file("f"));
}

template <class Bend>
Result<std::optional<ElfFile>> bent(Bend bend) {
    return read(Elf().bytes(bend));
}

bool is_damaged(const Result<std::optional<ElfFile>>& elf) {
    return !elf && elf.error().text().find("damaged") != std::string::npos;
}

}  // namespace

TEST_CASE("host files: an ELF file names its loader and whether it needs libraries", "[cli]") {
    const auto program = bent([](Elf&) {});
    REQUIRE(program);
    REQUIRE(*program);
    CHECK((*program)->loader == "/lib64/ld-linux-x86-64.so.2");
    CHECK((*program)->needs_libraries);
    const auto alone = bent([](Elf& elf) { elf.entries[0].d_tag = DT_NULL; });
    REQUIRE(alone);
    CHECK_FALSE((*alone)->needs_libraries);
    const auto library = bent([](Elf& elf) { elf.loader.p_type = PT_NULL; });
    REQUIRE(library);
    CHECK((*library)->loader.empty());
}

TEST_CASE("host files: scripts and other machines' programs are no ELF files here", "[cli]") {
    for (const std::string text : {"", "#!/bin/sh\n",
                                   "\x7f"
                                   "ELF"}) {
        const auto elf = read(text);
        REQUIRE(elf);
        CHECK_FALSE(*elf);
    }
    const auto other = bent([](Elf& elf) { elf.head.e_machine = EM_RISCV; });
    REQUIRE(other);
    CHECK_FALSE(*other);
    CHECK_FALSE(read_elf("/nowhere"));
}

TEST_CASE("host files: what an ELF file says beyond its end or without end is damage", "[cli]") {
    CHECK(is_damaged(bent([](Elf& elf) { elf.head.e_phentsize = 1; })));
    CHECK(is_damaged(bent([](Elf& elf) { elf.head.e_phoff = ~0ULL; })));
    CHECK(is_damaged(bent([](Elf& elf) { elf.loader.p_offset = 1U << 20U; })));
    CHECK(is_damaged(bent([](Elf& elf) { elf.loader.p_filesz = 1; })));
    CHECK(is_damaged(bent([](Elf& elf) { elf.loader.p_filesz -= 1; })));  // no NUL at its end
    CHECK(is_damaged(bent([](Elf& elf) { elf.dynamic.p_offset = ~0ULL - 8; })));
    CHECK(is_damaged(bent([](Elf& elf) {
        elf.dynamic.p_offset += 16;  // past the needed library
        elf.dynamic.p_filesz = 3 * sizeof(Elf64_Dyn);
        elf.entries[1].d_tag = DT_SONAME;
    })));
    const auto with_headers = [](Elf64_Half count) {
        std::string text = Elf().bytes([&](Elf& elf) { elf.head.e_phnum = count; });
        return read(text + std::string(200 * sizeof(Elf64_Phdr), '\0'));
    };
    CHECK_FALSE(is_damaged(with_headers(128)));
    CHECK(is_damaged(with_headers(129)));
    const auto with_entries = [](std::size_t count) {
        Elf elf;
        elf.entries.assign(count, {DT_SONAME, {1}});
        return read(elf.bytes([](Elf&) {}));
    };
    CHECK_FALSE(is_damaged(with_entries(4096)));
    CHECK(is_damaged(with_entries(4097)));
    const auto with_loader = [](std::size_t size) {
        Elf elf;
        elf.interpreter = "/" + std::string(size - 2, 'l') + '\0';
        return read(elf.bytes([](Elf&) {}));
    };
    CHECK_FALSE(is_damaged(with_loader(256)));
    CHECK(is_damaged(with_loader(257)));
}

TEST_CASE("host files: a file cannot choose what is started to read it", "[cli]") {
    const tests::TemporaryDirectory directory;
    const std::string marker = directory.file("started");
    const std::string evil = directory.file("ld-linux-evil.so");
    std::ofstream(evil) << "#!/bin/sh\ntouch " << marker << "\n";
    std::filesystem::permissions(evil, std::filesystem::perms(0755));
    for (const std::string& loader : {evil, std::string("/bin/sh"), std::string("/lib/../bin/sh"),
                                      std::string("lib64/ld-linux-x86-64.so.2")})
        CHECK_FALSE(libraries_of(directory.file("any"), {loader, true}));
    CHECK_FALSE(std::filesystem::exists(marker));
}

TEST_CASE("host files: the libraries of a real program, with its loader", "[cli]") {
    const std::string program = std::filesystem::canonical("/proc/self/exe").string();
    const auto elf = read_elf(program);
    REQUIRE(elf);
    REQUIRE(*elf);
    const auto libraries = libraries_of(program, **elf);
    REQUIRE(libraries);
    CHECK(libraries->front() == (*elf)->loader);
    bool libc = false;
    for (const std::string& path : *libraries) {
        CHECK(path.starts_with("/"));
        libc = libc || path.find("libc.so") != std::string::npos;
    }
    CHECK(libc);
    CHECK(libraries_of(program, {"", false})->empty());
}

TEST_CASE("interpreter: only programs of this machine, python3.X or node", "[cli]") {
    const tests::TemporaryDirectory directory;
    std::ofstream(directory.file("python3.11")) << "#!/bin/sh\n";
    CHECK_FALSE(copy_interpreter(directory.file("python3.11"), directory.path()));
    CHECK_FALSE(copy_interpreter(directory.file("nowhere"), directory.path()));
    CHECK_FALSE(copy_interpreter("/proc/self/exe", directory.path()));
    CHECK_FALSE(std::filesystem::exists(directory.file("bin")));
}

TEST_CASE("interpreter: tests, bytecode and installed packages stay behind", "[cli]") {
    namespace fs = std::filesystem;
    const tests::TemporaryDirectory from;
    const tests::TemporaryDirectory to;
    const std::string library = from.file("lib/python3.99");
    fs::create_directories(from.file("bin"));
    for (const char* folder : {"json", "lib-dynload", "test", "__pycache__", "site-packages",
                               "json/__pycache__", "json/tests", "config-3.99", "ensurepip"})
        fs::create_directories(library + "/" + folder);
    for (const char* file : {"os.py", "json/decoder.py", "json/tests/t.py", "test/t.py",
                             "site-packages/evil.py", "sitecustomize.py", "lib-dynload/_ssl.so",
                             "lib-dynload/_testcapi.so", "__pycache__/os.pyc"})
        std::ofstream(library + "/" + file) << file;
    fs::create_symlink("/etc/hostname", library + "/linked.py");
    fs::copy_file("/proc/self/exe", from.file("bin/python3.99"));
    const auto copied = copy_interpreter(from.file("bin/python3.99"), to.path());
    REQUIRE(copied);
    CHECK(copied->entrypoint == "bin/python3");
    CHECK(copied->options == std::vector<std::string>{"-I", "-S", "-B"});
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(to.path())) {
        CHECK_FALSE(entry.is_symlink());
        if (entry.is_regular_file())
            found.push_back(fs::relative(entry.path(), to.path()).string());
    }
    std::sort(found.begin(), found.end());
    CHECK(found == std::vector<std::string>{"bin/python3", "lib/python3.99/json/decoder.py",
                                            "lib/python3.99/lib-dynload/_ssl.so",
                                            "lib/python3.99/linked.py", "lib/python3.99/os.py"});
    // A second time it would mix two versions.
    const auto again = copy_interpreter(from.file("bin/python3.99"), to.path());
    REQUIRE_FALSE(again);
    CHECK(again.error().code() == Code::conflict);
}
