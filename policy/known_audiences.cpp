#include "policy/known_audiences.h"

#include "core/crypto/digest.h"

namespace holdfast::policy {

void KnownAudiences::note(const std::string& agent, std::string_view audience) {
    auto known = known_.find(agent);
    if (known == known_.end()) {
        if (known_.size() >= max_known_agents) return;
        known = known_.try_emplace(agent).first;
    }
    if (known->second.size() < max_known_audiences)
        known->second.insert(crypto::sha256(view_of(audience)));
}

bool KnownAudiences::is_novel(const std::string& agent, std::string_view audience,
                              std::size_t learn) const {
    const auto known = known_.find(agent);
    if (known == known_.end()) return learn == 0 || known_.size() >= max_known_agents;
    if (known->second.contains(crypto::sha256(view_of(audience)))) return false;
    return known->second.size() >= learn;
}

std::size_t KnownAudiences::count(const std::string& agent) const {
    const auto known = known_.find(agent);
    return known == known_.end() ? 0 : known->second.size();
}

}  // namespace holdfast::policy
