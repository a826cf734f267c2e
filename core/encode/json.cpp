#include "core/encode/json.h"

#include <boost/json/basic_parser_impl.hpp>

#include <optional>
#include <utility>

namespace holdfast::encode {
namespace {

namespace json = boost::json;

// Receives what Boost.JSON's tokeniser reads and refuses what RFC 8259 leaves open: Boost keeps the
// last of two equal names, reads -0 as 0 and a 30-digit integer as a double.
class Builder {
  public:
    explicit Builder(std::size_t max_values) : values_left_(max_values) {}

    // Boost asks for these limits by name; parse_json bounds the whole text instead.
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code& ec) { return open(Json::Object(), ec); }
    bool on_object_end(std::size_t, json::error_code& ec) { return close(ec); }
    bool on_array_begin(json::error_code& ec) { return open(Json::Array(), ec); }
    bool on_array_end(std::size_t, json::error_code& ec) { return close(ec); }

    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        return gather(part);
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& ec) {
        gather(part);
        Frame& frame = frames_.back();
        frame.name = std::exchange(text_, {});
        if (std::get<Json::Object>(frame.value).contains(frame.name))
            return refuse("duplicate member name", ec);
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        return gather(part);
    }
    bool on_string(json::string_view part, std::size_t, json::error_code& ec) {
        gather(part);
        return add(Json(std::exchange(text_, {})), ec);
    }
    bool on_number_part(json::string_view part, json::error_code&) { return gather(part); }
    bool on_int64(std::int64_t value, json::string_view part, json::error_code& ec) {
        gather(part);
        const std::string digits = std::exchange(text_, {});
        if (digits == "-0") return refuse("-0 is not accepted", ec);
        if (value > max_json_integer || value < -max_json_integer)
            return refuse("integer out of range", ec);
        return add(Json(value), ec);
    }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code& ec) {
        return refuse("integer out of range", ec);
    }
    bool on_double(double, json::string_view, json::error_code& ec) {
        return refuse("only integers within ±(2^53-1) are accepted", ec);
    }
    bool on_bool(bool value, json::error_code& ec) { return add(Json(value), ec); }
    bool on_null(json::error_code& ec) { return add(Json(), ec); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

    Json take() { return std::move(root_); }
    // What we refused; empty when the tokeniser did.
    std::string_view refusal() const { return refusal_; }

  private:
    struct Frame {
        std::variant<Json::Object, Json::Array> value;
        std::string name;  // of the member being read
    };

    template <class Container>
    bool open(Container container, json::error_code& ec) {
        if (frames_.size() == max_json_depth) return refuse("nested too deeply", ec);
        frames_.push_back({std::move(container), {}});
        return true;
    }

    bool close(json::error_code& ec) {
        Frame frame = std::move(frames_.back());
        frames_.pop_back();
        return add(std::visit([](auto& value) { return Json(std::move(value)); }, frame.value), ec);
    }

    bool add(Json value, json::error_code& ec) {
        if (values_left_ == 0) return refuse("more values than expected", ec);
        --values_left_;
        if (frames_.empty()) {
            root_ = std::move(value);
            return true;
        }
        Frame& frame = frames_.back();
        if (auto* object = std::get_if<Json::Object>(&frame.value)) {
            object->insert_or_assign(std::exchange(frame.name, {}), std::move(value));
        } else {
            std::get<Json::Array>(frame.value).push_back(std::move(value));
        }
        return true;
    }

    bool gather(json::string_view part) {
        text_.append(part.data(), part.size());
        return true;
    }

    bool refuse(const char* why, json::error_code& ec) {
        refusal_ = why;
        ec = json::error::syntax;
        return false;
    }

    std::vector<Frame> frames_;
    std::string text_;  // string, name or number read so far
    std::string_view refusal_;
    std::size_t values_left_;
    Json root_;
};

Error unreadable(std::string_view why, std::size_t at) {
    return Error(Code::invalid, "json: " + std::string(why) + " at byte " + std::to_string(at));
}

}  // namespace

// NOLINTBEGIN(misc-no-recursion): readers stop at max_json_depth.
Json::Json(const Json& other) = default;
Json& Json::operator=(const Json& other) = default;
// NOLINTEND(misc-no-recursion)

const Json* Json::find(std::string_view name) const noexcept {
    const Object* members = object();
    if (members == nullptr) return nullptr;
    const auto member = members->find(name);
    return member == members->end() ? nullptr : &member->second;
}

Result<Json> parse_json(std::string_view text, std::size_t max_bytes, std::size_t max_values) {
    if (text.size() > max_bytes)
        return Error(Code::invalid, "json: more than " + std::to_string(max_bytes) + " bytes");
    json::basic_parser<Builder> parser{json::parse_options(), max_values};
    json::error_code ec;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    if (ec && !parser.handler().refusal().empty())
        return unreadable(parser.handler().refusal(), read);
    if (ec) return unreadable(ec.message(), read);
    if (read != text.size()) return unreadable("something follows the value", read);
    return parser.handler().take();
}

}  // namespace holdfast::encode
