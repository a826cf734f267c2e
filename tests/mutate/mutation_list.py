"""The list: what each entry says, and whether it still fits the tree it is about."""

import dataclasses
import pathlib
import re
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# The programs a story needs; a test names its own program by itself.
PROGRAMS = ["holdfastd", "holdfast-front", "holdfast-keys-tpm", "holdfast-keys-pkcs11",
            "holdfast-measurer", "holdfast-launcher", "holdfast-importer", "holdfast", "refund-agent", "sign-load"]

TEXT = r'"((?:[^"\\]|\\.)*)"'
TEST_CASE = re.compile(r"TEST_CASE\(\s*(" + TEXT + r"(?:\s*" + TEXT + r")*)")
# tests/contract/key_store_bench.h: over which stores each kind of promise runs.
CONTRACT = re.compile(r"^((?:PORT_|DISK_)?CONTRACT)\((\w+)\)", re.MULTILINE)
STORES = {"CONTRACT": ("fake", "software TPM", "soft token"),
          "PORT_CONTRACT": ("fake", "software TPM", "soft token", "link and worker"),
          "DISK_CONTRACT": ("software TPM", "soft token")}
TEST_PROGRAM = re.compile(r"holdfast_test\(\s*(\w+)([^()]*)\)")
SCRIPT = re.compile(r"(?:story|add_test)\(\s*(?:NAME\s+)?([a-z][\w-]*)")


@dataclasses.dataclass(frozen=True)
class Mutation:
    name: str
    protects: str
    file: str
    old: str
    new: str
    killed_by: tuple[str, ...]

    def applied_to(self, text):
        return text.replace(self.old, self.new)


class ListError(Exception):
    """The list does not fit the tree."""


def read_list():
    """Every entry of every file in list/, in the order they are written."""
    mutations = []
    for path in sorted((HERE / "list").glob("*.toml")):
        for entry in tomllib.loads(path.read_text())["mutation"]:
            try:
                mutations.append(Mutation(**{**entry, "killed_by": tuple(entry["killed_by"])}))
            except (TypeError, KeyError) as wrong:
                raise ListError(f"{path.name}: {entry.get('name', '?')}: {wrong}") from wrong
    return mutations


def titles_in(source):
    text = re.sub(r"(?m)^#define (?:.*\\\n)*.*", "", source.read_text())
    titles = ["".join(re.findall(TEXT, found.group(1))) for found in TEST_CASE.finditer(text)]
    for found in CONTRACT.finditer(text):
        for store in STORES[found.group(1)]:
            titles.append(f"key store contract, {store}: {found.group(2)}")
    return titles


def targets_of_tests(root=ROOT):
    """Which ninja targets each test needs, by its title or its script's name."""
    targets = {}
    for cmake in sorted((root / "tests").rglob("CMakeLists.txt")):
        text = re.sub(r"#.*", "", cmake.read_text())
        for program, arguments in TEST_PROGRAM.findall(text):
            for source in re.findall(r"\w+_test\.cpp", arguments):
                for title in titles_in(cmake.parent / source):
                    targets[title] = [program]
        for script in SCRIPT.findall(text):
            targets.setdefault(script, PROGRAMS)
    return targets


def problems(mutations, root=ROOT):
    """What is wrong with the list; nothing when every entry can be applied and judged."""
    known = targets_of_tests(root)
    names = [mutation.name for mutation in mutations]
    found = [f"{name}: listed twice" for name in sorted(set(names)) if names.count(name) > 1]
    # CTest cuts such a title in two, and Catch2 then finds neither and calls that a success.
    found += [f'a title with ";" is never run: {title}' for title in known if ";" in title]
    for mutation in mutations:
        found += [f"{mutation.name}: {problem}" for problem in problems_of(mutation, known, root)]
    return found


def problems_of(mutation, known, root):
    path = root / mutation.file
    if not path.is_file():
        return [f"no file {mutation.file}"]
    times = path.read_text().count(mutation.old)
    found = []
    if times != 1:
        found.append(f"its old text stands {times} times in {mutation.file}")
    if mutation.old == mutation.new:
        found.append("changes nothing")
    if not mutation.killed_by:
        found.append("names no test")
    found += [f"no such test: {title}" for title in mutation.killed_by if title not in known]
    return found
