// Finding: one thing `holdfast doctor` looked at, how it is, and what to do where it is not well.
#ifndef HOLDFAST_DAEMON_DOCTOR_FINDING_H
#define HOLDFAST_DAEMON_DOCTOR_FINDING_H

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::daemon {

enum class Verdict : std::uint8_t {
    good,
    note,    // well, and worth knowing
    unseen,  // could not be looked at: not known to be well
    wrong,   // the daemon will not do what its settings say
};
std::string_view to_string(Verdict verdict) noexcept;

struct Finding {
    std::string part;  // "settings", "TPM", "token"
    Verdict verdict;
    std::string text;
    std::string remedy;  // what to do; empty unless wrong or unseen
};

class Findings {
  public:
    void good(std::string part, std::string text) {
        all_.push_back({std::move(part), Verdict::good, std::move(text), ""});
    }
    void note(std::string part, std::string text) {
        all_.push_back({std::move(part), Verdict::note, std::move(text), ""});
    }
    void unseen(std::string part, std::string text, std::string remedy) {
        all_.push_back({std::move(part), Verdict::unseen, std::move(text), std::move(remedy)});
    }
    void wrong(std::string part, std::string text, std::string remedy) {
        all_.push_back({std::move(part), Verdict::wrong, std::move(text), std::move(remedy)});
    }
    const std::vector<Finding>& all() const noexcept { return all_; }

    // How many are neither good nor a note.
    std::size_t troubles() const noexcept;

  private:
    std::vector<Finding> all_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_DOCTOR_FINDING_H
