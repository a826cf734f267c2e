#!/usr/bin/env bash
# How many commands a signature costs a TPM that is ours alone, with nobody swapping in between:
# counted in swtpm's log while an agent signs without a pause. vm.sh does the same behind a kernel.
. "$(dirname "$0")/../e2e/lib.sh"
. "$(dirname "$0")/../e2e/load.sh"
. "$(dirname "$0")/cost.sh"

MOST_COMMANDS_PER_SIGNATURE=3  # two fuses and the signature; the session is shared by those in a row

HOLDFAST_TPM_LOG=2 start_tpm
start_daemon
declare_load
begin_load 4  # so that the next request waits already, however slow this machine is
answers() { [ "$(wc -l <"$DIR/answers")" -ge "$1" ]; }
wait_until 60 "the row to be under way" answers 5
from=$(wc -l <"$DIR/tpm/log")
wait_until 60 "more signatures" answers $(($(wc -l <"$DIR/answers") + SIGNATURES_COUNTED + 2))
to=$(wc -l <"$DIR/tpm/log")
end_load

say "What a signature costs the chip"
expect_cost "$DIR/tpm/log" "$from" "$to" $MOST_COMMANDS_PER_SIGNATURE
