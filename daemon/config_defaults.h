// What every setting is before anybody says otherwise.
#ifndef HOLDFAST_DAEMON_CONFIG_DEFAULTS_H
#define HOLDFAST_DAEMON_CONFIG_DEFAULTS_H

#include "daemon/config.h"

namespace holdfast::daemon {

Settings default_settings();

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_CONFIG_DEFAULTS_H
