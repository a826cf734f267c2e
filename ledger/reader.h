// read_ledger: every record of a ledger's folder, in order, for who only reads it.
#ifndef HOLDFAST_LEDGER_READER_H
#define HOLDFAST_LEDGER_READER_H

#include <functional>
#include <string>

#include "holdfast/evidence.h"
#include "holdfast/result.h"
#include "ledger/record.h"

namespace holdfast::ledger {

using Visit = std::function<Done(const Record& record)>;

// A copy of the folder, or that of a running daemon: what it is just appending is left out. The
// head that all the records amount to; whether that is the right one, a checkpoint or a receipt
// says. not_found: no ledger there; ledger_edited: not what a writer leaves; what `visit` fails
// with ends it, as an edit.
Result<LedgerHead> read_ledger(const std::string& directory, const Visit& visit);

}  // namespace holdfast::ledger

#endif  // HOLDFAST_LEDGER_READER_H
