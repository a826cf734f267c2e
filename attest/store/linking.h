// The writing half of an import: copied files become objects, and objects become the view.
#ifndef HOLDFAST_ATTEST_STORE_LINKING_H
#define HOLDFAST_ATTEST_STORE_LINKING_H

#include <string>
#include <vector>

#include "attest/store/import.h"
#include "attest/store/plan.h"

namespace holdfast::attest {

class Linking {
  public:
    // `view` holds the copies, each by its path. Counts links in `files`.
    Linking(const Folders& store, int view, std::vector<PlannedFile>& files,
            const ImportOptions& options);

    // Each copy is linked to its place in objects/, in place of what is there and is no object.
    Done publish();
    // Each other file of the view is linked to its object, or a copy where that has links enough.
    Done fill_view();
    // Symbolic links, and the modes of all folders but the root, which moves yet.
    Done close_view(const Tree& tree) const;
    // Undoes publish(); for an import that failed.
    void take_back();

  private:
    // Where the next link of an object comes from.
    struct Origin {
        int folder = -1;
        std::string path;
        std::uint64_t links = 0;
    };

    void step() const {
        if (options_.before_step) options_.before_step();
    }
    Done publish(const PlannedFile& file);
    Done link_into_view(Origin& from, const PlannedFile& file) const;
    Done copy_into_view(const Origin& from, const PlannedFile& file) const;

    const Folders& store_;
    int view_;
    std::vector<PlannedFile>& files_;
    const ImportOptions& options_;
    std::vector<std::string> published_;
};

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_LINKING_H
