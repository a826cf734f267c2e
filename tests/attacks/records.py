#!/usr/bin/env -S python3 -B
"""What the ledger says of one attack, a line a record: records.py LEDGER UID AGENT.

  refused REASON                refusals of that uid, or of that agent
  action RESOURCE ASSURANCE     actions recorded in that agent's name
"""
import json
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parent.parent / "judges"))
from ledger_root import entries  # noqa: E402

ledger, uid, agent = sys.argv[1], int(sys.argv[2]), sys.argv[3]
for leaf in entries(ledger):
    record = json.loads(leaf)
    if record["type"] == "refused" and uid == record.get("uid"):
        print("refused", record["reason"])
    if record["type"] == "action":
        statement = record["statement"]
        if statement["agent"].endswith("/agent/" + agent):
            print("action", statement["resource"], statement["assurance"])
