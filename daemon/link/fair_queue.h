// FairQueue: what waits for a worker, so that each flow (a key, a uid) gets its share of the time.
#ifndef HOLDFAST_DAEMON_LINK_FAIR_QUEUE_H
#define HOLDFAST_DAEMON_LINK_FAIR_QUEUE_H

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "holdfast/result.h"

namespace holdfast::daemon {

// The next turn is the flow's that has used the least time; a turn is charged with what it took
// when it is over. A flow that comes (back) starts level with the one served last: being idle saves
// nothing up (start-time fair queueing). Event loop only.
template <class Item>
class FairQueue {
  public:
    using Cost = std::chrono::nanoseconds;

    struct Limits {
        std::size_t in_all;
        std::size_t per_flow;
    };
    struct Turn {
        std::string flow;
        Item item;
    };

    explicit FairQueue(Limits limits) : limits_(limits) {}

    // busy: this flow has its share waiting; unavailable: so many wait in all. Reason
    // too_many_requests. The item is only taken if there is room.
    Done push(const std::string& flow, Item item) {
        if (size_ >= limits_.in_all) return too_many(Code::unavailable, "too many requests wait");
        const auto found = flows_.find(flow);
        if (found != flows_.end() && found->second.waiting.size() >= limits_.per_flow)
            return too_many(Code::busy, "too many requests of this caller wait");
        auto& mine = flows_[flow];
        if (mine.waiting.empty() && mine.under_way == 0) mine.used = std::max(mine.used, level_);
        mine.waiting.push_back(std::move(item));
        ++size_;
        return done();
    }

    std::optional<Turn> pop() {
        const auto next = neediest();
        if (next == flows_.end()) return std::nullopt;
        Flow& flow = next->second;
        level_ = std::max(level_, flow.used);
        Turn turn{next->first, std::move(flow.waiting.front())};
        flow.waiting.pop_front();
        ++flow.under_way;
        --size_;
        forget_level_flows();
        return turn;
    }

    void finished(const std::string& flow, Cost took) {
        constexpr int memory = 8;  // turns
        usual_ += (took - usual_) / memory;
        const auto found = flows_.find(flow);
        if (found == flows_.end()) return;
        found->second.used += took;
        --found->second.under_way;
    }

    // The one who waited gave up.
    void remove(const std::string& flow, const Item& item) {
        const auto found = flows_.find(flow);
        if (found != flows_.end()) size_ -= std::erase(found->second.waiting, item);
    }

    std::size_t size() const noexcept { return size_; }

    template <class Use>
    void for_each(Use&& use) const {
        for (const auto& [name, flow] : flows_)
            for (const Item& item : flow.waiting)
                use(item);
    }

  private:
    struct Flow {
        std::deque<Item> waiting;
        std::size_t under_way = 0;
        Cost used{0};
    };
    using Flows = std::map<std::string, Flow>;

    static Error too_many(Code code, const char* text) {
        return Error(code, text, Retry::later).because("too_many_requests");
    }

    // What is under way counts as usual until it is known; it is never charged as a guess.
    Cost rank_of(const Flow& flow) const {
        return flow.used + usual_ * static_cast<Cost::rep>(flow.under_way);
    }

    typename Flows::iterator neediest() {
        auto best = flows_.end();
        for (auto flow = flows_.begin(); flow != flows_.end(); ++flow) {
            if (flow->second.waiting.empty()) continue;
            if (best == flows_.end() || rank_of(flow->second) < rank_of(best->second)) best = flow;
        }
        return best;
    }

    // Who waits for nothing and is not ahead of the others needs no memory.
    void forget_level_flows() {
        std::erase_if(flows_, [&](const auto& flow) {
            return flow.second.waiting.empty() && flow.second.under_way == 0 &&
                   flow.second.used <= level_;
        });
    }

    Limits limits_;
    Flows flows_;
    std::size_t size_ = 0;
    Cost level_{0};  // what the flow served last had used by then
    Cost usual_ = std::chrono::milliseconds(1);
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_FAIR_QUEUE_H
