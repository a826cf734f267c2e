#!/usr/bin/env -S python3 -B
"""What the ledger says of one attack, a line a record: records.py LEDGER UID AGENT [instances].

  refused REASON                refusals of that uid
  action RESOURCE ASSURANCE     actions recorded in that agent's name
  launch, launch_refused REASON, exec_refused, session_over REASON, ended HOW, stop
                                what became of that agent's instances
With `instances` only the last two lines' records, as INSTANCE KIND.
"""
import json
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parent.parent / "judges"))
from ledger_root import entries  # noqa: E402

INSTANCES = {"launch": None, "launch_refused": "reason", "exec_refused": None, "session_over": "reason",
             "ended": "how", "stop": None}
ledger, uid, agent = sys.argv[1], int(sys.argv[2]), sys.argv[3]
by_instance = sys.argv[4:] == ["instances"]
for leaf in entries(ledger):
    record = json.loads(leaf)
    kind = record["type"]
    if by_instance:
        if kind in INSTANCES and record["agent"] == agent:
            print(record["instance"], kind)
        continue
    if kind == "refused" and uid == record.get("uid"):
        print("refused", record["reason"])
    if kind == "action":
        statement = record["statement"]
        if statement["agent"].endswith("/agent/" + agent):
            print("action", statement["resource"], statement["assurance"])
    if kind in INSTANCES and record["agent"] == agent:
        print(*[kind, *([record[INSTANCES[kind]]] if INSTANCES[kind] else [])])
