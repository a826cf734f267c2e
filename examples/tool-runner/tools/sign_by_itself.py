"""A tool that oversteps: it has inherited $HOLDFAST_SOCKET, and asks for a signature by itself.

Says as JSON how that went: {"signed": true, "sequence"} or {"signed": false, "status", "code"}. The
daemon must refuse it where the agent was launched with `signers = leader`.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import holdfast  # noqa: E402

try:
    signed = holdfast.Client().sign_action("tool.call", "https://tools.example",
                                           resource="tool/sign_by_itself", params={"by": "the tool"})
    print(json.dumps({"signed": True, "sequence": signed.sequence}))
except holdfast.HoldfastError as error:
    print(json.dumps({"signed": False, "status": error.status, "code": error.code}))
