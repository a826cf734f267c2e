#include "hsm/tpm/connection.h"

#include <tss2/tss2_sys.h>
#include <tss2/tss2_tctildr.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <thread>

#include "hsm/key_files.h"
#include "hsm/tpm/marshal.h"

namespace holdfast::hsm {
namespace {

using namespace std::chrono_literals;

constexpr auto start_time = 20s;
constexpr std::array simulator_tctis = {"swtpm", "mssim", "libtpms"};
constexpr std::array hardware_tctis = {"device", "tabrmd"};
// libtpms and IBM's simulator; Microsoft's reference simulator.
constexpr std::array simulator_manufacturers = {"IBM ", "XCG "};
// A hypervisor's TPM: as good as its host, and said so.
constexpr std::array virtual_manufacturers = {"GOOG", "MSFT", "VMW ", "AMZN", "QEMU"};

template <class List>
bool contains(const List& list, std::string_view text) noexcept {
    return std::any_of(list.begin(), list.end(), [&](const char* item) { return text == item; });
}

}  // namespace

void finalize_tcti(TSS2_TCTI_CONTEXT* tcti) noexcept {
    ::Tss2_TctiLdr_Finalize(&tcti);
}
void finalize_esys(ESYS_CONTEXT* esys) noexcept {
    ::Esys_Finalize(&esys);
}

bool is_simulator_tcti(std::string_view name) noexcept {
    return contains(simulator_tctis, name);
}

bool is_simulator_manufacturer(std::string_view manufacturer) noexcept {
    return contains(simulator_manufacturers, manufacturer);
}

Custody custody_of(std::string_view tcti_name, std::string_view manufacturer) noexcept {
    // Behind a device file too: a hypervisor may hand a simulator through as /dev/tpm0.
    if (is_simulator_tcti(tcti_name) || is_simulator_manufacturer(manufacturer))
        return Custody::software_tpm;
    return contains(virtual_manufacturers, manufacturer) ? Custody::tpm_virtual : Custody::tpm;
}

Result<std::string> tcti_name(std::string_view tcti) {
    const std::size_t colon = tcti.find(':');
    if (colon == std::string_view::npos || colon + 1 == tcti.size())
        return Error(Code::invalid,
                     "tpm.tcti must say which TPM, e.g. device:/dev/tpmrm0: the library's default "
                     "would talk to whoever listens on a TCP port");
    const std::string_view name = tcti.substr(0, colon);
    if (!contains(hardware_tctis, name) && !is_simulator_tcti(name))
        return Error(Code::invalid, "tpm.tcti: unknown kind '" + std::string(name) + "'");
    return std::string(name);
}

Result<Connection> Connection::open(const TpmOptions& options) {
    Connection tpm;
    HOLDFAST_TRY(name, tcti_name(options.tcti));
    tpm.tcti_name_ = std::move(name);
    tpm.allow(start_time);
    HOLDFAST_CHECK(tpm.check_leave(options));  // by TCTI, before anything is sent
    HOLDFAST_CHECK(tpm.connect(options.tcti));
    HOLDFAST_CHECK(tpm.start());
    HOLDFAST_CHECK(tpm.identify());
    HOLDFAST_CHECK(tpm.check_leave(options));  // by what the chip calls itself
    HOLDFAST_CHECK(tpm.set_auth(ESYS_TR_RH_OWNER, options.owner_auth_file));
    HOLDFAST_CHECK(tpm.set_auth(ESYS_TR_RH_ENDORSEMENT, options.endorsement_auth_file));
    return tpm;
}

Done Connection::check_leave(const TpmOptions& options) const {
    if (options.simulator_allowed) return done();
    if (is_simulator_tcti(tcti_name_))
        return Error(Code::denied,
                     "tpm.tcti names a simulator; say tpm.simulator = allow to use one");
    if (is_simulator_manufacturer(manufacturer_))
        return Error(Code::denied, "this TPM is a simulator by its manufacturer '" + manufacturer_ +
                                       "'; say tpm.simulator = allow to use it");
    return done();
}

Done Connection::connect(const std::string& tcti) {
    // Failures that are expected come back as errors; the library would also print them.
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the worker has one thread.
    (void)::setenv("TSS2_LOG", "all+none", 0);
    HOLDFAST_CHECK(
        check("Tss2_TctiLdr_Initialize", ::Tss2_TctiLdr_Initialize(tcti.c_str(), out(tcti_))));
    HOLDFAST_CHECK(check("Esys_Initialize", ::Esys_Initialize(out(esys_), tcti_.get(), nullptr)));
    return check("Esys_GetSysContext", ::Esys_GetSysContext(esys(), &sys_));
}

// A real TPM is started by firmware; a simulator that was reset has nobody else to do it.
Done Connection::start() const {
    if (!is_owned()) return done();
    const TSS2_RC code = ::Esys_Startup(esys(), TPM2_SU_CLEAR);
    if (code == TPM2_RC_INITIALIZE) return done();  // it is started already
    return check("Esys_Startup", code);
}

TSS2_RC Connection::as_lost(TSS2_RC code) const noexcept {
    return is_owned() && code == TPM2_RC_INITIALIZE ? TSS2_TCTI_RC_NO_CONNECTION : code;
}

Done Connection::identify() {
    Owned<TPMS_CAPABILITY_DATA, ::Esys_Free> data;
    TPMI_YES_NO more = 0;
    HOLDFAST_CHECK(run("Esys_GetCapability", [&] {
        return ::Esys_GetCapability(esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    TPM2_CAP_TPM_PROPERTIES, TPM2_PT_MANUFACTURER, 1, &more,
                                    out(data));
    }));
    const TPML_TAGGED_TPM_PROPERTY& properties = data->data.tpmProperties;
    if (properties.count != 1 || properties.tpmProperty[0].property != TPM2_PT_MANUFACTURER)
        return Error(Code::unavailable, "the TPM does not say who made it");
    const std::uint32_t value = properties.tpmProperty[0].value;
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        const char letter = static_cast<char>((value >> shift) & 0xFFU);
        manufacturer_.push_back(letter == '\0' ? ' ' : letter);  // "IBM\0" and "IBM " are one
    }
    return done();
}

