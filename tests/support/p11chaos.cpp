// p11chaos.so: SoftHSM as a worse token would be. A PKCS#11 module that passes every call on to the
// one named by P11CHAOS_MODULE, and misbehaves as the file named by P11CHAOS_CONTROL says at that
// moment: one fault a line, some with a number. No file, no fault.
//   removed             the token is gone: slots are empty, what is open fails
//   session-invalid     every session is invalid (a token that was reset)
//   device-error        every use of a session fails
//   max-sessions N      of one process
//   pin-tries N         wrong PINs are counted in CONTROL.wrong; then the PIN is locked
//   pin-locked          the flag, and CKR_PIN_LOCKED
//   slow-sign MS, hang, crash, wrong-signature    in C_Sign
//   load-hangs, load-crashes                      in C_Initialize
// Each C_Login of the user is a line in CONTROL.logins: what the token answered.
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <thread>

namespace {

CK_FUNCTION_LIST* real = nullptr;
std::atomic<CK_ULONG> open_sessions{0};

std::string environment(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : value;
}
std::string control() {
    return environment("P11CHAOS_CONTROL", "/nonexistent");
}

// ── what the control file and the notes beside it say ───────────────────────────────────────────

class Faults {
  public:
    Faults() {
        std::ifstream file(control());
        for (std::string name; file >> name;) {
            CK_ULONG number = 0;
            if (name == "max-sessions" || name == "pin-tries" || name == "slow-sign")
                file >> number;
            given_[name] = number;
        }
    }
    bool has(const std::string& name) const { return given_.contains(name); }
    CK_ULONG number(const std::string& name) const { return has(name) ? given_.at(name) : 0; }

    CK_RV of_sessions() const {
        if (has("removed")) return CKR_DEVICE_REMOVED;
        if (has("session-invalid")) return CKR_SESSION_HANDLE_INVALID;
        return has("device-error") ? CKR_DEVICE_ERROR : CKR_OK;
    }

  private:
    std::map<std::string, CK_ULONG> given_;
};

CK_ULONG wrong_pins() {
    std::ifstream file(control() + ".wrong");
    CK_ULONG lines = 0;
    for (std::string line; std::getline(file, line);)
        ++lines;
    return lines;
}
bool is_locked(const Faults& faults) {
    return faults.has("pin-locked") ||
           (faults.has("pin-tries") && wrong_pins() >= faults.number("pin-tries"));
}
CK_FLAGS pin_flags(const Faults& faults) {
    if (is_locked(faults)) return CKF_USER_PIN_LOCKED;
    if (!faults.has("pin-tries") || wrong_pins() == 0) return 0;
    return wrong_pins() + 1 == faults.number("pin-tries")
               ? CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY
               : CKF_USER_PIN_COUNT_LOW;
}
[[noreturn]] void hang() {
    while (true)
        ::pause();
}

// ── the calls that differ ───────────────────────────────────────────────────────────────────────

CK_RV initialize(void* arguments) {
    const Faults faults;
    if (faults.has("load-hangs")) hang();
    if (faults.has("load-crashes")) std::abort();
    return real->C_Initialize(arguments);
}

CK_RV finalize(void* reserved) {
    open_sessions = 0;
    return real->C_Finalize(reserved);
}

CK_RV get_slot_list(CK_BBOOL with_token, CK_SLOT_ID* slots, CK_ULONG* count) {
    if (with_token == CK_FALSE || !Faults().has("removed"))
        return real->C_GetSlotList(with_token, slots, count);
    *count = 0;
    return CKR_OK;
}

CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO* info) {
    const CK_RV code = real->C_GetSlotInfo(slot, info);
    if (code == CKR_OK && Faults().has("removed")) info->flags &= ~CK_FLAGS{CKF_TOKEN_PRESENT};
    return code;
}

CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
    const Faults faults;
    if (faults.has("removed")) return CKR_TOKEN_NOT_PRESENT;
    const CK_RV code = real->C_GetTokenInfo(slot, info);
    if (code != CKR_OK) return code;
    info->flags |= pin_flags(faults);
    if (!faults.has("max-sessions")) return code;
    info->ulMaxSessionCount = faults.number("max-sessions");
    info->ulMaxRwSessionCount = faults.number("max-sessions");
    info->ulSessionCount = open_sessions;
    return code;
}

CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void* application, CK_NOTIFY notify,
                   CK_SESSION_HANDLE* session) {
    const Faults faults;
    if (faults.has("removed")) return CKR_TOKEN_NOT_PRESENT;
    if (faults.has("device-error")) return CKR_DEVICE_ERROR;
    if (faults.has("max-sessions") && open_sessions >= faults.number("max-sessions"))
        return CKR_SESSION_COUNT;
    const CK_RV code = real->C_OpenSession(slot, flags, application, notify, session);
    if (code == CKR_OK) ++open_sessions;
    return code;
}

CK_RV close_session(CK_SESSION_HANDLE session) {
    const CK_RV code = real->C_CloseSession(session);
    if (code == CKR_OK) --open_sessions;
    return code;
}

