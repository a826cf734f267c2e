// A register's log as it arrives: what is read is written the same, its prefixes are found, and
// what is made of any text as an event is read again.
#include "attest/eventlog/register_log.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

namespace {

void check_log(std::string_view text) {
    const auto records = attest::parse_cel(text);
    promise(records.has_value() || !attest::read_register_log(text),
            "a register's log is a log first");
    if (!records) return;
    std::string again;
    Sha256 value{};
    for (const attest::CelRecord& record : *records) {
        again += attest::to_cel_line(record);
        value = attest::extended(value, record.digest);
    }
    promise(again == text, "a log has one spelling");
    promise(attest::find_prefix(Sha256{}, *records, value) == records->size(),
            "the whole is a prefix of itself");
    const auto log = attest::read_register_log(text);
    if (log)
        promise(attest::to_content(log->anchor) == log->records.front().content,
                "an anchor has one spelling");
}

void check_content(std::string_view content) {
    const auto record =
        attest::make_cel_record(3, attest::CelPlace::nv_index, 0x018010FF, std::string(content));
    promise(record.has_value() || !attest::check_event(content), "an event can be logged");
    if (!record) return;
    std::string line = attest::to_cel_line(*record);
    promise(line.size() <= content.size() + (attest::max_cel_line - attest::max_cel_content),
            "a line is not longer than room was asked for");
    line.pop_back();
    const auto back = attest::parse_cel_line(line);
    promise(back && *back == *record, "what is written is read again");
    promise(record->content == content, "a content is logged as it came");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = text_of({data, size});
    check_log(text);
    check_content(text);
    return 0;
}
