// The folders of a store, opened: to look at it, or to be the only one who writes in it.
#ifndef HOLDFAST_ATTEST_STORE_FOLDERS_H
#define HOLDFAST_ATTEST_STORE_FOLDERS_H

#include <sys/types.h>

#include <string>

#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::attest {

// The directory itself: `owner`'s and writable by nobody else, or denied with reason store_unsafe.
Result<Descriptor> open_store_directory(const std::string& directory, uid_t owner);
Done check_store_folder(int folder, std::string_view name, uid_t owner);

struct Folders {
    Descriptor directory, objects, views, manifests, partial;
    uid_t owner = 0;
};

enum class Use : std::uint8_t {
    look,   // others may look too, nobody writes
    write,  // nobody else does either; partial/ is empty
};

// Makes what is missing, the directory too, holds the lock for as long as `partial` is open.
// Code::busy when somebody else has it.
Result<Folders> open_folders(const std::string& directory, uid_t owner, Use use);

// What an import that failed or was killed left behind.
Done empty_partial(const Folders& folders);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_FOLDERS_H
