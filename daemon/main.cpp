// holdfastd: reads what it is asked to do, takes the locks and sockets, then supervises.
#include <boost/program_options.hpp>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <iostream>
#include <string>

#include "daemon/cgroups.h"
#include "daemon/config.h"
#include "daemon/doctor/doctor.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "daemon/supervisor.h"

#ifndef HOLDFAST_VERSION
#error "daemon/CMakeLists.txt names the version"
#endif

namespace holdfast::daemon {
namespace {

namespace po = boost::program_options;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;  // also: the settings are wrong; starting again would not help

struct Options {
    std::string config;
    std::string dev;
    bool check = false, dump = false, doctor = false, json = false, version = false, help = false;
};

po::options_description described(Options& options) {
    po::options_description description("Options");
    // clang-format off
    description.add_options()
        ("config", po::value(&options.config)->default_value("/etc/holdfast/holdfastd.conf"),
         "settings to read, and those in FILE.d/*.conf after them")
        ("dev", po::value(&options.dev),
         "run everything below this directory, as one user, with a software TPM; what is in its "
         "holdfastd.conf comes on top")
        ("check-config", po::bool_switch(&options.check), "read the settings, then end")
        ("dump-config", po::bool_switch(&options.dump), "show each setting and its origin, then end")
        ("doctor", po::bool_switch(&options.doctor),
         "look at all that the settings name, say what is wrong, then end")
        ("json", po::bool_switch(&options.json), "with --doctor: as JSON")
        ("version", po::bool_switch(&options.version), "show the version, then end")
        ("help", po::bool_switch(&options.help), "show this, then end");
    // clang-format on
    return description;
}

Result<Options> parse(int argc, char** argv) {
    Options options;
    const auto description = described(options);
    try {
        po::variables_map values;
        const auto style =
            po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
        // A positional word is a mistake: `positional()` of nothing refuses it.
        po::store(po::command_line_parser(argc, argv)
                      .options(description)
                      .positional(po::positional_options_description())
                      .style(style)
                      .run(),
                  values);
        po::notify(values);
        if (values.contains("dev") && !values["config"].defaulted())
            return Error(Code::invalid, "--dev and --config exclude each other");
        if (values.contains("dev") && options.dev.empty())
            return Error(Code::invalid, "--dev needs a directory");
    } catch (const po::error& wrong) {
        return Error(Code::invalid, wrong.what());
    }
    return options;
}

void show_help() {
    Options unused;
    std::cout << "holdfastd: keeps agents' keys in the TPM and signs for recognised agents.\n\n"
              << described(unused);
}

Result<Settings> settings_of(const Options& options, Origins& origins) {
    return options.dev.empty() ? read_settings(options.config, &origins)
                               : read_dev_settings(options.dev, &origins);
}

// Blocked, so that they are read from a descriptor; the children unblock them.
Result<Descriptor> open_signals() {
    sigset_t ending;
    ::sigemptyset(&ending);
    ::sigaddset(&ending, SIGTERM);
    ::sigaddset(&ending, SIGINT);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    if (::sigprocmask(SIG_BLOCK, &ending, nullptr) != 0)
        return Error(Code::internal, "sigprocmask failed");
    Descriptor signals(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals) return Error(Code::internal, "signalfd failed");
    return signals;
}

Result<Supervisor::Parts> prepare(Settings settings) {
    if (!settings.dev && ::geteuid() != 0)
        return Error(Code::denied, "must be started as root, or with --dev DIR");
    Supervisor::Parts parts;
    HOLDFAST_TRY(signals, open_signals());
    parts.signals = std::move(signals);
    HOLDFAST_TRY(accounts, accounts_of(settings));
    HOLDFAST_TRY(lock, prepare_state(settings, accounts));
    if (!settings.dev) {
        const auto home = Cgroups::make_home(settings.state_dir);
        if (!home) log_warning("launched agents: " + home.error().text());
    }
    parts.lock = std::move(lock);
    parts.accounts = std::move(accounts);
    HOLDFAST_TRY(listeners, open_listeners(settings));
    parts.listeners = std::move(listeners);
    HOLDFAST_TRY(memory, seal_settings(settings));
    parts.settings_memory = std::move(memory);
    parts.settings = std::move(settings);
    return parts;
}

int supervise(Settings settings) {
    harden_process("holdfastd");
    auto parts = prepare(std::move(settings));
    if (!parts) {
        log_error(parts.error().text());
        return exit_failed;
    }
    const std::string state_dir = parts->settings.dev ? "" : parts->settings.state_dir;
    const int status = Supervisor(*std::move(parts)).run();
    if (!state_dir.empty()) Cgroups::remove_home(state_dir);
    return status;
}

// Also where there are no settings to go by: that is what is wrong then.
int doctor(const Options& options, const Result<Settings>& settings) {
    Findings findings;
    if (settings)
        examine(*settings, findings);
    else
        findings.wrong("settings", settings.error().text(),
                       "see holdfastd.conf(5); nothing else was looked at");
    std::cout << (options.json ? json_of(findings) : report_of(findings)) << std::flush;
    return findings.troubles() == 0 ? 0 : exit_failed;
}

int run(int argc, char** argv) {
    const auto options = parse(argc, argv);
    if (!options) {
        log_error(options.error().text() + " (see --help)");
        return exit_usage;
    }
    if (options->help) return show_help(), 0;
    if (options->version) {
        std::cout << "holdfastd " HOLDFAST_VERSION "\n";
        return 0;
    }
    Origins origins;
    auto settings = settings_of(*options, origins);
    if (options->doctor) return doctor(*options, settings);
    if (!settings) {
        log_error(settings.error().text());
        return exit_usage;
    }
    if (options->dump) std::cout << dump_settings(*settings, &origins);
    if (options->dump || options->check) return 0;
    return supervise(*std::move(settings));
}

}  // namespace
}  // namespace holdfast::daemon

// NOLINTNEXTLINE(bugprone-exception-escape): only for want of memory, and then the process ends.
int main(int argc, char** argv) {
    return holdfast::daemon::run(argc, argv);
}
