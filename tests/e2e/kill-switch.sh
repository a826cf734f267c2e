#!/usr/bin/env bash
# A hundred stops (kill-switch.sh 500: a thousand) of an agent that signs on 64 connections: none of its
# signatures leaves after the stop is in force, none of its clients gets one for what it asks after the
# answer; with a TPM that hangs too, and while credentials are issued, files applied and workers killed.
# How fast that is, is the bench's to say; here only that it is so.
set -euo pipefail
bench=$(cd "$(dirname "$0")/../../bench" && pwd)
said=$(mktemp)
trap 'rm -f "$said"' EXIT
"$bench/kill-switch" --runs "${1:-50}" --hung 2 --races 10 | tee "$said"
grep -q '^no signature left' "$said"
