// An agent file as read, and where in it a second file may collide with it.
#ifndef HOLDFAST_POLICY_DECLARED_H
#define HOLDFAST_POLICY_DECLARED_H

#include <cstdint>
#include <string_view>

#include "policy/agent_file.h"

namespace holdfast::policy {

struct Declared {
    AgentFile agent;
    std::uint32_t recognise_line = 0;
};

Result<Declared> parse_declared(std::string_view file_name, std::string_view text);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_DECLARED_H
