// One TPM command or answer in a byte stream: is it all there?
#ifndef HOLDFAST_BENCH_SLOW_TPM_FRAME_H
#define HOLDFAST_BENCH_SLOW_TPM_FRAME_H

#include <cstddef>
#include <cstdint>

#include "holdfast/bytes.h"

namespace holdfast::bench {

inline constexpr std::size_t frame_header = 10;  // tag, size, code (Part 1, 18)
inline constexpr std::size_t max_frame = 4096;   // TPM2_MAX_COMMAND_SIZE
inline constexpr std::uint16_t no_sessions = 0x8001, with_sessions = 0x8002;

enum class Frame : std::uint8_t { partial, whole, malformed };

inline std::uint32_t big_endian_at(ByteView bytes, std::size_t at, std::size_t width) noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + width; ++i)
        value = (value << 8U) | bytes[i];
    return value;
}

// A frame ends where its header says; more bytes behind it are nobody's, so malformed.
inline Frame look_at(ByteView bytes) noexcept {
    if (bytes.size() < frame_header) return Frame::partial;
    const auto tag = big_endian_at(bytes, 0, 2);
    const std::size_t size = big_endian_at(bytes, 2, 4);
    if (tag != no_sessions && tag != with_sessions) return Frame::malformed;
    if (size < frame_header || size > max_frame || bytes.size() > size) return Frame::malformed;
    return bytes.size() == size ? Frame::whole : Frame::partial;
}

// Of a whole frame.
inline std::uint32_t code_of(ByteView frame) noexcept {
    return big_endian_at(frame, 6, 4);
}

}  // namespace holdfast::bench

#endif  // HOLDFAST_BENCH_SLOW_TPM_FRAME_H
