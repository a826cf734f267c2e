#include "ledger/bundle.h"

#include <algorithm>
#include <array>

namespace holdfast::ledger {

namespace {

constexpr std::size_t length_size = 2;
constexpr std::uint64_t path_base = 1000;

std::string three_digits(std::uint64_t value) {
    const std::string digits = std::to_string(value);
    return std::string(3 - digits.size(), '0') + digits;
}

std::size_t length_at(ByteView bundle, std::size_t offset) {
    return static_cast<std::size_t>(bundle[offset]) << 8U | bundle[offset + 1];
}

ByteView without_trailing_zeros(ByteView bytes) {
    const auto last =
        std::find_if(bytes.rbegin(), bytes.rend(), [](std::uint8_t byte) { return byte != 0; });
    return bytes.first(static_cast<std::size_t>(bytes.rend() - last));
}

}  // namespace

std::string bundle_path(std::uint64_t number) {
    std::string path = three_digits(number % path_base);
    for (number /= path_base; number != 0; number /= path_base)
        path.insert(0, "x" + three_digits(number % path_base) + "/");
    return path;
}

std::optional<std::uint64_t> bundle_number(std::string_view path) {
    constexpr std::size_t longest = 5 * 6 + 3;  // past 10^18 no ledger gets
    if (path.size() > longest) return std::nullopt;
    std::uint64_t number = 0;
    for (const char letter : path) {
        if (letter >= '0' && letter <= '9')
            number = number * 10 + static_cast<std::uint64_t>(letter - '0');
    }
    // One number, one text: whatever else is in there makes the two differ.
    if (bundle_path(number) != path) return std::nullopt;
    return number;
}

void append_entry(Bytes& bundle, ByteView record) {
    const std::array<std::uint8_t, length_size> length = {
        static_cast<std::uint8_t>(record.size() >> 8U), static_cast<std::uint8_t>(record.size())};
    bundle.insert(bundle.end(), length.begin(), length.end());
    bundle.insert(bundle.end(), record.begin(), record.end());
}

std::optional<ByteView> entry_at(ByteView bundle, std::size_t offset) {
    if (bundle.size() - offset < length_size) return std::nullopt;
    const std::size_t length = length_at(bundle, offset);
    if (length == 0 || length > max_record) return std::nullopt;
    if (bundle.size() - offset - length_size < length) return std::nullopt;
    const ByteView record = bundle.subspan(offset + length_size, length);
    // A record ends in '}': a zero there is a block that never reached the disk.
    if (record.back() == 0) return std::nullopt;
    return record;
}

bool is_torn_tail(ByteView rest) {
    const ByteView written = without_trailing_zeros(rest);
    if (written.size() < length_size) return true;
    const std::size_t length = length_at(written, 0);
    if (length == 0 || length > max_record) return false;
    const ByteView begun = written.subspan(length_size);
    if (begun.empty()) return true;
    // The strict beginning of one canonical JSON object: shorter than announced, no control
    // character (the length of a next record has one), and not itself an object.
    if (begun.size() >= length || begun.front() != '{') return false;
    const bool text =
        std::all_of(begun.begin(), begun.end(), [](std::uint8_t byte) { return byte >= 0x20; });
    return text && !decode_record(begun);
}

}  // namespace holdfast::ledger
