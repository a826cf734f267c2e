#include "cli/ssh_sign.h"

#include "cli/spawn.h"
#include "core/encode/sshsig.h"

namespace holdfast::cli {

Result<Bytes> sign_with_ssh(const std::string& key, std::string_view name_space, ByteView message) {
    HOLDFAST_TRY(finished, run_program({.arguments = {"ssh-keygen", "-Y", "sign", "-q", "-f", key,
                                                      "-n", std::string(name_space)},
                                        .input = message,
                                        .world = Program::World::inherited,
                                        .max_output = 2 * encode::max_sshsig}));
    if (finished.status != 0)
        return Error(Code::invalid, "ssh-keygen: did not sign (exit status " +
                                        std::to_string(finished.status) + ")");
    return encode::parse_armored_sshsig(finished.output);
}

}  // namespace holdfast::cli
