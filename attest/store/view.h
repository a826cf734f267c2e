// A view compared with its manifest, entry by entry, by what the file system says of each.
#ifndef HOLDFAST_ATTEST_STORE_VIEW_H
#define HOLDFAST_ATTEST_STORE_VIEW_H

#include <sys/stat.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

#include "attest/manifest/manifest.h"
#include "holdfast/result.h"

namespace holdfast::attest {

struct ViewRules {
    uid_t owner;
    // Every difference; `path` is of the tree, "" its root. An Error of it ends the comparison.
    std::function<Done(const std::string& path, std::string_view what)> on_difference;
    // Every file that is as it should be, as its folder and name in it; may be empty.
    std::function<Done(int folder, const std::string& name, const TreeEntry& entry,
                       const struct stat& status)>
        on_file;
};

// `root`: the view's folder, opened for reading.
Done compare_view(int root, const Manifest& manifest, const ViewRules& rules);

// denied with reason store_changed.
Error store_changed(std::string_view path, std::string_view what);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_VIEW_H
