// Files made by others, read from $HOLDFAST_TESTDATA; tests skip where it is unset.
#ifndef HOLDFAST_TESTS_SUPPORT_TESTDATA_H
#define HOLDFAST_TESTS_SUPPORT_TESTDATA_H

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "holdfast/bytes.h"

namespace holdfast::tests {

inline std::string testdata() {
    const char* folder = std::getenv("HOLDFAST_TESTDATA");
    return folder == nullptr ? "" : folder;
}

inline std::string testdata_text(const std::string& path) {
    std::ifstream file(testdata() + "/" + path, std::ios::binary);
    if (!file) throw std::runtime_error("no test data " + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline Bytes testdata_bytes(const std::string& path) {
    return bytes_of(view_of(testdata_text(path)));
}

inline encode::Json testdata_json(const std::string& path) {
    auto json = encode::parse_json(testdata_text(path), 16UL << 20U);
    if (!json) throw std::runtime_error(path + ": " + json.error().text());
    return *std::move(json);
}

// The bytes of a member that holds hex.
inline Bytes hex_member(const encode::Json& json, const char* name) {
    return *encode::from_hex(*json.find(name)->string());
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_TESTDATA_H
