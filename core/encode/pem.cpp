#include "core/encode/pem.h"

#include "core/encode/base64.h"

namespace holdfast::encode {
namespace {

constexpr std::size_t line_width = 64;  // RFC 7468 §2

// The text between the two boundary lines; RFC 7468 §2 lets white space stand around each line.
Result<Bytes> block_content(std::string_view body) {
    std::string digits;
    digits.reserve(body.size());
    for (const char c : body)
        if (c != '\n' && c != '\r' && c != ' ' && c != '\t') digits.push_back(c);
    auto der = from_base64(digits);
    if (!der) return std::move(der).error().within("pem");
    if (der->empty()) return Error(Code::invalid, "pem: empty block");
    return der;
}

}  // namespace

std::string to_pem(std::string_view label, ByteView der) {
    const std::string digits = base64(der);
    std::string text = "-----BEGIN ";
    text.append(label).append("-----\n");
    for (std::size_t at = 0; at < digits.size(); at += line_width)
        text.append(digits, at, line_width).append("\n");
    text.append("-----END ").append(label).append("-----\n");
    return text;
}

Result<std::vector<Bytes>> from_pem(std::string_view text, std::string_view label) {
    const std::string begin = "-----BEGIN " + std::string(label) + "-----";
    const std::string end = "-----END " + std::string(label) + "-----";
    std::vector<Bytes> blocks;
    for (std::size_t at = text.find(begin); at != std::string_view::npos;
         at = text.find(begin, at)) {
        at += begin.size();
        const std::size_t stop = text.find(end, at);
        if (stop == std::string_view::npos)
            return Error(Code::invalid, "pem: no end of " + std::string(label));
        HOLDFAST_TRY(der, block_content(text.substr(at, stop - at)));
        blocks.push_back(std::move(der));
        at = stop + end.size();
    }
    if (blocks.empty()) return Error(Code::invalid, "pem: no " + std::string(label));
    return blocks;
}

}  // namespace holdfast::encode
