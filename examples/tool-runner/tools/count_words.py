"""A tool: {"text": …} on standard input, the number of its words on standard output."""
import json
import sys

print(len(str(json.load(sys.stdin).get("text", "")).split()))
