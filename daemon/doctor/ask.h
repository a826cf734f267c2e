// Asking a worker's program what it finds: `holdfast-keys-… --describe`, in a process of its own
// that may crash, hang or be stuck in the kernel, under the keys worker's user, for a bounded time.
#ifndef HOLDFAST_DAEMON_DOCTOR_ASK_H
#define HOLDFAST_DAEMON_DOCTOR_ASK_H

#include <chrono>
#include <string>

#include "core/encode/json.h"
#include "daemon/config.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

inline constexpr std::chrono::seconds describe_within{20};
inline constexpr std::size_t max_description = 128UL * 1024;

// The object that the program sent over descriptor 3 in one message (daemon/workers/describe.h).
// unavailable when it crashed, said nothing or does not die; timeout when it took longer than
// `within`; denied when this process cannot become that user. Always back about a second later.
// `pin_file` is handed over as the supervisor does; none where nothing is open.
Result<encode::Json> ask_to_describe(const std::string& program, const Settings& settings,
                                     const Descriptor& pin_file, std::chrono::milliseconds within);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_DOCTOR_ASK_H
