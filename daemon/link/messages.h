// The wire of the links: small binary messages over SOCK_SEQPACKET, one datagram each.
#ifndef HOLDFAST_DAEMON_LINK_MESSAGES_H
#define HOLDFAST_DAEMON_LINK_MESSAGES_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

inline constexpr std::size_t max_payload = 64UL * 1024;
inline constexpr std::size_t max_descriptors = 253;  // the kernel's own bound per message
// With the worker at once: what it does, and what it does next without a pause. The rest waits in
// the front, where turns are fair and who gives up costs the worker nothing.
inline constexpr std::size_t link_window = 2;
inline constexpr std::size_t max_waiting = 256;
inline constexpr std::size_t max_waiting_per_flow = 24;
// On top, for what ends a key: callers who sign must not be able to keep a fuse from being blown.
inline constexpr std::size_t max_waiting_endings = 8;

// NOLINTNEXTLINE(performance-enum-size): as wide as on the wire
enum class Operation : std::uint16_t {
    // supervisor ↔ front
    attach = 1,           // payload: worker kind, generation; one descriptor: the front's end
    missed_deadline = 2,  // payload: worker kind, generation
    ready = 3,
    // front → keys
    host = 16,
    create = 17,
    list = 18,
    sign = 19,
    blow_fuse = 20,
    blow_host_fuse = 21,
    destroy = 22,
    attest = 23,
    activate = 24,
    extend_register = 25,
    register_log = 26,
    read_anchor = 27,
    advance_anchor = 28,
    flush_sessions = 29,
    // front → measurer
    measure = 32,
    check_view = 33,  // is the tree of this manifest as it was imported?
    // front → launcher
    prepare_launch = 64,
    release_launch = 65,
    end_instance = 66,
    list_instances = 67,
    describe_instance = 68,
    // launcher → front, unasked: the id is 0
    launch_notice = 72,
    store_answer = 73,  // to an import_code … check_store, which were answered with a job's number
    // launcher ↔ supervisor: what must outlive the launcher
    keep_instance = 80,
    forget_instance = 81,
    kept_all = 82,
    // launcher → importer: one of these, then it ends
    import_code = 48,
    list_store = 49,
    collect_store = 50,
    check_store = 51,
    // importer → its reading half
    read_manifest = 52,
    list_source = 53,
    open_source = 54,
};

struct Message {
    std::uint64_t id = 0;  // echoed in the reply
    Operation operation{};
    std::uint64_t deadline_ns = 0;  // CLOCK_MONOTONIC; 0 = none
    Bytes payload;
    std::vector<Descriptor> descriptors;
};

// Blocking-or-not as the socket is. EOF is Code::not_found; a malformed or truncated datagram is
// Code::invalid and the link must then be closed.
Done send_message(int socket, const Message& message);
Result<Message> receive_message(int socket);

// Big-endian fields, lengths of 32 bits.
class PayloadWriter {
  public:
    PayloadWriter& u8(std::uint8_t value);
    PayloadWriter& u32(std::uint32_t value);
    PayloadWriter& u64(std::uint64_t value);
    PayloadWriter& bytes(ByteView value);
    PayloadWriter& text(std::string_view value);
    Bytes take() { return std::move(out_); }

  private:
    Bytes out_;
};

// Every getter fails past the end; finish() fails when bytes are left over.
class PayloadReader {
  public:
    explicit PayloadReader(ByteView payload) : rest_(payload) {}
    Result<std::uint8_t> u8();
    Result<std::uint32_t> u32();
    Result<std::uint64_t> u64();
    Result<Bytes> bytes();
    Result<std::string> text();
    Done finish() const;

  private:
    Result<ByteView> take(std::size_t size);
    ByteView rest_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_MESSAGES_H
