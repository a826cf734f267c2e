#!/usr/bin/env -S python3 -B
"""agent_renews.py COMMAND…: an example agent against a daemon that is made up, whose first credential
has its half life in two seconds, and whose first answer to a signature is 503. The agent must wait as
long as it was told, renew when it is time and not before, and sign all it was to sign."""
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from fake_daemon import FakeDaemon, problem, reply  # noqa: E402

ACTIONS, EVERY = 40, 0.1  # seconds; together longer than the first half life
HALF_LIFE, RETRY_AFTER = 2, 1  # seconds
FILE = {"path": "/agent", "sha256": "ab" * 32}
WHOAMI = {"agent": "spiffe://host/agent/a", "instance": "01", "sponsor": "s", "state": "active",
          "key_thumbprint": "k", "custody": "tpm", "fuse": "counter", "notes": [],
          "measurement": {"assurance": "observed", "digest": "cd" * 32, "executable": FILE,
                          "mappings": []}}
asked_at = {"/v1/whoami": [], "/v1/credential": [], "/v1/actions": []}
renew_after = []


def credential():
    lives = 3600 if renew_after else HALF_LIFE
    renew_after.append(int(time.time()) + lives)
    return reply(200, {"spiffe_id": WHOAMI["agent"], "chain_pem": "PEM", "serial": "0a",
                       "renew_after": renew_after[-1], "not_after": renew_after[-1] + lives})


def answer(asked):
    times = asked_at[asked.target]
    times.append(time.time())
    if asked.target == "/v1/whoami":
        return reply(200, WHOAMI)
    if asked.target == "/v1/credential":
        return credential()
    if len(times) == 1:
        return problem(503, "keys_unavailable", "later", Retry_After=RETRY_AFTER)
    return reply(200, {"jws": "a.b.c", "sequence": len(times)})


with FakeDaemon(otherwise=answer) as daemon:
    done = subprocess.run([*sys.argv[1:], f"--actions={ACTIONS}", f"--every={EVERY}"],
                          env={**os.environ, "HOLDFAST_SOCKET": daemon.path}, timeout=60,
                          stdout=subprocess.PIPE, text=True, check=False)
steps = [json.loads(line)["step"] for line in done.stdout.splitlines()]
signs, credentials = asked_at["/v1/actions"], asked_at["/v1/credential"]
for holds, what in (
        (done.returncode == 0, f"it ended with {done.returncode}"),
        (steps.count("signed") == ACTIONS, f"signed {steps.count('signed')} of {ACTIONS}"),
        (len(signs) == ACTIONS + 1, f"asked for {len(signs)} signatures"),
        (signs[1] - signs[0] >= RETRY_AFTER, f"asked again after {signs[1] - signs[0]} s"),
        (len(credentials) == 2, f"asked for {len(credentials)} credentials"),
        (credentials[-1] >= renew_after[0], "renewed before the half life"),
        ({asked.connection for asked in daemon.asked} == {1}, "more than one connection")):
    if not holds:
        sys.exit(f"FAILED: {what}\n{done.stdout}")
print(f"renewed {credentials[1] - renew_after[0]:.1f} s after the half life, waited out a 503, "
      f"signed {ACTIONS} over one connection")
