// Byte containers: owned, viewed, digests, and secrets that wipe themselves.
#ifndef HOLDFAST_BYTES_H
#define HOLDFAST_BYTES_H

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using Sha256 = std::array<std::uint8_t, 32>;

inline ByteView view_of(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(ByteView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes bytes_of(ByteView view) {
    return {view.begin(), view.end()};
}

// Key material, auth values, shared secrets. Wiped when it goes; cannot be copied or printed.
class SecretBytes {
  public:
    SecretBytes() = default;
    explicit SecretBytes(std::size_t size) : bytes_(size) {}
    explicit SecretBytes(Bytes&& bytes) noexcept : bytes_(std::move(bytes)) {}
    SecretBytes(SecretBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        if (this != &other) {
            wipe();
            bytes_ = std::exchange(other.bytes_, {});
        }
        return *this;
    }
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes() { wipe(); }

    ByteView view() const noexcept { return bytes_; }
    std::span<std::uint8_t> mutable_view() noexcept { return bytes_; }
    std::size_t size() const noexcept { return bytes_.size(); }
    bool empty() const noexcept { return bytes_.empty(); }

  private:
    // Through a volatile pointer, so the compiler cannot drop stores to memory about to be freed.
    void wipe() noexcept {
        volatile std::uint8_t* byte = bytes_.data();
        for (std::size_t i = 0; i < bytes_.size(); ++i)
            byte[i] = 0;
    }

    Bytes bytes_;
};

}  // namespace holdfast

#endif  // HOLDFAST_BYTES_H
