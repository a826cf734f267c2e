// SSH's wire encoding (RFC 4251 §5): strings with their length in front, read strictly and written.
#ifndef HOLDFAST_CORE_ENCODE_SSH_WIRE_H
#define HOLDFAST_CORE_ENCODE_SSH_WIRE_H

#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::encode {

class SshReader {
  public:
    explicit SshReader(ByteView bytes) noexcept : rest_(bytes) {}

    Result<std::uint8_t> byte() {
        HOLDFAST_TRY(bytes, take(1));
        return bytes[0];
    }
    Result<std::uint32_t> number() {
        HOLDFAST_TRY(bytes, take(4));
        return (std::uint32_t{bytes[0]} << 24U) | (std::uint32_t{bytes[1]} << 16U) |
               (std::uint32_t{bytes[2]} << 8U) | bytes[3];
    }
    // Of what is read from, not a copy.
    Result<ByteView> string() {
        HOLDFAST_TRY(size, number());
        return take(size);
    }
    // The magnitude of an mpint that is positive and as short as it can be.
    Result<ByteView> positive_number() {
        HOLDFAST_TRY(bytes, string());
        if (bytes.empty() || (bytes[0] & 0x80U) != 0) return wrong("a number must be positive");
        if (bytes[0] != 0) return bytes;
        if (bytes.size() == 1 || (bytes[1] & 0x80U) == 0)
            return wrong("a number with a needless zero in front");
        return bytes.subspan(1);
    }
    Done finish() const {
        if (!rest_.empty()) return wrong("trailing bytes");
        return done();
    }

  private:
    static Error wrong(std::string_view why) { return {Code::invalid, "ssh: " + std::string(why)}; }
    Result<ByteView> take(std::size_t size) {
        if (size > rest_.size()) return wrong("cut short");
        const ByteView taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }

    ByteView rest_;
};

class SshWriter {
  public:
    SshWriter& raw(ByteView bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    SshWriter& number(std::uint32_t value) {
        for (const unsigned shift : {24U, 16U, 8U, 0U})
            bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
        return *this;
    }
    SshWriter& string(ByteView bytes) {
        return number(static_cast<std::uint32_t>(bytes.size())).raw(bytes);
    }
    Bytes take() { return std::move(bytes_); }

  private:
    Bytes bytes_;
};

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_SSH_WIRE_H
