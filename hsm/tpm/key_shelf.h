// KeyShelf: the keys at rest in keys/, and their way into the TPM.
#ifndef HOLDFAST_HSM_TPM_KEY_SHELF_H
#define HOLDFAST_HSM_TPM_KEY_SHELF_H

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/key_files.h"
#include "hsm/tpm/commands.h"
#include "hsm/tpm/fuses.h"
#include "hsm/tpm/handles.h"
#include "hsm/tpm/key_policy.h"
#include "hsm/tpm/roots.h"

namespace holdfast::hsm {

struct StoredKey {
    KeyRecord record;
    KeyAreas areas;
    KeyDescription description;
};

Result<KeyDescription> describe(const KeyRecord& record, const KeyAreas& areas);

class KeyShelf {
  public:
    KeyShelf(Connection& tpm, KeyFiles& files, LoadedKeys& loaded, Roots& roots,
             Fuses& fuses) noexcept
        : tpm_(&tpm), files_(&files), loaded_(&loaded), roots_(&roots), fuses_(&fuses) {}

    // Undoes what a crash left half made: no NV index leaks.
    Done clean_up();

    // "agent-<name>-<n>" with a number that name never had before.
    Result<std::string> next_agent_id(const std::string& agent);
    Done intend(const KeyRecord& record);
    Done put(const KeyRecord& record, const KeyAreas& areas);
    Done erase(const std::string& id);

    // not_found; denied with reason other_tpm. Good until the key is put or erased again.
    Result<const StoredKey*> find(std::string_view id);
    Result<std::vector<std::string>> ids() const;

    // The key inside the TPM, see LoadedKeys::use.
    Result<ESYS_TR> use(const StoredKey& key);
    // The same with no other key beside it: a kernel that swaps whatever is loaded around every
    // command then has less to swap.
    Result<ESYS_TR> use_alone(const StoredKey& key);
    // Makes room beside the key used last.
    void leave_only_latest() { loaded_->trim(1); }
    // What its policy asks for; empty for a key without fuses.
    Result<std::vector<PolicyTerm>> terms(const StoredKey& key) const;

    // Runs a verb that uses loaded keys: once more, from the blobs, if the TPM forgot its objects
    // or had no slot; and leaves one key loaded at most.
    template <class T>
    Result<T> with_keys(const std::function<Result<T>()>& verb) {
        Result<T> made = verb();
        if (!made && make_good(made.error())) made = verb();
        loaded_->trim(LoadedKeys::between_verbs);
        return made;
    }

  private:
    Done undo_if_unfinished(const std::string& id);
    Result<StoredKey> read(const std::string& id) const;
    bool make_good(const Error& error);

    Connection* tpm_;
    KeyFiles* files_;
    LoadedKeys* loaded_;
    Roots* roots_;
    Fuses* fuses_;
    std::map<std::string, StoredKey, std::less<>> cache_;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_KEY_SHELF_H
