// TemporaryDirectory: a test's own place on disk, removed with all that is in it.
#ifndef HOLDFAST_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H
#define HOLDFAST_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H

#include <cstdlib>
#include <filesystem>
#include <string>

namespace holdfast::tests {

class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "holdfast-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::string& path() const noexcept { return path_; }
    std::string file(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H
