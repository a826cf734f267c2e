// A request head is refused with a reason that has a status, or it has exactly one reading: a
// second, simple-minded reader finds the same in it.
#include <string>
#include <vector>

#include "daemon/front/http.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

namespace {

struct Field {
    std::string name;  // lower case
    std::string value;
};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::string_view take_line(std::string_view& rest) {
    const auto end = rest.find("\r\n");
    promise(end != std::string_view::npos, "every line of an accepted head ends in CR LF");
    const auto line = rest.substr(0, end);
    promise(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
            "no line of an accepted head holds CR, LF or NUL");
    rest.remove_prefix(end + 2);
    return line;
}

std::vector<Field> fields_of(std::string_view rest) {
    std::vector<Field> fields;
    for (auto line = take_line(rest); !line.empty(); line = take_line(rest)) {
        const auto colon = line.find(':');
        promise(colon != std::string_view::npos && colon > 0, "every field has a name");
        const auto name = line.substr(0, colon);
        promise(name.find_first_of(" \t") == std::string_view::npos, "no space before a colon");
        fields.push_back({lower(name), trimmed(line.substr(colon + 1))});
    }
    promise(rest.empty(), "an accepted head ends at its first empty line");
    return fields;
}

// The values of all fields of that name.
std::vector<std::string> all(const std::vector<Field>& fields, std::string_view name) {
    std::vector<std::string> values;
    for (const Field& field : fields)
        if (field.name == name) values.push_back(field.value);
    return values;
}

void check_reading(std::string_view text, const daemon::RequestHead& head) {
    std::string_view rest = text;
    promise(take_line(rest) == head.method + " " + head.target + " HTTP/1.1",
            "the request line is method, target and version, one space between them");
    promise(head.target.find_first_of(" \t\x7f") == std::string::npos, "a target has no space");
    const auto fields = fields_of(rest);
    promise(all(fields, "transfer-encoding").empty(), "no Transfer-Encoding");
    promise(all(fields, "host").size() == 1, "one Host");
    const auto lengths = all(fields, "content-length");
    promise(lengths.size() <= 1, "at most one Content-Length");
    promise(lengths.empty() ? head.content_length == 0
                            : lengths[0].find_first_not_of("0123456789") == std::string::npos &&
                                  std::stoull(lengths[0]) == head.content_length,
            "the body has the length that Content-Length says, in plain digits");
    const auto types = all(fields, "content-type");
    const bool json = types.size() == 1 &&
                      trimmed(types[0].substr(0, types[0].find(';'))).size() == 16 &&
                      lower(types[0]).starts_with("application/json");
    promise(json || !head.json, "JSON is only what Content-Type calls so, once");
    promise(head.expects_continue == (all(fields, "expect").size() == 1 &&
                                      lower(all(fields, "expect")[0]) == "100-continue"),
            "a wait for 100 Continue is what Expect asks for");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = text_of({data, size});
    const auto head = daemon::parse_head(text);
    if (!head) {
        const auto reply = daemon::problem_reply(head.error());
        promise(reply.status >= 400 && reply.status < 600, "a refusal has a status");
        return 0;
    }
    promise(size <= daemon::max_request_head, "an accepted head is within its bound");
    check_reading(text, *head);
    promise(!daemon::parse_head(text.substr(0, size - 1)), "no prefix of a head is a head");
    return 0;
}
