// AgentRecords: which uid each launched agent has for good, and the newest version launched of it.
#ifndef HOLDFAST_DAEMON_LAUNCHER_AGENT_RECORDS_H
#define HOLDFAST_DAEMON_LAUNCHER_AGENT_RECORDS_H

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

struct AgentRecord {
    uid_t uid = 0;
    std::int64_t version = 0;  // of the newest manifest launched; 0: none yet
};

struct UidRange {
    uid_t first;
    std::uint32_t count;
};

// One small text file per agent ("uid N\nversion N\n") in a folder that is root's alone. The front
// never says which uid an agent has.
class AgentRecords {
  public:
    static Result<AgentRecords> open(const std::string& directory, UidRange range);

    // The agent's record; a new one gets the lowest uid of the range that no other agent has or
    // had. unavailable with reason uids_used_up.
    Result<AgentRecord> of(const std::string& agent) const;
    // Durable when it returns.
    Done put(const std::string& agent, const AgentRecord& record) const;

  private:
    AgentRecords(Descriptor directory, UidRange range)
        : directory_(std::move(directory)), range_(range) {}
    Result<AgentRecord> read(const std::string& agent) const;
    Result<uid_t> free_uid() const;

    Descriptor directory_;
    UidRange range_;
};

// invalid when it is not of that form.
Result<AgentRecord> parse_agent_record(std::string_view text);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LAUNCHER_AGENT_RECORDS_H
