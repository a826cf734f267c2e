// What an agent file says of its key, and whether this host has, or can make, such a key.
#ifndef HOLDFAST_DAEMON_HANDLERS_KEY_CHOICE_H
#define HOLDFAST_DAEMON_HANDLERS_KEY_CHOICE_H

#include <string>
#include <vector>

#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

// Asked before anything is made or recorded. conflict, with the agent, what its file asks for and
// what there is: its key is another one [key_differs], this host has no such keeper [no_tpm,
// no_pkcs11], the keeper does not offer the algorithm [algorithm_unavailable], or the URI means
// another token than this host's [other_token]. invalid: it is no URI of a token. While the token's
// worker is away only files pass that are in force as they are.
Async<std::monostate> check_key_choices(Services& services, std::vector<policy::AgentFile> files);

// The key that the file names, and no other. conflict [other_token …] as the worker says it.
Async<KeyDescription> create_chosen_key(Services& services, std::string agent,
                                        policy::KeyChoice choice);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_KEY_CHOICE_H
