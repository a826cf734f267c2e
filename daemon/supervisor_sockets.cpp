#include "daemon/supervisor_sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "daemon/supervisor_spawn.h"

namespace holdfast::daemon {
namespace {

constexpr int first_passed_descriptor = 3;  // SD_LISTEN_FDS_START
constexpr int max_passed_descriptors = 16;
constexpr mode_t agent_mode = 0666;
constexpr mode_t admin_mode = 0660;

Error failed(const std::string& step) {
    return Error(Code::unavailable, step + ": " + std::generic_category().message(errno));
}

std::string variable(const char* name) {
    const char* value = ::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
    return value == nullptr ? "" : value;
}

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() > max_socket_path) return Error(Code::invalid, path + ": path too long");
    std::memcpy(&address.sun_path, path.data(), path.size());
    return address;
}

template <class Function>
int with_address(Function function, int socket, const sockaddr_un& address) {
    return function(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

// ── our own sockets ─────────────────────────────────────────────────────────────────────────────

Done clear_the_way(const std::string& path, const sockaddr_un& address) {
    struct stat facts{};
    if (::lstat(path.c_str(), &facts) != 0) return done();  // bind() says what else is wrong
    if (!S_ISSOCK(facts.st_mode))
        return Error(Code::conflict, path + ": is there and is no socket; it is left alone");
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe) return failed("socket");
    if (with_address(::connect, probe.get(), address) == 0 || errno != ECONNREFUSED)
        return Error(Code::conflict, path + ": another process listens there");
    if (::unlink(path.c_str()) != 0) return failed(path);
    return done();
}

Done make_parent_folder(const std::string& path) {
    const auto folder = std::filesystem::path(path).parent_path();
    constexpr mode_t mode = S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH;
    if (::mkdir(folder.c_str(), mode) != 0) return errno == EEXIST ? done() : failed(folder);
    // The mask took the others' bits; agents must get through to the socket.
    if (::chmod(folder.c_str(), mode) != 0) return failed(folder);
    return done();
}

struct Access {
    mode_t mode = 0;
    std::optional<gid_t> group;
};

// The process's umask keeps everybody out between bind and chmod.
Result<Descriptor> listen_at(const std::string& path, const Access& access) {
    HOLDFAST_TRY(address, address_of(path));
    HOLDFAST_CHECK(make_parent_folder(path));
    HOLDFAST_CHECK(clear_the_way(path, address));
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return failed("socket");
    if (with_address(::bind, socket.get(), address) != 0) return failed(path);
    if (access.group && ::chown(path.c_str(), 0, *access.group) != 0) return failed(path);
    if (::chmod(path.c_str(), access.mode) != 0) return failed(path);
    if (::listen(socket.get(), SOMAXCONN) != 0) return failed(path);
    return socket;
}

// ── sockets of systemd ──────────────────────────────────────────────────────────────────────────

Done check_listener(int descriptor) {
    int family = 0;
    int type = 0;
    int listens = 0;
    for (const auto& [option, value] : {std::pair{SO_DOMAIN, &family}, std::pair{SO_TYPE, &type},
                                        std::pair{SO_ACCEPTCONN, &listens}}) {
        socklen_t size = sizeof *value;
        if (::getsockopt(descriptor, SOL_SOCKET, option, value, &size) != 0)
            return failed("a descriptor passed by systemd");
    }
    if (family != AF_UNIX || type != SOCK_STREAM || listens == 0)
        return Error(Code::invalid, "systemd passed something that is no listening Unix socket");
    return done();
}

int passed_descriptors() {
    const std::string pid = variable("LISTEN_PID");
    const std::string count = variable("LISTEN_FDS");
    int number = 0;
    (void)std::from_chars(count.data(), count.data() + count.size(), number);
    return pid == std::to_string(::getpid()) ? number : 0;
}

Result<Listeners> take_from_systemd(int count) {
    if (count > max_passed_descriptors) return Error(Code::invalid, "LISTEN_FDS: too many");
    Listeners listeners;
    listeners.from_systemd = true;
    std::istringstream names(variable("LISTEN_FDNAMES"));
    for (int i = 0; i < count; ++i) {
        Descriptor passed(first_passed_descriptor + i);
        std::string name;
        (void)std::getline(names, name, ':');
        HOLDFAST_CHECK(check_listener(passed.get()));
        auto& place = name == "agent" ? listeners.agent : listeners.admin;
        if ((name != "agent" && name != "admin") || place)
            return Error(Code::invalid, "systemd passed a socket named '" + name +
                                            "': one agent and one admin are wanted");
        if (::fcntl(passed.get(), F_SETFD, FD_CLOEXEC) != 0 ||
            ::fcntl(passed.get(), F_SETFL, O_NONBLOCK) != 0)
            return failed("fcntl");
        place = std::move(passed);
    }
    if (!listeners.agent || !listeners.admin)
        return Error(Code::invalid, "systemd passed one socket: agent and admin are both wanted");
    return listeners;
}

Result<Listeners> open_own(const Settings& settings) {
    Access admin{admin_mode, std::nullopt};
    if (!settings.dev) {
        HOLDFAST_TRY(group, group_of(settings.admin_group));
        admin.group = group;
    }
    Listeners listeners;
    HOLDFAST_TRY(agent_socket, listen_at(settings.agent_socket, {agent_mode, std::nullopt}));
    listeners.agent = std::move(agent_socket);
    HOLDFAST_TRY(admin_socket, listen_at(settings.admin_socket, admin));
    listeners.admin = std::move(admin_socket);
    return listeners;
}

}  // namespace

Result<Listeners> open_listeners(const Settings& settings) {
    const int passed = passed_descriptors();
    HOLDFAST_TRY(listeners, passed > 0 ? take_from_systemd(passed) : open_own(settings));
    const int on = 1;
    for (const auto* listener : {&listeners.agent, &listeners.admin}) {
        if (::setsockopt(listener->get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
            return failed("SO_PASSCRED");
    }
    return listeners;
}

void notify_service_manager(const std::string& state) {
    const std::string path = variable("NOTIFY_SOCKET");
    if (path.empty()) return;
    auto address = address_of(path);
    if (!address) return;
    if (path.front() == '@') address->sun_path[0] = '\0';  // abstract, unix(7)
    const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) return;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    (void)::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&*address), size);
}

}  // namespace holdfast::daemon
