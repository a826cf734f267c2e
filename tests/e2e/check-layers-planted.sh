#!/usr/bin/env bash
# scripts/check-layers must find each kind of violation, name its rule and the line, and nothing
# else: every plant below is one small file, put into an otherwise clean tree.
set -euo pipefail

check=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# plant FILE RULE LINE <<CODE: the file alone must break that rule, on that line.
plant() {
  local file=$1 rule=$2 line=$3 answer
  mkdir -p "$tree/$(dirname "$file")"
  cat >"$tree/$file"
  if answer=$("$check" --root "$tree" 2>&1); then
    echo "NOT FOUND: $rule in $file"
    failures=$((failures + 1))
  elif ! grep -qF "$file:$line: $rule:" <<<"$answer"; then
    echo "WRONG: wanted $file:$line: $rule, got:"; echo "$answer"
    failures=$((failures + 1))
  fi
  rm "$tree/$file"
}

# harmless FILE <<CODE: looks like a violation, is none.
harmless() {
  local file=$1
  mkdir -p "$tree/$(dirname "$file")"
  cat >"$tree/$file"
  if ! "$check" --root "$tree" >/dev/null 2>"$tree/said"; then
    echo "FALSE ALARM in $file:"; cat "$tree/said"
    failures=$((failures + 1))
  fi
  rm "$tree/$file"
}

plant ledger/tree.cpp include 2 <<'E2'
#include "core/encode/json.h"
#include "hsm/key_store.h"
E2
plant api/messages.cpp include 1 <<<'#include "core/crypto/digest.h"'
plant daemon/handlers/sign_action.cpp include 1 <<<'#include "hsm/key_store.h"'
plant attest/verify/key.cpp include 1 <<<'#include "ledger/writer/log.h"'
plant core/encode/json.cpp include 1 <<<'#include "core/crypto/digest.h"'
plant hsm/tpm/store.cpp system-include 1 <<<'#include <openssl/evp.h>'
plant daemon/workers/keys.cpp system-include 1 <<<'#include <tss2/tss2_esys.h>'
plant core/tpm2/names.cpp system-include 1 <<<'#include <tss2/tss2_esys.h>'
plant daemon/front/main.cpp system-include 1 <<<'#include <sqlite3.h>'
plant daemon/handlers/status.cpp system-include 1 <<<'#include <boost/beast/http.hpp>'
plant policy/parse.cpp system-include 1 <<<'#include <boost/json.hpp>'
plant cli/main.cpp system-include 1 <<<'#include <boost/asio.hpp>'
plant hsm/tpm/error.cpp logging 2 <<'E2'
void complain() {
    std::cerr << "TPM is gone";
}
E2
plant ledger/tree.cpp ownership 1 <<<'auto* leaf = new Leaf;'
plant ledger/tree.cpp ownership 1 <<<'void drop(Leaf* leaf) { delete leaf; }'
plant daemon/link/link.cpp ownership 1 <<<'auto raw = owner.release();'
plant core/encode/json.h header 1 <<<'#ifndef HOLDFAST_JSON_H'
plant daemon/handlers/sign_action.cpp coroutine 2 <<'E2'
Async<Answer> sign(Keys& keys) {
    auto made = co_await keys.sign({"agent", 1});
}
E2
plant daemon/handlers/sign_action.cpp coroutine 2 <<'E2'
Async<Answer> sign(Keys& keys) {
    auto made = co_await keys.sign(Request{name});
}
E2
plant daemon/handlers/sign_action.cpp coroutine 3 <<'E2'
Async<Answer> sign(Keys& keys) {
    HOLDFAST_CO_TRY(made,
                    co_await run([&keys] { return keys.sign(); }));
}
E2
plant daemon/handlers/sign_action.cpp coroutine 2 <<'E2'
Async<Answer> sign(Keys& keys) {
    co_return sum(co_await keys.one(), co_await keys.two());
}
E2
{ yes '// line' || true; } | head -n 301 >"$tree/lines"
plant ledger/tree.cpp length 301 <"$tree/lines"

harmless daemon/handlers/sign_action.cpp <<'E2'
// new, delete and co_await f({}) in a comment are words.
Async<Answer> sign(Keys& keys) {
    const Request request{name};
    auto made = co_await keys.sign(request);
    auto& [jws, sequence] = made;
    if (!(co_await keys.alive())) {
        co_return Answer{};
    }
    for (int i = 0; i < 3; ++i) {
        HOLDFAST_CO_CHECK(co_await keys.wait(names[i], as_tuple(use_awaitable)));
    }
    spawn(loop, [this]() -> Async<Answer> { co_return co_await run(); });
    log_error("a new line: co_await keys.sign({1})");
}
struct Link {
    Link(const Link&) = delete;
};
E2
harmless daemon/state/log.cpp <<'E2'
Result<std::unique_ptr<Log>> Log::open() {
    std::unique_ptr<Log> log(new Log());
    return std::unique_ptr<Log>(new Log());
}
E2
harmless attest/evidence/pack.cpp <<<'#include "hsm/quoter.h"'
harmless core/tpm2/names.cpp <<<'#include <tss2/tss2_mu.h>'
harmless daemon/workers/keys.cpp <<<'#include "hsm/key_store.h"'

[ "$failures" -eq 0 ] || { echo "$failures plants went wrong"; exit 1; }
echo "every planted violation was named"
