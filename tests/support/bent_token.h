// BentToken: SoftHSM with some of its functions replaced, for what SoftHSM by itself never does: a
// limit of sessions, PIN flags, errors of a chosen call, wrong signatures. One at a time.
#ifndef HOLDFAST_TESTS_SUPPORT_BENT_TOKEN_H
#define HOLDFAST_TESTS_SUPPORT_BENT_TOKEN_H

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/support/softhsm.h"

namespace holdfast::tests {

// The functions of the module that this process has loaded already.
inline CK_FUNCTION_LIST* softhsm_calls() {
    void* const library = ::dlopen(softhsm_module, RTLD_NOW | RTLD_NOLOAD);
    if (library == nullptr) throw std::runtime_error("SoftHSM is not loaded");
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
    (void)::dlclose(library);  // whoever loaded it keeps it
    CK_FUNCTION_LIST* calls = nullptr;
    if (get(&calls) != CKR_OK) throw std::runtime_error("SoftHSM");
    return calls;
}

inline std::vector<CK_SLOT_ID> slots_of(const CK_FUNCTION_LIST* calls) {
    std::vector<CK_SLOT_ID> slots(16);
    CK_ULONG count = slots.size();
    if (calls->C_GetSlotList(CK_TRUE, slots.data(), &count) != CKR_OK) count = 0;
    slots.resize(count);
    return slots;
}

class BentToken {
  public:
    // Before the module is opened by anybody else: all of them share its table of functions.
    BentToken() : library_(::dlopen(softhsm_module, RTLD_NOW)) {
        const auto get =
            reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library_, "C_GetFunctionList"));
        if (get == nullptr || get(&calls_) != CKR_OK) throw std::runtime_error("SoftHSM");
        straight_ = *calls_;
        the_ = this;
        calls_->C_OpenSession = [](CK_SLOT_ID slot, CK_FLAGS flags, void* application,
                                   CK_NOTIFY notify, CK_SESSION_HANDLE* session) {
            if (the_->max_sessions != 0 && the_->sessions.size() >= the_->max_sessions)
                return CK_RV{CKR_SESSION_COUNT};
            const CK_RV code =
                the_->straight_.C_OpenSession(slot, flags, application, notify, session);
            if (code == CKR_OK) the_->sessions.insert(*session);
            return code;
        };
        calls_->C_CloseSession = [](CK_SESSION_HANDLE session) {
            the_->sessions.erase(session);
            return the_->straight_.C_CloseSession(session);
        };
        calls_->C_CloseAllSessions = [](CK_SLOT_ID slot) {
            the_->sessions.clear();
            return the_->straight_.C_CloseAllSessions(slot);
        };
        calls_->C_GetTokenInfo = [](CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
            const CK_RV code = the_->straight_.C_GetTokenInfo(slot, info);
            info->flags |= the_->token_flags;
            info->ulMaxSessionCount = the_->max_sessions;
            info->ulSessionCount = the_->sessions.size();
            if (the_->poses_as_hardware) {
                rename(info->manufacturerID, "Acme");
                rename(info->model, "HSM 1");
            }
            return code;
        };
        calls_->C_GetInfo = [](CK_INFO* info) {
            const CK_RV code = the_->straight_.C_GetInfo(info);
            if (the_->poses_as_hardware) {
                rename(info->manufacturerID, "Acme");
                rename(info->libraryDescription, "Acme HSM");
            }
            return code;
        };
        calls_->C_GetSlotList = [](CK_BBOOL present, CK_SLOT_ID* slots, CK_ULONG* count) {
            if (the_->listed_slots == 0)
                return the_->straight_.C_GetSlotList(present, slots, count);
            return list(the_->listed_slots, CK_SLOT_ID{1}, slots, count);
        };
        calls_->C_GetMechanismList = [](CK_SLOT_ID slot, CK_MECHANISM_TYPE* types,
                                        CK_ULONG* count) {
            if (the_->listed_mechanisms == 0)
                return the_->straight_.C_GetMechanismList(slot, types, count);
            return list(the_->listed_mechanisms, CK_MECHANISM_TYPE{CKM_ECDSA}, types, count);
        };
        calls_->C_GetMechanismInfo = [](CK_SLOT_ID slot, CK_MECHANISM_TYPE type,
                                        CK_MECHANISM_INFO* info) {
            if (type == the_->missing_mechanism) return CK_RV{CKR_MECHANISM_INVALID};
            return the_->straight_.C_GetMechanismInfo(slot, type, info);
        };
        calls_->C_Login = [](CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR* pin,
                             CK_ULONG size) {
            ++the_->logins;
            return the_->straight_.C_Login(session, user, pin, size);
        };
        calls_->C_GenerateKeyPair =
            [](CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* public_half,
               CK_ULONG public_size, CK_ATTRIBUTE* private_half, CK_ULONG private_size,
               CK_OBJECT_HANDLE* public_key, CK_OBJECT_HANDLE* private_key) {
                ++the_->generations;
                for (CK_ULONG i = 0; i < private_size; ++i)
                    if (private_half[i].type == the_->unknown_attribute)
                        return CK_RV{CKR_ATTRIBUTE_TYPE_INVALID};
                return the_->straight_.C_GenerateKeyPair(session, mechanism, public_half,
                                                         public_size, private_half, private_size,
                                                         public_key, private_key);
            };
        calls_->C_SignInit = [](CK_SESSION_HANDLE session, CK_MECHANISM* mechanism,
                                CK_OBJECT_HANDLE key) {
            if (the_->sign_init != CKR_OK) return the_->sign_init;
            the_->mechanisms.insert(mechanism->mechanism);
            return the_->straight_.C_SignInit(session, mechanism, key);
        };
        calls_->C_Sign = [](CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG size,
                            CK_BYTE* signature, CK_ULONG* length) {
            const CK_RV code = the_->straight_.C_Sign(session, data, size, signature, length);
            if (the_->bends_signatures && code == CKR_OK && signature != nullptr)
                signature[*length - 1] ^= 1U;
            return code;
        };
        calls_->C_DestroyObject = [](CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
            if (the_->destroy_object != CKR_OK) return the_->destroy_object;
            return the_->straight_.C_DestroyObject(session, object);
        };
        calls_->C_GetAttributeValue = [](CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                         CK_ATTRIBUTE* values, CK_ULONG count) {
            for (CK_ULONG i = 0; i < count; ++i)
                if (values[i].type == the_->unreadable_attribute) return CK_RV{CKR_FUNCTION_FAILED};
            const CK_RV code = the_->straight_.C_GetAttributeValue(session, object, values, count);
            for (CK_ULONG i = 0; i < count; ++i)
                if (values[i].type == the_->flipped_attribute && values[i].pValue != nullptr)
                    *static_cast<CK_BBOOL*>(values[i].pValue) ^= 1U;
            return code;
        };
    }
    BentToken(const BentToken&) = delete;
    BentToken& operator=(const BentToken&) = delete;
    ~BentToken() {
        *calls_ = straight_;
        (void)::dlclose(library_);
    }

    std::set<CK_SESSION_HANDLE> sessions;
    std::set<CK_MECHANISM_TYPE> mechanisms;  // signed with so far
    int logins = 0;
    int generations = 0;

    unsigned long max_sessions = 0;  // 0 = no limit
    CK_FLAGS token_flags = 0;        // besides its own
    CK_ULONG listed_slots = 0;       // 0 = its own
    CK_ULONG listed_mechanisms = 0;  // likewise
    CK_MECHANISM_TYPE missing_mechanism = CK_UNAVAILABLE_INFORMATION;
    CK_RV sign_init = CKR_OK;
    CK_RV destroy_object = CKR_OK;
    bool bends_signatures = false;
    bool poses_as_hardware = false;
    CK_ATTRIBUTE_TYPE unknown_attribute = CK_UNAVAILABLE_INFORMATION;
    CK_ATTRIBUTE_TYPE flipped_attribute = CK_UNAVAILABLE_INFORMATION;
    CK_ATTRIBUTE_TYPE unreadable_attribute = CK_UNAVAILABLE_INFORMATION;

  private:
    // As PKCS#11 v2.40, 5.2, says of all functions that answer with a list.
    static CK_RV list(CK_ULONG size, CK_ULONG item, CK_ULONG* into, CK_ULONG* count) {
        const CK_ULONG room = std::exchange(*count, size);
        if (into == nullptr) return CKR_OK;
        if (room < size) return CKR_BUFFER_TOO_SMALL;
        std::fill_n(into, size, item);
        return CKR_OK;
    }
    template <std::size_t Size>
    static void rename(unsigned char (&field)[Size], std::string name) {
        name.resize(Size, ' ');
        std::copy(name.begin(), name.end(), field);
    }

    inline static BentToken* the_ = nullptr;
    void* library_;
    CK_FUNCTION_LIST* calls_ = nullptr;
    CK_FUNCTION_LIST straight_{};
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_BENT_TOKEN_H
