#include "attest/store/linking.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "attest/store/files.h"
#include "attest/store/layout.h"

namespace holdfast::attest {
namespace {

constexpr const char* new_object = "object";

// By reference where the file system can; else by the kernel, without a way through our memory.
Done copy_bytes(int from, int to, std::uint64_t size) {
    if (::ioctl(to, FICLONE, from) == 0) return done();
    while (size > 0) {
        const ssize_t copied = ::copy_file_range(from, nullptr, to, nullptr, size, 0);
        if (copied < 0 && errno == EINTR) continue;
        if (copied < 0) return disk_error("copy an object");
        if (copied == 0) return Error(Code::unavailable, "store: an object is cut off");
        size -= static_cast<std::uint64_t>(copied);
    }
    return done();
}

}  // namespace

Linking::Linking(const Folders& store, int view, std::vector<PlannedFile>& files,
                 const ImportOptions& options)
    : store_(store), view_(view), files_(files), options_(options) {}

Done Linking::publish() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
        auto& file = files_[i];
        if (file.first != i || file.stored) continue;
        HOLDFAST_CHECK(make_folder(store_.objects.get(), object_shelf(file.object.digest.front()),
                                   private_folder_mode));
        HOLDFAST_CHECK(publish(file));
        file.links = 2;  // in the view and as an object
    }
    return done();
}

Done Linking::publish(const PlannedFile& file) {
    const std::string name = to_name(file.object);
    const int objects = store_.objects.get();
    const char* path = file.entry->path.c_str();
    step();
    published_.push_back(name);
    if (::linkat(view_, path, objects, name.c_str(), 0) == 0) return done();
    if (errno != EEXIST) return disk_error("link an object");
    // Something is there that is no object: wrong owner, mode or size.
    const int partial = store_.partial.get();
    if (::linkat(view_, path, partial, new_object, 0) != 0) return disk_error("link an object");
    step();
    if (::renameat(partial, new_object, objects, name.c_str()) != 0)
        return disk_error("replace what is no object");
    return done();
}

Done Linking::fill_view() {
    std::map<std::size_t, Origin> origins;
    for (std::size_t i = 0; i < files_.size(); ++i) {
        const auto& file = files_[i];
        const bool is_there = file.first == i && !file.stored;
        if (is_there) continue;
        const auto& first = files_[file.first];
        auto [origin, is_new] = origins.try_emplace(file.first);
        if (is_new) origin->second = {store_.objects.get(), to_name(file.object), first.links};
        HOLDFAST_CHECK(link_into_view(origin->second, file));
    }
    return done();
}

Done Linking::link_into_view(Origin& from, const PlannedFile& file) const {
    const std::string& path = file.entry->path;
    step();
    const bool has_room = from.links < options_.max_links;
    if (has_room && ::linkat(from.folder, from.path.c_str(), view_, path.c_str(), 0) == 0) {
        ++from.links;
        return done();
    }
    if (has_room && errno != EMLINK) return disk_error("link " + shown(path));
    HOLDFAST_CHECK(copy_into_view(from, file));
    from = {view_, path, 1};  // whoever comes next is linked to the copy
    return done();
}

Done Linking::copy_into_view(const Origin& from, const PlannedFile& file) const {
    const std::string& path = file.entry->path;
    const Descriptor source(
        ::openat(from.folder, from.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!source) return disk_error("copy " + shown(from.path));
    const Descriptor target(::openat(view_, path.c_str(),
                                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                     private_file_mode));
    if (!target) return disk_error("create " + shown(path));
    HOLDFAST_CHECK(copy_bytes(source.get(), target.get(), file.entry->size));
    return seal_object(target.get(), file.object.mode, path);
}

Done Linking::close_view(const Tree& tree) const {
    for (const auto& entry : tree) {
        if (entry.type != EntryType::link) continue;
        step();
        if (::symlinkat(entry.target.c_str(), view_, entry.path.c_str()) != 0)
            return disk_error("link " + shown(entry.path));
    }
    // From below: in a folder without w nothing more could be made by an owner who is not root.
    for (auto entry = tree.rbegin(); entry != tree.rend(); ++entry) {
        if (entry->type != EntryType::directory) continue;
        if (::fchmodat(view_, entry->path.c_str(), view_folder_mode, 0) != 0)
            return disk_error("chmod " + shown(entry->path));
    }
    return done();
}

void Linking::take_back() {
    for (const auto& name : published_)
        (void)::unlinkat(store_.objects.get(), name.c_str(), 0);
}

}  // namespace holdfast::attest
