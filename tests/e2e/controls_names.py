#!/usr/bin/env -S python3 -B
"""docs/controls.md has every item once, and every test that it names exists: controls_names.py SOURCE_FOLDER.

Rows have four cells: item, what is done, tests (`tests/…` files, at least one), what is not done.
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
ITEMS = [f"ASI{n:02}" for n in range(1, 11)] + [f"NHI{n}:2025" for n in range(1, 11)] \
    + ["GOVERN", "MAP", "MEASURE", "MANAGE"]

wrong, seen = [], []
for line in (root / "docs/controls.md").read_text().splitlines():
    if not line.startswith("|") or line.startswith(("| item |", "|---")):
        continue
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if len(cells) != 4 or not all(cells):
        wrong.append(f"not four cells: {line[:60]}")
        continue
    item = cells[0].split(" ")[0]
    seen.append(item)
    for name in cells[2].split(" · "):
        path = re.fullmatch(r"`(tests/[a-z0-9]+/[A-Za-z0-9_.-]+)`", name)
        if path is None or not (root / path.group(1)).is_file():
            wrong.append(f"{item}: there is no test {name}")
if seen != ITEMS:
    wrong.append(f"items are {seen}")
for line in wrong:
    print(line, file=sys.stderr)
print(f"controls-names: {len(seen)} items, {len(wrong)} wrong")
sys.exit(1 if wrong else 0)
