// slow-tpm: makes a software TPM as slow as a chip. See --help.
#include <array>
#include <csignal>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "bench/slow-tpm/commands.h"
#include "bench/slow-tpm/pace.h"
#include "bench/slow-tpm/proxy.h"

namespace {

using namespace holdfast::bench;

constexpr std::string_view usage =
    "usage: slow-tpm --listen PATH --to PATH --profile NAME [--only COMMAND,COMMAND]\n";

constexpr std::string_view explanation = R"(
Stands in front of swtpm's two Unix sockets (PATH, and PATH.ctrl, which is passed through) and
answers each command no sooner than the chip of that profile would. One command at a time, as a
chip. On SIGTERM it prints how often each command came, and ends.

  --only  delays these commands alone (TPM names: sign,quote); all others pass at once

Heavy: Sign, Quote, Certify, NV_Certify, Load, ActivateCredential and whatever else uses a private
key or writes flash. Making: Create, CreatePrimary, CreateLoaded, Clear. Light: all others.

profile    light    heavy   making   tail
)";

struct Options {
    std::string listen, to, profile;
    std::set<std::uint32_t> only;
};

void explain() {
    std::cout << usage << explanation;
    for (const Profile& known : profiles()) {
        std::cout << known.name << std::string(8 - known.name.size(), ' ') << known.light.count()
                  << " ms, " << known.heavy.count() << " ms, " << known.making.count() << " ms";
        if (known.tail_every != 0)
            std::cout << "; every " << known.tail_every << "th heavy command " << known.tail.count()
                      << " ms";
        std::cout << "\n";
    }
}

// False at the first name that is no command.
bool read_only(std::string_view names, std::set<std::uint32_t>& only) {
    while (!names.empty()) {
        const auto name = names.substr(0, names.find(','));
        names.remove_prefix(std::min(names.size(), name.size() + 1));
        const auto code = command_named(name);
        if (!code) return false;
        only.insert(*code);
    }
    return !only.empty();
}

bool take(std::string_view option, std::string_view value, Options& options) {
    if (option == "--listen")
        options.listen = value;
    else if (option == "--to")
        options.to = value;
    else if (option == "--profile")
        options.profile = value;
    else if (option == "--only")
        return read_only(value, options.only);
    else
        return false;
    return true;
}

std::optional<Options> read_options(int count, char** arguments) {
    Options options;
    for (int i = 1; i + 1 < count; i += 2)
        if (!take(arguments[i], arguments[i + 1], options)) return std::nullopt;
    const bool is_complete = count % 2 == 1 && !options.listen.empty() && !options.to.empty() &&
                             profile_named(options.profile) != nullptr;
    return is_complete ? std::optional(options) : std::nullopt;
}

volatile std::sig_atomic_t stop = 0;  // set by the handler, read by the loop: one thread

void on_signal(int) {
    stop = 1;
}

// Signals come in only while the loop waits, so none is missed between a look at `stop` and poll.
::sigset_t catch_signals() {
    ::sigset_t ending;
    ::sigset_t before;
    ::sigemptyset(&ending);
    struct sigaction action{};
    action.sa_handler = on_signal;
    for (const int signal : {SIGTERM, SIGINT}) {
        ::sigaddset(&ending, signal);
        (void)::sigaction(signal, &action, nullptr);
    }
    (void)::sigprocmask(SIG_BLOCK, &ending, &before);
    for (const int signal : {SIGTERM, SIGINT})
        ::sigdelset(&before, signal);
    return before;
}

int run(const Options& options) {
    const ::sigset_t while_waiting = catch_signals();
    auto proxy = Proxy::open(options.listen, options.to,
                             Pace(*profile_named(options.profile), options.only));
    if (!proxy) {
        std::cerr << "slow-tpm: " << proxy.error().text() << "\n";
        return 1;
    }
    const auto served = proxy->serve(stop, while_waiting);
    for (const auto& [code, count] : proxy->counts())
        std::cout << name_of(code) << " " << count << "\n";
    if (served) return 0;
    std::cerr << "slow-tpm: " << served.error().text() << "\n";
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--help") {
        explain();
        return 0;
    }
    const auto options = read_options(argc, argv);
    if (!options) {
        std::cerr << usage;
        return 2;
    }
    return run(*options);
}
