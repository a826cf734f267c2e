// The configuration: refused with its source and a line, or read back from its own dump the same.
#include <sstream>

#include "daemon/config.h"
#include "daemon/config_text.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

namespace {

bool names_a_line(std::string_view text) {
    constexpr std::string_view source = "fuzz.conf:";
    return text.starts_with(source) && text.size() > source.size() && text[source.size()] >= '1' &&
           text[source.size()] <= '9';
}

void check_grammar(const std::string& text) {
    const auto values = daemon::parse_config_text(text, "fuzz.conf", daemon::setting_names());
    if (!values) {
        promise(values.error().code() == Code::invalid && names_a_line(values.error().text()),
                "what is wrong is named with its line");
        return;
    }
    for (const auto& [key, value] : *values) {
        promise(names_a_line(value.origin), "every value came from a line");
        promise(value.value.find_first_of("\n#") == std::string::npos, "a value is within a line");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(text_of({data, size}));
    check_grammar(text);
    std::istringstream in(text);
    const auto settings = daemon::parse_settings(in);
    if (!settings) return 0;
    promise(daemon::check_settings(*settings).has_value(), "what is accepted is within its bounds");
    std::istringstream dump(daemon::dump_settings(*settings, nullptr));
    const auto again = daemon::parse_settings(dump);
    promise(again && *again == *settings, "a dump reads back to the same settings");
    return 0;
}
