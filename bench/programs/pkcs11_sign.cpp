// pkcs11-sign: the same loop through a PKCS#11 module, one session a thread.
//   pkcs11-sign MS LEAST MODULE PIN THREADS
// Signs with the first private key of the first token, CKM_ECDSA.
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>

#include <array>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "bench/programs/samples.h"

namespace {

using holdfast::bench::Samples;

struct Job {
    std::chrono::milliseconds time{0};
    std::size_t least = 0;
    std::string pin;
};

bool good(const char* call, CK_RV code) {
    if (code != CKR_OK) std::cerr << call << ": 0x" << std::hex << code << "\n";
    return code == CKR_OK;
}

CK_FUNCTION_LIST* open_module(const char* path) {
    void* library = ::dlopen(path, RTLD_NOW);
    if (library == nullptr) return nullptr;
    auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
    CK_FUNCTION_LIST* module = nullptr;
    CK_C_INITIALIZE_ARGS threads{};
    threads.flags = CKF_OS_LOCKING_OK;
    if (get == nullptr || !good("C_GetFunctionList", get(&module)) ||
        !good("C_Initialize", module->C_Initialize(&threads)))
        return nullptr;
    return module;
}

// One thread's session and key.
struct Signer {
    CK_FUNCTION_LIST* module = nullptr;
    CK_SESSION_HANDLE session = 0;
    CK_OBJECT_HANDLE key = 0;
    bool works = true;
    Samples samples;

    bool open(CK_SLOT_ID slot);
    bool find_key();
    bool sign();
};

bool Signer::open(CK_SLOT_ID slot) {
    return good("C_OpenSession",
                module->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session));
}

bool Signer::find_key() {
    CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted = {CKA_CLASS, &private_key, sizeof private_key};
    CK_ULONG count = 0;
    const bool is_asked =
        good("C_FindObjectsInit", module->C_FindObjectsInit(session, &wanted, 1)) &&
        good("C_FindObjects", module->C_FindObjects(session, &key, 1, &count));
    (void)module->C_FindObjectsFinal(session);
    return is_asked && count == 1;
}

bool Signer::sign() {
    std::array<CK_BYTE, 32> digest{};
    std::array<CK_BYTE, 64> signature{};
    CK_ULONG size = signature.size();
    CK_MECHANISM mechanism = {CKM_ECDSA, nullptr, 0};
    return good("C_SignInit", module->C_SignInit(session, &mechanism, key)) &&
           good("C_Sign",
                module->C_Sign(session, digest.data(), digest.size(), signature.data(), &size));
}

bool open_all(std::vector<Signer>& signers, const Job& job) {
    CK_FUNCTION_LIST* module = signers.front().module;
    std::array<CK_SLOT_ID, 8> slots{};
    CK_ULONG count = slots.size();
    if (!good("C_GetSlotList", module->C_GetSlotList(CK_TRUE, slots.data(), &count)) || count == 0)
        return false;
    for (Signer& signer : signers)
        if (!signer.open(slots[0])) return false;
    std::string pin = job.pin;
    if (!good("C_Login", module->C_Login(signers.front().session, CKU_USER,
                                         reinterpret_cast<CK_UTF8CHAR*>(pin.data()), pin.size())))
        return false;
    for (Signer& signer : signers)
        if (!signer.find_key() || !signer.sign()) return false;  // the first one is not counted
    return true;
}

int run(std::vector<Signer>& signers, const Job& job) {
    if (!open_all(signers, job)) return 1;
    const auto begun = Samples::Clock::now();
    std::vector<std::thread> threads;
    for (Signer& signer : signers)
        threads.emplace_back([&signer, &job] {
            signer.works =
                signer.samples.repeat(job.time, job.least, [&signer] { return signer.sign(); });
        });
    for (std::thread& thread : threads)
        thread.join();
    const auto ended = Samples::Clock::now();
    Samples all;
    for (const Signer& signer : signers) {
        if (!signer.works) return 1;
        all.add(signer.samples);
    }
    all.lasted(begun, ended);
    all.print();
    (void)signers.front().module->C_Finalize(nullptr);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t threads = argc == 6 ? std::stoul(argv[5]) : 0;
    if (threads == 0 || threads > 64) {
        std::cerr << "usage: pkcs11-sign MS LEAST MODULE PIN THREADS\n";
        return 2;
    }
    const Job job = {.time = std::chrono::milliseconds(std::stoi(argv[1])),
                     .least = std::stoul(argv[2]),
                     .pin = argv[4]};
    std::vector<Signer> signers(threads);
    CK_FUNCTION_LIST* module = open_module(argv[3]);
    if (module == nullptr) return 1;
    for (Signer& signer : signers)
        signer.module = module;
    return run(signers, job);
}