CK_RV close_all_sessions(CK_SLOT_ID slot) {
    open_sessions = 0;
    return real->C_CloseAllSessions(slot);
}

CK_RV answer_to_login(const Faults& faults, CK_SESSION_HANDLE session, CK_UTF8CHAR* pin,
                      CK_ULONG size) {
    if (faults.of_sessions() != CKR_OK) return faults.of_sessions();
    if (is_locked(faults)) return CKR_PIN_LOCKED;
    const CK_RV code = real->C_Login(session, CKU_USER, pin, size);
    if (code == CKR_PIN_INCORRECT || code == CKR_PIN_LEN_RANGE)
        std::ofstream(control() + ".wrong", std::ios::app) << "wrong\n";
    if (code == CKR_OK) std::ofstream(control() + ".wrong", std::ios::trunc);
    return code;
}

CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR* pin, CK_ULONG size) {
    if (user != CKU_USER) return real->C_Login(session, user, pin, size);
    const CK_RV code = answer_to_login(Faults(), session, pin, size);
    std::ofstream(control() + ".logins", std::ios::app) << "0x" << std::hex << code << "\n";
    return code;
}

// In the multi-part form the signature comes with C_SignFinal.
CK_RV after_signing(const Faults& faults, CK_RV code, CK_BYTE* signature) {
    if (code == CKR_OK && signature != nullptr && faults.has("wrong-signature")) signature[7] ^= 1;
    return code;
}
CK_RV before_signing(const Faults& faults) {
    if (faults.has("hang")) hang();
    if (faults.has("crash")) std::abort();
    std::this_thread::sleep_for(std::chrono::milliseconds(faults.number("slow-sign")));
    return faults.of_sessions();
}

CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE* bytes, CK_ULONG size, CK_BYTE* signature,
           CK_ULONG* signature_size) {
    const Faults faults;
    if (const CK_RV code = before_signing(faults); code != CKR_OK) return code;
    return after_signing(faults, real->C_Sign(session, bytes, size, signature, signature_size),
                         signature);
}

CK_RV sign_final(CK_SESSION_HANDLE session, CK_BYTE* signature, CK_ULONG* signature_size) {
    const Faults faults;
    if (const CK_RV code = before_signing(faults); code != CKR_OK) return code;
    return after_signing(faults, real->C_SignFinal(session, signature, signature_size), signature);
}

// ── the calls that fail with their session, and are passed on otherwise ─────────────────────────

template <auto Member>
struct OfSession;
template <class... Rest, CK_RV (*CK_FUNCTION_LIST::*Member)(CK_SESSION_HANDLE, Rest...)>
struct OfSession<Member> {
    static CK_RV call(CK_SESSION_HANDLE session, Rest... rest) {
        const CK_RV code = Faults().of_sessions();
        return code == CKR_OK ? (real->*Member)(session, rest...) : code;
    }
};
template <auto... Members>
void fail_with_session(CK_FUNCTION_LIST& list) {
    ((list.*Members = OfSession<Members>::call), ...);
}

void bend_sessions(CK_FUNCTION_LIST& list) {
    using F = CK_FUNCTION_LIST;
    fail_with_session<&F::C_GetSessionInfo, &F::C_Logout, &F::C_CreateObject, &F::C_CopyObject,
                      &F::C_DestroyObject, &F::C_GetObjectSize, &F::C_GetAttributeValue,
                      &F::C_SetAttributeValue, &F::C_FindObjectsInit, &F::C_FindObjects,
                      &F::C_FindObjectsFinal, &F::C_DigestInit, &F::C_Digest, &F::C_SignInit,
                      &F::C_SignUpdate, &F::C_VerifyInit, &F::C_Verify, &F::C_GenerateKey,
                      &F::C_GenerateKeyPair, &F::C_SeedRandom, &F::C_GenerateRandom>(list);
}

CK_FUNCTION_LIST bent_list() {
    CK_FUNCTION_LIST list = *real;
    list.C_Initialize = initialize;
    list.C_Finalize = finalize;
    list.C_GetSlotList = get_slot_list;
    list.C_GetSlotInfo = get_slot_info;
    list.C_GetTokenInfo = get_token_info;
    list.C_OpenSession = open_session;
    list.C_CloseSession = close_session;
    list.C_CloseAllSessions = close_all_sessions;
    list.C_Login = login;
    list.C_Sign = sign;
    list.C_SignFinal = sign_final;
    bend_sessions(list);
    return list;
}

bool open_real() {
    const std::string path = environment("P11CHAOS_MODULE", "/usr/lib/softhsm/libsofthsm2.so");
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return false;
    auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
    return get != nullptr && get(&real) == CKR_OK;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
    static const bool opened = open_real();
    if (!opened) return CKR_GENERAL_ERROR;
    static CK_FUNCTION_LIST bent = bent_list();
    bent.C_GetFunctionList = C_GetFunctionList;
    *list = &bent;
    return CKR_OK;
}
