// KeysWorker: answers the front's requests about keys; judges by itself what a key may sign.
#ifndef HOLDFAST_DAEMON_WORKERS_KEYS_H
#define HOLDFAST_DAEMON_WORKERS_KEYS_H

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "daemon/link/codec.h"
#include "daemon/link/messages.h"
#include "daemon/workers/ca_certificate.h"
#include "hsm/anchor_keeper.h"
#include "hsm/families.h"
#include "hsm/key_store.h"
#include "hsm/live_keys.h"
#include "hsm/quoter.h"
#include "hsm/registrar.h"

namespace holdfast::daemon {

// For a worker whose keys are in no token: invalid unless the URI is empty.
Done check_no_token(std::string_view uri);

class KeysWorker {
  public:
    struct Parts {
        hsm::KeyStore& store;
        hsm::Quoter& quoter;
        hsm::Registrar& registrar;
        hsm::AnchorKeeper& anchor;
        std::string trust_domain;
        std::string ca_certificate_file;
        std::function<std::int64_t()> now;  // Unix seconds
        Backend backend;                    // of the store
        bool has_tpm;                       // the host, whichever store this is
        hsm::LiveKeys& live_keys;           // of both backends
        bool keeps_host_keys;  // the CA's and the ledger's: one worker of a host has them
        std::string token;     // its label and serial number, for people; empty for a TPM
        // Is that the token in which an agent's file wants its key?
        std::function<Done(std::string_view uri)> check_token;
    };
    explicit KeysWorker(Parts parts);

    // Makes the CA and ledger keys when they are missing and kept here, and the CA's certificate;
    // tells the other backend's worker which agents' keys there are.
    Done prepare();

    Result<Reply> handle(const Message& request);
    // Nobody asks for a while.
    void rest() { parts_.store.rest(); }

  private:
    Result<Bytes> answer(const Message& request);
    Result<Bytes> host();
    Done add_host_keys(HostIdentity& host);
    Result<Bytes> check_token(ByteView payload) const;
    Result<Bytes> create(ByteView payload);
    Result<Bytes> sign(ByteView payload);
    Result<Bytes> attest(ByteView payload);
    Result<Bytes> activate(ByteView payload);
    Result<Bytes> extend_register(ByteView payload);
    Result<Bytes> register_log(ByteView payload);
    RegisterStatus register_status() const;
    Result<Bytes> read_anchor(ByteView payload);
    Result<Bytes> advance_anchor(ByteView payload);
    Result<Bytes> flush_sessions(ByteView payload);
    Result<Bytes> end_key(const Message& request);
    Done end_host_keys();
    Done withdraw_all();
    Done end_agent_key(const std::string& key_id);

    Result<KeyDescription> own_key(const std::string& id, Purpose purpose);
    Result<Bytes> checked_signature(const KeyDescription& key, ByteView preimage);
    Done prepare_host_keys();
    Done check_place(const CreateRequest& request) const;
    Done settle_live_keys();
    bool is_intact(const KeyDescription& key);
    Done is_live_agent_key(std::string_view agent, ByteView spki);
    Result<bool> is_live_key(ByteView spki);

    Parts parts_;
    hsm::FamilyRules rules_;
    CaCertificate ca_certificate_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_KEYS_H
