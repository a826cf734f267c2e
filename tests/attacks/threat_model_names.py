#!/usr/bin/env -S python3 -B
"""Every test that docs/threat-model.md names exists: threat_model_names.py SOURCE_FOLDER.

The last column of the tables under "Holds", "Does not hold" and the two of attacks that were tried names
`stories` (scripts) and "tests" (their whole titles), or says "not tested".
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
SECTIONS = ["Holds", "Does not hold", "Attacks on recognition, tried", "Attacks on launched agents, tried"]


def titles():
    found = set()
    for file in root.glob("tests/*/*.cpp"):
        for literals in re.findall(r'TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', file.read_text()):
            found.add("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals)))
    return found


def last_cells(text):
    """Section, last cell of each row below the table's head."""
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        name, _, body = section.partition("\n")
        rows = [line for line in body.splitlines() if line.startswith("|")]
        for row in rows[2:] if name in SECTIONS else []:
            yield name, row.strip("|").split("|")[-1].strip()


tests, stories = titles(), {file.stem for file in root.glob("tests/*/*.sh")}
cells = list(last_cells((root / "docs/threat-model.md").read_text()))
wrong = [f"no rows under '{section}'" for section in SECTIONS if section not in dict(cells)]
for section, cell in cells:
    names = cell.split(" · ")
    if cell.startswith("not tested"):
        names = []
    for name in names:
        known = stories if name.startswith("`") else tests
        if len(name) < 3 or name[0] not in '`"' or name[-1] != name[0] or name[1:-1] not in known:
            wrong.append(f"{section}: there is no test {name}")
for line in wrong:
    print(line, file=sys.stderr)
print(f"threat-model-names: {len(cells)} rows, {len(wrong)} wrong")
sys.exit(1 if wrong else 0)
