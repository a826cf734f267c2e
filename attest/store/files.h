// The store's steps on a disk: each through the descriptor of a folder, each error with its reason.
#ifndef HOLDFAST_ATTEST_STORE_FILES_H
#define HOLDFAST_ATTEST_STORE_FILES_H

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::attest {

// From errno. A full disk or quota is unavailable with reason store_full, all else unavailable.
Error disk_error(std::string_view step);
// For the texts of errors: what is not printable ASCII is shown as '?', so that a line stays one.
std::string shown(std::string_view path);
std::string joined(std::string_view folder, std::string_view name);  // "folder/name"

// A folder itself, never through a link. not_found when it is not there.
Result<Descriptor> open_folder(int at, const std::string& name);
// Every name in it but "." and "..", ordered by their bytes.
Result<std::vector<std::string>> names_in(int folder);
// One that is there already is fine, and keeps its mode.
Done make_folder(int at, const std::string& name, mode_t mode);

Result<std::string> link_target(int at, const std::string& name);
// A regular file of at most max bytes, never through a link. not_found when it is not there.
Result<std::string> read_file(int at, const std::string& name, std::size_t max);
Result<std::string> read_all(int file, std::size_t max);
Done write_all(int file, ByteView bytes);
// What it stays like: this mode, and object_time. The last step: a later write would show.
Done seal_object(int file, mode_t mode, std::string_view path);

// With everything in it, folders without write bits too; what is not there is fine.
Done remove_all(int at, const std::string& name);
// Everything written in the folder's file system is on the disk when this returns.
Done sync_file_system(int folder);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_FILES_H
