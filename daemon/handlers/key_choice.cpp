#include "daemon/handlers/key_choice.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "daemon/handlers/admin.h"

namespace holdfast::daemon::handlers {
namespace {

const char* place_of(Backend backend) {
    return backend == Backend::tpm ? "the TPM" : "the token";
}

std::string described(KeyAlgorithm algorithm, Backend backend) {
    return std::string(to_string(algorithm)) + " in " + place_of(backend);
}

std::string agent_named(const std::string& name) {
    return "agent " + name;
}

// A key is what it is for its life; what ended makes room for another.
bool has_key(const std::optional<AgentRow>& row) {
    return row && row->state != AgentState::retired && !row->key.id.empty();
}

// Retired, and its old key is not yet ended: nothing is made until it is.
bool waits_for_its_end(const std::optional<AgentRow>& row) {
    return row && row->state == AgentState::retired && !row->pending.empty();
}

Done check_existing(const AgentRow& row, const policy::KeyChoice& wanted) {
    if (row.key.backend == wanted.backend && row.key.algorithm == wanted.algorithm) return done();
    return Error(Code::conflict, "its file asks for " +
                                     described(wanted.algorithm, wanted.backend) + ", its key is " +
                                     described(row.key.algorithm, row.key.backend) +
                                     ": retire the agent before it gets another")
        .because("key_differs");
}

Done check_offered(const HostIdentity& keeper, const policy::KeyChoice& wanted) {
    const auto& offered = keeper.algorithms;
    if (std::find(offered.begin(), offered.end(), wanted.algorithm) != offered.end()) return done();
    std::string text =
        "its file asks for " + described(wanted.algorithm, wanted.backend) + ", which offers";
    for (const KeyAlgorithm algorithm : offered)
        text.append(" ").append(to_string(algorithm));
    return Error(Code::conflict, offered.empty() ? text + " nothing" : text)
        .because("algorithm_unavailable");
}

bool is_away(const Error& error) {
    return error.code() == Code::unavailable || error.code() == Code::busy ||
           error.code() == Code::timeout;
}

// Looks at files one by one; asks each keeper once, and for each token once.
class KeyChoices {
  public:
    explicit KeyChoices(Services& services) noexcept : services_(services) {}

    Async<std::monostate> check(policy::AgentFile file) {
        const auto row = current_row(services_, file.name);
        if (waits_for_its_end(row)) co_return done();
        policy::KeyChoice wanted = file.key;
        if (has_key(row)) {
            HOLDFAST_CO_CHECK(check_existing(*row, wanted));
        } else {
            HOLDFAST_CO_CHECK(co_await check_new(std::move(wanted)));
        }
        if (file.key.backend != Backend::pkcs11) co_return done();
        std::string uri = file.key.token;
        Done meant = co_await check_token(std::move(uri));
        // A file that was found good once is not held up by a token that is gone for a while.
        const bool was_found_good = has_key(row) && row->file_digest == file.digest;
        if (!meant && is_away(meant.error()) && was_found_good) co_return done();
        co_return meant;
    }

  private:
    Async<std::monostate> check_new(policy::KeyChoice wanted) {
        if (!keepers_.contains(wanted.backend)) {
            HOLDFAST_CO_TRY(keeper, co_await services_.keys.host_of(wanted.backend));
            keepers_.emplace(wanted.backend, std::move(keeper));
        }
        co_return check_offered(keepers_.at(wanted.backend), wanted);
    }

    Async<std::monostate> check_token(std::string uri) {
        const auto known = tokens_.find(uri);
        if (known != tokens_.end()) co_return known->second;
        if (away_) co_return Error(*away_);
        std::string asked = uri;
        Done meant = co_await services_.keys.check_token(std::move(asked));
        if (!meant && is_away(meant.error())) away_ = meant.error();
        tokens_.emplace(std::move(uri), meant);
        co_return meant;
    }

    Services& services_;
    std::map<Backend, HostIdentity> keepers_;
    std::map<std::string, Done> tokens_;  // by URI: is it this host's token?
    std::optional<Error> away_;           // set: the token's worker is not waited for again
};

}  // namespace

Async<std::monostate> check_key_choices(Services& services, std::vector<policy::AgentFile> files) {
    KeyChoices choices(services);
    for (const policy::AgentFile& file : files) {
        policy::AgentFile looked_at = file;
        Done good = co_await choices.check(std::move(looked_at));
        if (!good) co_return std::move(good).error().within(agent_named(file.name));
    }
    co_return done();
}

Async<KeyDescription> create_chosen_key(Services& services, std::string agent,
                                        policy::KeyChoice choice) {
    CreateRequest wanted{agent, choice.backend, choice.algorithm, choice.token};
    auto key = co_await services.keys.create(std::move(wanted));
    if (!key) co_return std::move(key).error().within(agent_named(agent));
    if (key->backend != choice.backend || key->algorithm != choice.algorithm)
        co_return Error(Code::internal, "the keys worker made another key than was asked for")
            .within(agent_named(agent));
    co_return key;
}

}  // namespace holdfast::daemon::handlers
