// Importers: one short-lived process per question about the store, so that none holds up a launch.
#ifndef HOLDFAST_DAEMON_LAUNCHER_IMPORTERS_H
#define HOLDFAST_DAEMON_LAUNCHER_IMPORTERS_H

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "daemon/link/messages.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

inline constexpr std::size_t max_importers = 4;

class Importers {
  public:
    // `answer`: the importer's whole reply, or an Error when it ended without one.
    using OnAnswer = std::function<void(std::uint64_t job, Result<Message> answer)>;

    Importers(std::string program, OnAnswer on_answer)
        : program_(std::move(program)), on_answer_(std::move(on_answer)) {}

    // The job's number. busy: max_importers are at work.
    Result<std::uint64_t> start(const Message& request);
    // Is one of this kind at work?
    bool is_at_work(Operation operation) const;

    void watch(std::vector<pollfd>& watched) const;
    void serve(const std::vector<pollfd>& watched);

  private:
    struct Job {
        Operation operation{};
        pid_t pid = 0;
        Descriptor link;
    };

    std::string program_;
    OnAnswer on_answer_;
    std::map<std::uint64_t, Job> jobs_;
    std::uint64_t last_ = 0;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LAUNCHER_IMPORTERS_H
