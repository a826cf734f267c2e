#include "attest/store/folders.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "attest/store/files.h"
#include "attest/store/layout.h"

namespace holdfast::attest {
namespace {

Result<Descriptor> open_checked(int at, const std::string& name, mode_t mode, uid_t owner) {
    HOLDFAST_CHECK(make_folder(at, name, mode));
    HOLDFAST_TRY(folder, open_folder(at, name));
    HOLDFAST_CHECK(check_store_folder(folder.get(), name, owner));
    return folder;
}

Done lock(int partial, Use use) {
    const int kind = use == Use::write ? LOCK_EX : LOCK_SH;
    if (::flock(partial, kind | LOCK_NB) == 0) return done();
    if (errno == EWOULDBLOCK)
        return Error(Code::busy, "store: somebody else imports, collects or checks", Retry::later);
    return disk_error("flock");
}

}  // namespace

Done check_store_folder(int folder, std::string_view name, uid_t owner) {
    struct stat status{};
    if (::fstat(folder, &status) != 0) return disk_error(name);
    const auto unsafe = [name](std::string_view what) {
        return Error(Code::denied, "store: " + shown(name) + " " + std::string(what))
            .because("store_unsafe");
    };
    if (!S_ISDIR(status.st_mode)) return unsafe("is not a directory");
    if (status.st_uid != owner) return unsafe("belongs to somebody else");
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return unsafe("may be written by others");
    return done();
}

Result<Descriptor> open_store_directory(const std::string& directory, uid_t owner) {
    HOLDFAST_TRY(folder, open_folder(AT_FDCWD, directory));
    HOLDFAST_CHECK(check_store_folder(folder.get(), directory, owner));
    return folder;
}

Result<Folders> open_folders(const std::string& directory, uid_t owner, Use use) {
    Folders folders;
    folders.owner = owner;
    HOLDFAST_CHECK(make_folder(AT_FDCWD, directory, store_mode));
    HOLDFAST_TRY(opened, open_store_directory(directory, owner));
    folders.directory = std::move(opened);
    const int at = folders.directory.get();
    HOLDFAST_TRY(partial, open_checked(at, partial_folder, private_folder_mode, owner));
    folders.partial = std::move(partial);
    HOLDFAST_CHECK(lock(folders.partial.get(), use));
    HOLDFAST_TRY(objects, open_checked(at, objects_folder, private_folder_mode, owner));
    folders.objects = std::move(objects);
    HOLDFAST_TRY(views, open_checked(at, views_folder, views_mode, owner));
    folders.views = std::move(views);
    HOLDFAST_TRY(manifests, open_checked(at, manifests_folder, private_folder_mode, owner));
    folders.manifests = std::move(manifests);
    if (use == Use::write) HOLDFAST_CHECK(empty_partial(folders));
    return folders;
}

Done empty_partial(const Folders& folders) {
    HOLDFAST_TRY(names, names_in(folders.partial.get()));
    for (const auto& name : names)
        HOLDFAST_CHECK(remove_all(folders.partial.get(), name));
    return done();
}

}  // namespace holdfast::attest
