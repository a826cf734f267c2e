// Signing with an SSH key: by ssh-keygen, which knows files, agents, tokens and passphrases.
#ifndef HOLDFAST_CLI_SSH_SIGN_H
#define HOLDFAST_CLI_SSH_SIGN_H

#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::cli {

// The blob of an SSHSIG (OpenSSH's PROTOCOL.sshsig). `key` is what `ssh-keygen -Y sign -f` takes: a
// private key, or the public half of one in an agent. The message goes in by memory: nothing of it
// is left in a file. We never see the private key.
Result<Bytes> sign_with_ssh(const std::string& key, std::string_view name_space, ByteView message);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_SSH_SIGN_H
