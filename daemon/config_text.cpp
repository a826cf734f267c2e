#include "daemon/config_text.h"

#include <boost/program_options.hpp>

#include <sstream>
#include <string_view>

namespace holdfast::daemon {
namespace {

namespace po = boost::program_options;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const auto first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

// Program_options does not say where a key stood, so the lines are walked once more: the same
// grammar ('#' ends a line, [section], key = value), but only to find line numbers.
class Lines {
  public:
    explicit Lines(const std::string& text) {
        std::istringstream stream(text);
        std::string section;
        std::string raw;
        for (unsigned number = 1; std::getline(stream, raw); ++number) {
            const auto line = trimmed(std::string_view(raw).substr(0, raw.find('#')));
            if (line.empty()) continue;
            if (line.front() == '[' && line.back() == ']') {
                section = std::string(line.substr(1, line.size() - 2)) + ".";
                // Program_options takes "[host.]" for "[host]", and reads past the end of "[]".
                if (section == "." || section.ends_with("..")) note_malformed(number);
                continue;
            }
            const auto equals = line.find('=');
            if (equals == std::string_view::npos) {
                note_malformed(number);
                continue;
            }
            keys_[section + std::string(trimmed(line.substr(0, equals)))].push_back(number);
        }
    }

    // The n-th line that sets this key; 0 when there is none.
    unsigned of(const std::string& key, std::size_t n = 0) const {
        const auto found = keys_.find(key);
        if (found == keys_.end() || n >= found->second.size()) return 0;
        return found->second[n];
    }
    unsigned malformed() const { return malformed_; }

  private:
    void note_malformed(unsigned number) {
        if (malformed_ == 0) malformed_ = number;
    }

    std::map<std::string, std::vector<unsigned>> keys_;
    unsigned malformed_ = 0;
};

Error at(const std::string& source, unsigned line, const std::string& what) {
    return Error(Code::invalid, source + ":" + std::to_string(line) + ": " + what);
}

Result<po::parsed_options> parse(const std::string& text, const std::string& source,
                                 const po::options_description& options, const Lines& lines) {
    try {
        std::istringstream stream(text);
        return po::parse_config_file(stream, options);
    } catch (const po::unknown_option& unknown) {
        const std::string name = unknown.get_option_name();
        return at(source, lines.of(name), "unknown setting '" + name + "'");
    } catch (const po::error& wrong) {
        return at(source, lines.malformed(), wrong.what());
    }
}

}  // namespace

Result<ConfigValues> parse_config_text(const std::string& text, const std::string& source,
                                       const std::vector<std::string>& known) {
    const Lines lines(text);
    // Program_options would take "key" without a value in some places; a line is a whole setting.
    if (lines.malformed() != 0)
        return at(source, lines.malformed(), "neither [section] nor key = value");

    po::options_description options;
    for (const auto& name : known)
        options.add_options()(name.c_str(), po::value<std::string>());
    HOLDFAST_TRY(parsed, parse(text, source, options, lines));

    ConfigValues values;
    for (const auto& option : parsed.options) {
        const std::string& key = option.string_key;
        if (values.contains(key)) return at(source, lines.of(key, 1), key + " is set twice");
        const std::string value = option.value.empty() ? "" : option.value.front();
        values[key] = {value, source + ":" + std::to_string(lines.of(key))};
    }
    return values;
}

}  // namespace holdfast::daemon
