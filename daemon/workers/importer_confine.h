// What the two halves of an importer give up before they look at anything that is not theirs.
#ifndef HOLDFAST_DAEMON_WORKERS_IMPORTER_CONFINE_H
#define HOLDFAST_DAEMON_WORKERS_IMPORTER_CONFINE_H

#include "daemon/link/codec_store.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// The writing half: files below the folder and no others (Landlock, where the kernel can rename
// under it: 5.19), and of root's capabilities only to read what is execute-only and to end its
// other half.
Done confine_to(int folder);

// The reading half: for good that user, without capabilities, that one too when it is uid 0;
// changes no file; dies with its parent. A process that is not root can only stay who it is.
Done become(const Reader& reader, pid_t parent);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_IMPORTER_CONFINE_H