Done Connection::set_auth(ESYS_TR hierarchy, const std::string& file) const {
    if (file.empty()) return done();
    auto secret = read_secret_file(file);
    if (!secret) return std::move(secret).error();
    auto auth = sized<TPM2B_AUTH>(secret->view());
    if (!auth) return Error(Code::invalid, file + ": longer than a TPM auth value");
    return check("Esys_TR_SetAuth", ::Esys_TR_SetAuth(esys(), hierarchy, &*auth));
}

std::chrono::milliseconds Connection::next_pause(Action action,
                                                 std::chrono::milliseconds last) noexcept {
    if (action == Action::back_off) return std::clamp(last * 2, 5ms, 500ms);
    if (action == Action::back_off_nv)
        return std::clamp(last * 2, std::chrono::milliseconds{500},
                          std::chrono::milliseconds{10'000});
    return 0ms;
}

// False when the pause would pass the deadline: the caller then reports what the TPM said.
bool Connection::wait(std::chrono::milliseconds pause) const {
    if (Clock::now() + pause > deadline_) return false;
    std::this_thread::sleep_for(pause);
    return true;
}

Done Connection::flush_range(std::uint32_t first_handle) {
    Owned<TPMS_CAPABILITY_DATA, ::Esys_Free> data;
    TPMI_YES_NO more = 0;
    HOLDFAST_CHECK(run("Esys_GetCapability", [&] {
        return ::Esys_GetCapability(esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    TPM2_CAP_HANDLES, first_handle, TPM2_MAX_CAP_HANDLES, &more,
                                    out(data));
    }));
    const TPML_HANDLE& found = data->data.handles;
    for (UINT32 i = 0; i < found.count; ++i) {
        TPM2_HANDLE handle = found.handle[i];
        // Saved sessions are listed as 0x03…, and flushed by their HMAC handle (Part 3, 28.4).
        HOLDFAST_CHECK(
            run("Tss2_Sys_FlushContext", [&] { return ::Tss2_Sys_FlushContext(sys(), handle); }));
    }
    return done();
}

Done Connection::flush_sessions() {
    HOLDFAST_CHECK(flush_range(TPM2_LOADED_SESSION_FIRST));
    return flush_range(TPM2_ACTIVE_SESSION_FIRST);
}

Done Connection::flush_all() {
    HOLDFAST_CHECK(flush_range(TPM2_TRANSIENT_FIRST));
    return flush_sessions();
}

}  // namespace holdfast::hsm
