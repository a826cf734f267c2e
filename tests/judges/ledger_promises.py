#!/usr/bin/env -S python3 -B
"""Looks every signature a client received up in the ledger: ledger_promises.py LEDGER PROMISED.

PROMISED has a line "<sequence> <compact JWS>" each. Every one must have the record of exactly its
statement at exactly its place, no place may have two, and each record says its own index.
"""
import base64
import json
import sys

from ledger_root import entries


def payload(jws):
    part = jws.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


records = [json.loads(leaf) for leaf in entries(sys.argv[1])]
for index, record in enumerate(records):
    if record["index"] != index:
        sys.exit(f"record {index} says it is {record['index']}")
statements = {}
for line in open(sys.argv[2], encoding="ascii"):
    sequence, jws = line.split()
    if int(sequence) in statements:
        sys.exit(f"place {sequence} was promised twice")
    statements[int(sequence)] = payload(jws)
for sequence, statement in statements.items():
    if sequence >= len(records):
        sys.exit(f"record {sequence} was promised, the ledger has {len(records)}")
    record = records[sequence]
    if record["type"] != "action" or record["statement"] != statement:
        sys.exit(f"record {sequence} is not that of the signature with its number")
    if statement["sequence"] != sequence:
        sys.exit(f"the signature of place {sequence} says {statement['sequence']}")
withheld = {r["sequence"] for r in records if r["type"] == "withheld"}
if both := withheld & statements.keys():
    sys.exit(f"signed and said to be withheld: {sorted(both)}")
actions = sum(r["type"] == "action" for r in records)
print(f"  {len(statements)} signatures received, each with its record; {actions} recorded actions, "
      f"{len(withheld)} withheld, {len(records)} records")
