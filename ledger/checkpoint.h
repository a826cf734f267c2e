// Checkpoints (C2SP tlog-checkpoint): a tree head as text, and the signed note around it.
#ifndef HOLDFAST_LEDGER_CHECKPOINT_H
#define HOLDFAST_LEDGER_CHECKPOINT_H

#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/evidence.h"
#include "holdfast/result.h"

namespace holdfast::ledger {

// "<origin>\n<size>\n<base64 root>\n": the bytes the ledger key signs. origin "<trust
// domain>/ledger".
std::string checkpoint_text(std::string_view origin, const LedgerHead& head);

struct Checkpoint {
    std::string origin;
    LedgerHead head;
};
Result<Checkpoint> parse_checkpoint(std::string_view text);

// C2SP signed-note, signature type 0x02: ECDSA P-256 over SHA-256, DER; key hash from the SPKI.
Result<std::string> signed_note(std::string_view text, std::string_view key_name, ByteView spki,
                                ByteView raw_signature);
Result<Checkpoint> open_note(std::string_view note, std::string_view key_name, ByteView spki);

}  // namespace holdfast::ledger

#endif  // HOLDFAST_LEDGER_CHECKPOINT_H
