#include "hsm/tpm/handles.h"

#include <algorithm>

namespace holdfast::hsm {

// A flush that fails leaves an object behind until the next start flushes it; there is nobody to
// tell from here.
Transient::~Transient() {
    if (handle_ != ESYS_TR_NONE) (void)::Esys_FlushContext(tpm_->esys(), handle_);
}

Lasting::~Lasting() {
    if (handle_ != ESYS_TR_NONE) (void)::Esys_TR_Close(tpm_->esys(), &handle_);
}

Result<Lasting> lasting(Connection& tpm, TPM2_HANDLE handle) {
    ESYS_TR found = ESYS_TR_NONE;
    HOLDFAST_CHECK(tpm.run("Esys_TR_FromTPMPublic", [&] {
        return ::Esys_TR_FromTPMPublic(tpm.esys(), handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       &found);
    }));
    return Lasting(tpm, found);
}

Result<TPM2_HANDLE> tpm_handle(Connection& tpm, ESYS_TR handle) {
    TPM2_HANDLE raw = 0;
    HOLDFAST_CHECK(check("Esys_TR_GetTpmHandle", ::Esys_TR_GetTpmHandle(tpm.esys(), handle, &raw)));
    return raw;
}

Result<ESYS_TR> LoadedKeys::use(const std::string& id, const Loader& load, std::size_t at_most) {
    const auto found = std::find_if(loaded_.begin(), loaded_.end(),
                                    [&](const auto& entry) { return entry.first == id; });
    if (found != loaded_.end()) {
        loaded_.splice(loaded_.begin(), loaded_, found);
        trim(at_most);
        return loaded_.front().second.handle();
    }
    trim(at_most - 1);
    HOLDFAST_TRY(key, bring(id, load));
    loaded_.emplace_front(id, std::move(key));
    return loaded_.front().second.handle();
}

Result<Transient> LoadedKeys::bring(const std::string& id, const Loader& load) {
    if (const auto saved = contexts_.find(id); saved != contexts_.end()) {
        ESYS_TR handle = ESYS_TR_NONE;
        const auto loaded = tpm_->run("Esys_ContextLoad", [&] {
            return ::Esys_ContextLoad(tpm_->esys(), saved->second.get(), &handle);
        });
        if (loaded) return Transient(*tpm_, handle);
        if (is(loaded.error(), connection_lost)) return loaded.error();
        contexts_.erase(saved);  // a TPM that was reset does not know it any more
    }
    HOLDFAST_TRY(key, load());
    save(id, key.handle());
    return key;
}

// Without a context the key is loaded from its blob next time: slower, nothing else.
void LoadedKeys::save(const std::string& id, ESYS_TR handle) {
    if (contexts_.size() >= max_contexts) contexts_.clear();
    Owned<TPMS_CONTEXT, ::Esys_Free> context;
    if (::Esys_ContextSave(tpm_->esys(), handle, out(context)) == TSS2_RC_SUCCESS)
        contexts_.insert_or_assign(id, std::move(context));
}

void LoadedKeys::trim(std::size_t keep) {
    while (loaded_.size() > keep)
        loaded_.pop_back();
}

void LoadedKeys::drop(std::string_view id) {
    loaded_.remove_if([&](const auto& entry) { return entry.first == id; });
    if (const auto saved = contexts_.find(id); saved != contexts_.end()) contexts_.erase(saved);
}

void LoadedKeys::clear() {
    loaded_.clear();
    contexts_.clear();
}

}  // namespace holdfast::hsm
