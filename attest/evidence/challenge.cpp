#include "attest/evidence/challenge.h"

#include "core/crypto/digest.h"

namespace holdfast::attest {
namespace {

constexpr std::string_view label = "holdfast-challenge-v2";
constexpr std::size_t longest_name = 66;  // nameAlg ‖ SHA-512

class Fields {
  public:
    void add(ByteView field) {
        add_number(field.size(), 4);
        bytes_.insert(bytes_.end(), field.begin(), field.end());
    }
    void add(std::uint64_t number) {
        add_number(8, 4);
        add_number(number, 8);
    }
    Sha256 digest() const { return crypto::sha256(bytes_); }

  private:
    void add_number(std::uint64_t value, unsigned bytes) {
        for (unsigned left = bytes; left > 0; --left)
            bytes_.push_back(static_cast<std::uint8_t>(value >> (8U * (left - 1U))));
    }

    Bytes bytes_;
};

}  // namespace

Result<Sha256> challenge_digest(const Challenge& challenge) {
    if (challenge.nonce.size() < min_nonce || challenge.nonce.size() > max_nonce)
        return Error(Code::invalid, "nonce: must have 16 to 64 bytes");
    if (challenge.verifier.size() > max_verifier_id)
        return Error(Code::invalid, "verifier: longer than 255 bytes");
    if (challenge.key_name.empty() || challenge.key_name.size() > longest_name)
        return Error(Code::invalid, "key name: must have 1 to 66 bytes");
    Fields fields;
    fields.add(view_of(label));
    fields.add(challenge.nonce);
    fields.add(view_of(challenge.verifier));
    fields.add(challenge.key_name);
    if (challenge.credential.empty()) {
        fields.add(ByteView{});
    } else {
        fields.add(crypto::sha256(challenge.credential.front()));
    }
    fields.add(challenge.ledger_head.size);
    fields.add(challenge.ledger_head.root);
    fields.add(challenge.register_events);
    return fields.digest();
}

Bytes key_name_of(const KeyDescription& key) {
    return key.backend == Backend::tpm ? key.name : bytes_of(crypto::sha256(key.spki));
}

}  // namespace holdfast::attest
