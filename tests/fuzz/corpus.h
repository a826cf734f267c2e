// Corpus: the folder of one fuzz target's seeds, made and written to.
#ifndef HOLDFAST_TESTS_FUZZ_CORPUS_H
#define HOLDFAST_TESTS_FUZZ_CORPUS_H

#include <filesystem>
#include <fstream>
#include <string>

#include "holdfast/bytes.h"

namespace holdfast::fuzz {

class Corpus {
  public:
    Corpus(const std::string& folder, const std::string& target) : folder_(folder + "/" + target) {
        std::filesystem::create_directories(folder_);
    }
    void add(const std::string& name, ByteView bytes) const {
        std::ofstream file(folder_ + "/" + name, std::ios::binary);
        const auto text = text_of(bytes);
        file.write(text.data(), static_cast<std::streamsize>(text.size()));
    }
    void add(const std::string& name, std::string_view text) const { add(name, view_of(text)); }

  private:
    std::string folder_;
};

}  // namespace holdfast::fuzz

#endif  // HOLDFAST_TESTS_FUZZ_CORPUS_H
