#include "ledger/writer/scan.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "ledger/bundle.h"
#include "ledger/record.h"
#include "ledger/writer/disk.h"

namespace holdfast::ledger {

namespace {

Error edited(std::string_view what) {
    return Error(Code::conflict, "ledger: edited or damaged: " + std::string(what))
        .because("ledger_edited");
}

Error edited(std::uint64_t bundle, std::size_t offset, std::string_view what) {
    return edited(std::string(entries_directory) + "/" + bundle_path(bundle) + " at byte " +
                  std::to_string(offset) + ": " + std::string(what));
}

// Numbers of all bundles there are. Other files are not the ledger's business.
Result<std::vector<std::uint64_t>> bundles_in(const std::string& entries) {
    namespace fs = std::filesystem;
    std::vector<std::uint64_t> found;
    std::error_code failure;
    fs::recursive_directory_iterator entry(entries, failure);
    for (; !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
        const auto path = entry->path().string().substr(entries.size() + 1);
        if (const auto number = bundle_number(path)) found.push_back(*number);
    }
    if (failure) return disk_failure("list", entries, failure.value());
    std::sort(found.begin(), found.end());
    return found;
}

class Scanner {
  public:
    Scanner(std::string entries, const std::optional<LedgerHead>& known, const Each& each)
        : entries_(std::move(entries)), known_(known), each_(each) {}

    Done read_bundle(std::uint64_t number, bool newest);
    Done finish() const;
    Scan take() { return std::move(scan_); }

  private:
    Done take_record(ByteView record);

    std::string entries_;
    const std::optional<LedgerHead>& known_;
    const Each& each_;
    Scan scan_;
};

Done Scanner::take_record(ByteView leaf) {
    const std::uint64_t index = scan_.tree.size();
    HOLDFAST_TRY(record, decode_record(leaf));
    if (record.index != index)
        return Error(Code::invalid, "record says index " + std::to_string(record.index) +
                                        " but is at " + std::to_string(index));
    scan_.tree.append(leaf_hash(leaf));
    if (known_ && known_->size == index + 1 && known_->root != scan_.tree.head().root)
        return Error(Code::invalid, "the root up to here is not the one remembered");
    return each_(index, leaf);
}

Done Scanner::read_bundle(std::uint64_t number, bool newest) {
    HOLDFAST_TRY(bytes, read_file(entries_ + "/" + bundle_path(number), max_bundle));
    std::size_t offset = 0;
    std::uint64_t count = 0;
    for (; offset < bytes.size(); ++count) {
        if (count == bundle_records) return edited(number, offset, "more than 256 records");
        const auto record = entry_at(bytes, offset);
        if (!record) break;
        if (auto taken = take_record(*record); !taken)
            return edited(number, offset, taken.error().text());
        offset += 2 + record->size();
    }
    const ByteView rest = ByteView(bytes).subspan(offset);
    if (!rest.empty() && (!newest || !is_torn_tail(rest)))
        return edited(number, offset, "no whole record");
    if (!newest && count != bundle_records)
        return edited(number, offset, "ends early, but a later bundle exists");
    scan_.torn_bytes = rest.size();
    scan_.end = Position{number, offset};
    if (count == bundle_records) scan_.end = Position{number + 1, 0};
    return done();
}

Done Scanner::finish() const {
    if (!known_ || known_->size <= scan_.tree.size()) return done();
    return edited("it ends at record " + std::to_string(scan_.tree.size()) + ", but " +
                  std::to_string(known_->size) + " are remembered");
}

}  // namespace

Result<Scan> scan(const std::string& directory, const std::optional<LedgerHead>& known,
                  const Each& each) {
    const std::string entries = directory + "/" + entries_directory;
    HOLDFAST_TRY(numbers, bundles_in(entries));
    Scanner scanner(entries, known, each);
    for (std::uint64_t number = 0; number < numbers.size(); ++number) {
        if (numbers[number] != number)
            return edited(std::string(entries_directory) + "/" + bundle_path(number) +
                          " is missing");
        HOLDFAST_CHECK(scanner.read_bundle(number, number + 1 == numbers.size()));
    }
    HOLDFAST_CHECK(scanner.finish());
    return scanner.take();
}

}  // namespace holdfast::ledger
