#!/usr/bin/env python3
"""Adds up a register's log by itself, knowing only docs/verifying.md.

  register_replay.py LOG

Prints {"anchor_pcr", "pcr", "register", "records", "name"}: what that PCR and the register must hold,
in hex. Exits 1 and says which record is wrong if the log does not hold together.
"""
import base64
import hashlib
import json
import sys


def canonical(value):
    # Enough of RFC 8785 for texts of ASCII and integers.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def wrong(number, what):
    sys.exit(f"record {number}: {what}")


def main():
    records = []
    with open(sys.argv[1], "rb") as log:
        for number, line in enumerate(log):
            record = json.loads(line)
            if canonical(record) + b"\n" != line:
                wrong(number, "not canonical")
            if record["recnum"] != number:
                wrong(number, "recnum")
            digest = hashlib.sha256(canonical(record["content"])).digest()
            if record["digests"] != [{"hashAlg": "sha256", "digest": digest.hex()}]:
                wrong(number, "digest")
            records.append((record, digest))
    if not records:
        sys.exit("the log is empty")
    anchor, anchor_digest = records[0]
    if anchor["content"]["type"] != "anchor":
        wrong(0, "not an anchor")
    register = bytes.fromhex(anchor["content"]["value"])
    for number, (record, digest) in enumerate(records[1:], 1):
        if record["content"]["type"] == "anchor" or "nv_index" not in record:
            wrong(number, "not an event of the register")
        register = hashlib.sha256(register + digest).digest()
    name = anchor["content"]["name"]
    print(json.dumps({
        "anchor_pcr": anchor["pcr"],
        "pcr": hashlib.sha256(bytes(32) + anchor_digest).hexdigest(),
        "register": register.hex(),
        "records": len(records),
        "name": base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).hex(),
    }))


if __name__ == "__main__":
    main()
