// The anchor counter, as the running daemon tells of it: does its state directory agree with the
// TPM?
#ifndef HOLDFAST_DAEMON_DOCTOR_ANCHOR_H
#define HOLDFAST_DAEMON_DOCTOR_ANCHOR_H

#include <string_view>

#include "daemon/config.h"
#include "daemon/doctor/finding.h"

namespace holdfast::daemon {

// Only the daemon compares the two, so without one that runs this says nothing.
void look_at_anchor(const Settings& settings, Findings& findings);

// `status`: the body of GET /v1/status. Every text in it is made printable.
void judge_anchor(std::string_view status, Findings& findings);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_DOCTOR_ANCHOR_H
