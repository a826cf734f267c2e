// Descriptor: one open file descriptor, closed when it goes. Move only.
#ifndef HOLDFAST_DESCRIPTOR_H
#define HOLDFAST_DESCRIPTOR_H

#include <unistd.h>

#include <utility>

namespace holdfast {

class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int descriptor) noexcept : descriptor_(descriptor) {}
    Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (descriptor_ >= 0) (void)::close(descriptor_);
    }

    int get() const noexcept { return descriptor_; }
    explicit operator bool() const noexcept { return descriptor_ >= 0; }
    // Hands the number to someone else who will close it (a library, a new process).
    int give_away() noexcept { return std::exchange(descriptor_, -1); }

  private:
    int descriptor_ = -1;
};

}  // namespace holdfast

#endif  // HOLDFAST_DESCRIPTOR_H
