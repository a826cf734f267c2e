// Owners for what C libraries hand out. No other file may free a C object.
#ifndef HOLDFAST_HSM_OWNED_H
#define HOLDFAST_HSM_OWNED_H

#include <memory>

namespace holdfast {

// A stateless deleter, so Owned<T, F> is exactly one pointer wide.
template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};

template <class T, auto Free>
using Owned = std::unique_ptr<T, FreeWith<Free>>;

// Lets a C function fill an Owned through a T** parameter; std::out_ptr is C++23.
template <class Pointer>
class Out {
  public:
    explicit Out(Pointer& target) noexcept : target_(target) {}
    Out(const Out&) = delete;
    Out(Out&&) = delete;
    Out& operator=(const Out&) = delete;
    Out& operator=(Out&&) = delete;
    ~Out() { target_.reset(raw_); }

    // NOLINTNEXTLINE(google-explicit-constructor): it exists to be passed to a C function.
    operator typename Pointer::pointer *() && noexcept { return &raw_; }

  private:
    Pointer& target_;
    typename Pointer::pointer raw_ = nullptr;
};

template <class Pointer>
Out<Pointer> out(Pointer& target) noexcept {
    return Out<Pointer>(target);
}

}  // namespace holdfast

#endif  // HOLDFAST_HSM_OWNED_H
