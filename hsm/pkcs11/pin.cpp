#include "hsm/pkcs11/pin.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "core/encode/fields.h"
#include "hsm/pkcs11/error.h"
#include "hsm/pkcs11/uri.h"

namespace holdfast::hsm::pkcs11 {
namespace {

using encode::Fields;
using encode::Json;

constexpr const char* tried_file = "pin-tried.json";
constexpr const char* was_refused = "refused";
constexpr const char* not_heard = "not heard";
constexpr std::size_t max_outcome = 16;

Error missing(const char* what) {
    return Error(Code::denied, std::string("the PIN of pkcs11.pin_file: ") + what)
        .because("pin_missing");
}

// One more byte than the longest PIN and its newline, so that a longer file shows.
Result<SecretBytes> read_all(int descriptor) {
    SecretBytes content(max_pin + 2);
    std::size_t size = 0;
    while (size < content.size()) {
        const ssize_t got = ::pread(descriptor, content.mutable_view().data() + size,
                                    content.size() - size, static_cast<off_t>(size));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return missing("it cannot be read");
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    const ByteView read = content.view().first(size);
    const bool has_newline = !read.empty() && read.back() == '\n';
    return SecretBytes(bytes_of(read.first(size - (has_newline ? 1 : 0))));
}

Result<PinFileIdentity> identity_from(Fields& fields) {
    constexpr auto low = std::numeric_limits<std::int64_t>::min();
    constexpr auto high = std::numeric_limits<std::int64_t>::max();
    HOLDFAST_TRY(device, fields.integer("device", low, high));
    HOLDFAST_TRY(inode, fields.integer("inode", low, high));
    HOLDFAST_TRY(size, fields.integer("size", 0, high));
    HOLDFAST_TRY(seconds, fields.integer("modified_s", low, high));
    HOLDFAST_TRY(nanoseconds, fields.integer("modified_ns", 0, high));
    return PinFileIdentity{.device = device,
                           .inode = inode,
                           .size = size,
                           .modified_s = seconds,
                           .modified_ns = nanoseconds};
}

}  // namespace

Result<PinFileIdentity> pin_file_identity(int descriptor) {
    struct stat facts{};
    if (descriptor < 0 || ::fstat(descriptor, &facts) != 0)
        return missing("the token wants one, and there is no such file open");
    return PinFileIdentity{.device = static_cast<std::int64_t>(facts.st_dev),
                           .inode = static_cast<std::int64_t>(facts.st_ino),
                           .size = facts.st_size,
                           .modified_s = facts.st_mtim.tv_sec,
                           .modified_ns = facts.st_mtim.tv_nsec};
}

Result<Pin> read_pin(int descriptor) {
    HOLDFAST_TRY(identity, pin_file_identity(descriptor));
    HOLDFAST_TRY(bytes, read_all(descriptor));
    if (bytes.empty()) return missing("the file is empty");
    if (bytes.size() > max_pin) return missing("the file is longer than 255 bytes");
    return Pin{.bytes = std::move(bytes), .identity = identity};
}

Done TriedPin::check_may_try(const std::string& serial, const PinFileIdentity& file,
                             bool was_refused_lately) const {
    auto text = files_->read(tried_file);
    if (!text && text.error().code() == Code::not_found) return done();
    if (!text) return std::move(text).error();
    HOLDFAST_TRY(json, encode::parse_json(*text, max_key_file));
    HOLDFAST_TRY(fields, Fields::of(json, "keys/pin-tried.json"));
    HOLDFAST_TRY(tried_in, fields.text("serial", max_serial));
    HOLDFAST_TRY(outcome, fields.text("outcome", max_outcome));
    HOLDFAST_TRY(tried, identity_from(fields));
    HOLDFAST_CHECK(fields.finish());
    if (tried_in != serial || tried != file) return done();
    if (outcome != was_refused && !was_refused_lately) return done();
    return Error(Code::denied,
                 "the token refused the PIN in pkcs11.pin_file, and it is not tried again until "
                 "that file changes: write the right PIN into it, or touch it when the token's "
                 "PIN was changed instead")
        .because(std::string(pin_refused));
}

Done TriedPin::write(const char* outcome, const std::string& serial, const PinFileIdentity& file) {
    Json::Object record;
    record["serial"] = serial;
    record["outcome"] = outcome;
    record["device"] = file.device;
    record["inode"] = file.inode;
    record["size"] = file.size;
    record["modified_s"] = file.modified_s;
    record["modified_ns"] = file.modified_ns;
    return files_->write(tried_file, encode::canonical(std::move(record)));
}

Done TriedPin::trying(const std::string& serial, const PinFileIdentity& file) {
    return write(not_heard, serial, file);
}

Done TriedPin::refused(const std::string& serial, const PinFileIdentity& file) {
    return write(was_refused, serial, file);
}

Done TriedPin::forget() {
    return files_->erase(tried_file);
}

}  // namespace holdfast::hsm::pkcs11
