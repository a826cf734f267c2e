// Files that pass for ELF: what is said of a loader and libraries comes from within the file.
#include <sys/mman.h>
#include <unistd.h>

#include "cli/host_files.h"
#include "holdfast/descriptor.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Descriptor file(::memfd_create("elf", MFD_CLOEXEC));
    const bool written = ::ftruncate(file.get(), 0) == 0 &&
                         ::pwrite(file.get(), data, size, 0) == static_cast<ssize_t>(size);
    promise(written, "a file in memory takes what it is given");
    const auto elf = cli::read_elf(file.get(), "fuzz");
    if (!elf || !*elf) return 0;
    promise(size >= 64, "an ELF file has a header");
    const std::string& loader = (*elf)->loader;
    const auto text = text_of({data, size});
    promise(text.find(loader) != std::string_view::npos, "the loader is named in the file");
    return 0;
}
