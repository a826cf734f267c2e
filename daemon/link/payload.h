// What the codecs of payloads share: counted lists, bounded texts, and nothing left over.
#ifndef HOLDFAST_DAEMON_LINK_PAYLOAD_H
#define HOLDFAST_DAEMON_LINK_PAYLOAD_H

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "daemon/link/messages.h"

namespace holdfast::daemon::payload {

inline Error malformed(const char* what) {
    return Error(Code::invalid, std::string("link: malformed payload: ") + what);
}

inline Result<Sha256> get_sha256(PayloadReader& in) {
    HOLDFAST_TRY(bytes, in.bytes());
    Sha256 digest{};
    if (bytes.size() != digest.size()) return malformed("digest");
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
}

inline Result<std::string> get_text(PayloadReader& in, std::size_t max) {
    HOLDFAST_TRY(text, in.text());
    if (text.size() > max) return malformed("length of a text");
    return text;
}

inline Result<std::uint32_t> get_count(PayloadReader& in, std::size_t max) {
    HOLDFAST_TRY(count, in.u32());
    if (count > max) return malformed("number of items");
    return count;
}

// A byte that is one of an enumeration's values, which have no gaps.
template <class T>
Result<T> get_one(PayloadReader& in, T first, T last, const char* what) {
    HOLDFAST_TRY(value, in.u8());
    if (value < static_cast<std::uint8_t>(first) || value > static_cast<std::uint8_t>(last))
        return malformed(what);
    return static_cast<T>(value);
}

template <class T>
Result<T> whole(ByteView payload, Result<T> (*get)(PayloadReader&)) {
    PayloadReader in(payload);
    HOLDFAST_TRY(value, get(in));
    HOLDFAST_CHECK(in.finish());
    return value;
}

template <class T>
Result<std::vector<T>> get_all(PayloadReader& in, std::size_t max,
                               Result<T> (*get)(PayloadReader&)) {
    HOLDFAST_TRY(count, get_count(in, max));
    std::vector<T> all;
    for (std::uint32_t i = 0; i < count; ++i) {
        HOLDFAST_TRY(one, get(in));
        all.push_back(std::move(one));
    }
    return all;
}

inline constexpr std::size_t max_certificates = 16;

inline void put_certificates(PayloadWriter& out, const std::vector<Bytes>& list) {
    out.u32(static_cast<std::uint32_t>(list.size()));
    for (const auto& item : list)
        out.bytes(item);
}

inline Result<std::vector<Bytes>> get_certificates(PayloadReader& in) {
    return get_all<Bytes>(in, max_certificates, [](PayloadReader& list) { return list.bytes(); });
}

}  // namespace holdfast::daemon::payload

#endif  // HOLDFAST_DAEMON_LINK_PAYLOAD_H
