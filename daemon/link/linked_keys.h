// LinkedKeys: Keys over the link to one keys worker.
#ifndef HOLDFAST_DAEMON_LINK_LINKED_KEYS_H
#define HOLDFAST_DAEMON_LINK_LINKED_KEYS_H

#include "daemon/link/keys.h"
#include "daemon/link/worker_link.h"

namespace holdfast::daemon {

class LinkedKeys final : public Keys {
  public:
    explicit LinkedKeys(WorkerLink& link) : link_(link) {}

    Done available(std::string_view) const override { return link_.available(); }
    Async<HostIdentity> host() override;
    Async<HostIdentity> host_of(Backend) override { return host(); }
    Async<KeyDescription> create(CreateRequest wanted) override;
    Async<std::vector<KeyDescription>> list() override;
    Async<Bytes> sign_for(std::string charged, std::string key_id, Bytes preimage) override;
    Async<std::monostate> blow_fuse(std::string key_id) override;
    Async<std::monostate> blow_host_fuse() override;
    Async<std::monostate> destroy(std::string key_id) override;
    Async<TpmEvidence> attest_for(std::string charged, std::string key_id,
                                  Sha256 challenge) override;
    Async<Bytes> activate(Bytes blob, Bytes secret) override;
    Async<RegisterPosition> extend_register(std::string canonical_json_content) override;
    Async<RegisterStatus> register_log() override;
    Async<AnchorReading> read_anchor() override;
    Async<AnchorReading> advance_anchor(std::uint64_t to) override;
    Async<std::monostate> flush_sessions() override;

  private:
    // The reply's body; descriptors have no place in answers of this worker. `flow`: the key whose
    // turn it takes, "" for what operators ask.
    Async<Bytes> ask(Operation operation, Bytes payload, std::string flow = {});
    Async<std::monostate> order(Operation operation, Bytes payload);

    WorkerLink& link_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_LINKED_KEYS_H
