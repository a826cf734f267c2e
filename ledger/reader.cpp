#include "ledger/reader.h"

#include <filesystem>
#include <system_error>

#include "ledger/writer/scan.h"

namespace holdfast::ledger {

Result<LedgerHead> read_ledger(const std::string& directory, const Visit& visit) {
    const std::string entries = directory + "/" + entries_directory;
    std::error_code failure;
    if (!std::filesystem::is_directory(entries, failure) && !failure)
        return Error(Code::not_found, directory + ": no ledger is there");
    if (failure == std::errc::no_such_file_or_directory)
        return Error(Code::not_found, directory + ": no ledger is there");
    const Each each = [&visit](std::uint64_t, ByteView leaf) -> Done {
        HOLDFAST_TRY(record, decode_record(leaf));
        return visit(record);
    };
    HOLDFAST_TRY(scanned, scan(directory, std::nullopt, each));
    return scanned.tree.head();
}

}  // namespace holdfast::ledger
