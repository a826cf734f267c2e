#include "hsm/pkcs11/module.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "hsm/pkcs11/error.h"
#include "hsm/pkcs11/libp11_error.h"

namespace holdfast::hsm::pkcs11 {
namespace {

// PKCS#11 pads its names with blanks (v2.40, 3.1); some modules with zeros.
template <std::size_t Size>
std::string unpadded(const unsigned char (&field)[Size]) {  // NOLINT(*-avoid-c-arrays): the API's
    std::string text(reinterpret_cast<const char*>(field), Size);
    text.resize(std::min(text.find('\0'), text.size()));
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

// Sizes the token does not know or does not bound are 0 to us.
unsigned long known(unsigned long count) noexcept {
    return count == CK_UNAVAILABLE_INFORMATION || count == CK_EFFECTIVELY_INFINITE ? 0 : count;
}

// It is code that will run beside the keys: nobody but root and this user may have written it.
Done check_file(const std::string& path) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0)
        return Error(Code::invalid, path + ": " + std::generic_category().message(errno));
    if (!S_ISREG(facts.st_mode)) return Error(Code::invalid, path + ": not a file");
    if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
        (facts.st_uid != 0 && facts.st_uid != ::geteuid()))
        return Error(Code::denied, path + ": others than root may write it");
    return done();
}

}  // namespace

Module::~Module() {
    if (slots_ != nullptr) ::PKCS11_release_all_slots(context_, slots_, slot_count_);
    if (is_loaded_) ::PKCS11_CTX_unload(context_);
    if (context_ != nullptr) ::PKCS11_CTX_free(context_);
}

Result<std::unique_ptr<Module>> Module::load(const std::string& path) {
    HOLDFAST_CHECK(check_file(path));
    std::unique_ptr<Module> module(new Module);  // the constructor is private
    HOLDFAST_CHECK(module->open(path));
    return module;
}

Done Module::open(const std::string& path) {
    context_ = ::PKCS11_CTX_new();
    if (context_ == nullptr) return libp11_error("PKCS11_CTX_new");
    if (::PKCS11_CTX_load(context_, path.c_str()) != 0) {
        auto failed = libp11_error("PKCS11_CTX_load").within(path);
        // No return value of the module's own: it could not even be loaded.
        if (failed.reason().empty() && failed.code() == Code::unavailable)
            return Error(Code::invalid, failed.text());
        return failed;
    }
    is_loaded_ = true;
    return find_calls(path);
}

// The same library once more: C_Initialize was libp11's, and is once for the process.
Done Module::find_calls(const std::string& path) {
    library_.reset(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
    void* const found = library_ ? ::dlsym(library_.get(), "C_GetFunctionList") : nullptr;
    if (found == nullptr) return Error(Code::invalid, path + ": has no C_GetFunctionList");
    CK_FUNCTION_LIST* calls = nullptr;
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(found);
    HOLDFAST_CHECK(check("C_GetFunctionList", get(&calls)));
    calls_ = calls;
    return done();
}

Result<std::vector<CK_SLOT_ID>> Module::slots() const {
    CK_ULONG count = 0;
    HOLDFAST_CHECK(check("C_GetSlotList", calls_->C_GetSlotList(CK_FALSE, nullptr, &count)));
    if (count > max_slots)
        return Error(Code::invalid,
                     "the module has more than " + std::to_string(max_slots) + " slots");
    std::vector<CK_SLOT_ID> slots(max_slots);  // room for those that come in between
    count = slots.size();
    HOLDFAST_CHECK(check("C_GetSlotList", calls_->C_GetSlotList(CK_FALSE, slots.data(), &count)));
    slots.resize(std::min(slots.size(), count));
    return slots;
}

Result<std::vector<TokenFacts>> Module::tokens() const {
    HOLDFAST_TRY(all, slots());
    std::vector<TokenFacts> tokens;
    for (const CK_SLOT_ID slot : all) {
        CK_SLOT_INFO info{};
        HOLDFAST_CHECK(check("C_GetSlotInfo", calls_->C_GetSlotInfo(slot, &info)));
        if ((info.flags & CKF_TOKEN_PRESENT) == 0) continue;
        auto facts = token_in(slot);
        if (facts) tokens.push_back(*std::move(facts));  // else it was taken out just now
    }
    return tokens;
}

Result<TokenFacts> Module::token_in(CK_SLOT_ID slot) const {
    CK_TOKEN_INFO info{};
    HOLDFAST_CHECK(check("C_GetTokenInfo", calls_->C_GetTokenInfo(slot, &info)));
    TokenFacts facts;
    facts.slot = slot;
    facts.names = {unpadded(info.label), unpadded(info.manufacturerID), unpadded(info.model),
                   unpadded(info.serialNumber)};
    facts.flags = info.flags;
    facts.max_sessions = known(info.ulMaxSessionCount);
    facts.max_rw_sessions = known(info.ulMaxRwSessionCount);
    facts.sessions = known(info.ulSessionCount);
    return facts;
}

Result<LibraryNames> Module::library() const {
    CK_INFO info{};
    HOLDFAST_CHECK(check("C_GetInfo", calls_->C_GetInfo(&info)));
    return LibraryNames{unpadded(info.manufacturerID), unpadded(info.libraryDescription)};
}

Result<PKCS11_TOKEN*> Module::for_libp11(CK_SLOT_ID slot) {
    if (slots_ == nullptr && ::PKCS11_enumerate_slots(context_, &slots_, &slot_count_) != 0)
        return libp11_error("PKCS11_enumerate_slots");
    for (unsigned int i = 0; i < slot_count_; ++i) {
        PKCS11_SLOT& known_slot = slots_[i];
        if (::PKCS11_get_slotid_from_slot(&known_slot) == slot && known_slot.token != nullptr)
            return known_slot.token;
    }
    return Error(Code::not_found, "libp11 does not see the token");
}

}  // namespace holdfast::hsm::pkcs11
