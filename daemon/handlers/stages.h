// Stages: which parts of a containment are not yet durable, as AgentRow.pending keeps them.
#ifndef HOLDFAST_DAEMON_HANDLERS_STAGES_H
#define HOLDFAST_DAEMON_HANDLERS_STAGES_H

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::daemon::handlers {

enum class Stage : unsigned char {
    ledger,     // the "containment" record
    fuse,       // the key's fuse in the chip
    blob,       // retire: the key's blob, after its fuse
    processes,  // kill: those that were launched; of what is revoked the state says it
};
std::string_view to_string(Stage stage) noexcept;

class Stages {
  public:
    Stages() = default;
    Stages(std::initializer_list<Stage> stages) : stages_(stages) {}
    // Words it does not know are ignored: an older daemon reads what a newer one left.
    static Stages of(std::string_view pending);

    bool has(Stage stage) const { return stages_.contains(stage); }
    bool empty() const noexcept { return stages_.empty(); }
    void add(const Stages& others) { stages_.insert(others.stages_.begin(), others.stages_.end()); }
    void remove(Stage stage) { stages_.erase(stage); }
    std::vector<std::string> names() const;
    std::string text() const;  // "ledger fuse"

  private:
    std::set<Stage> stages_;
};

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_STAGES_H
