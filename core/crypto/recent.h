// Recent: what was lately read from certain bytes, so that the same bytes need not be read again.
#ifndef HOLDFAST_CORE_CRYPTO_RECENT_H
#define HOLDFAST_CORE_CRYPTO_RECENT_H

#include <cstddef>
#include <map>
#include <utility>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

// For functions of bytes and nothing else. Keyed by all of the bytes, never by a digest of them;
// failures are not remembered. Bounded: when full it starts anew. One thread.
template <class Value>
class Recent {
  public:
    static constexpr std::size_t max_entries = 64;
    static constexpr std::size_t max_bytes = 4096;  // longer ones are read anew each time

    Result<Value> read(ByteView bytes, Result<Value> (*reader)(ByteView)) {
        if (bytes.size() > max_bytes) return reader(bytes);
        Bytes key = bytes_of(bytes);
        if (const auto known = values_.find(key); known != values_.end()) return known->second;
        HOLDFAST_TRY(value, reader(bytes));
        if (values_.size() >= max_entries) values_.clear();
        return values_.emplace(std::move(key), std::move(value)).first->second;
    }

    std::size_t size() const noexcept { return values_.size(); }

  private:
    std::map<Bytes, Value> values_;
};

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_RECENT_H
