"""A copy of the checkout with a build of its own; the checkout itself is never changed."""

import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess

TEST_SECONDS = 90  # a test that hangs has noticed something, too


class BuildFailed(Exception):
    """The last lines of what ninja said."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    title: str
    state: str  # "passed", "failed", "skipped"
    how: str = ""


def tracked_files(root):
    """What git would take: tracked files, and new ones it is not told to ignore."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=root, check=True, capture_output=True).stdout
    names = sorted({os.fsdecode(name) for name in listed.split(b"\0") if name})
    return [name for name in names if (root / name).is_file()]


def fingerprint_of(root):
    """Changes with anything a test could depend on, but not with the list of mutations."""
    digest = hashlib.sha256()
    for name in tracked_files(root):
        if name.startswith("tests/mutate/"):
            continue
        digest.update(name.encode() + b"\0" + hashlib.sha256((root / name).read_bytes()).digest())
    return digest.hexdigest()


class Tree:
    """One copy. Its files keep their times while they stay the same, so that ninja does little."""

    def __init__(self, origin, place, jobs):
        self.origin, self.place, self.jobs = origin, place, jobs
        self.build_dir = place / "build"
        self.tests = {}

    def synchronise(self):
        wanted = tracked_files(self.origin)
        for name in wanted:
            source, target = self.origin / name, self.place / name
            if target.is_file() and target.read_bytes() == source.read_bytes():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)  # with a new time, and its mode
        for path in list(self.place.rglob("*")):
            name = path.relative_to(self.place)
            if name.parts[0] != "build" and path.is_file() and str(name) not in set(wanted):
                path.unlink()

    def configure(self):
        if (self.build_dir / "build.ninja").exists():
            return
        # Warnings are no errors here: without its check a function may have an unused parameter.
        options = ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0", "-DHOLDFAST_WERROR=OFF"]
        if shutil.which("ld.lld"):
            options.append("-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld")
        self._run(["cmake", "-S", str(self.place), "-B", str(self.build_dir), "-G", "Ninja", *options])

    def build(self, targets, jobs=None):
        self._run(["ninja", "-C", str(self.build_dir), "-j", str(jobs or self.jobs), *targets])

    def _run(self, command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False)
        if done.returncode != 0:
            raise BuildFailed(done.stdout[-3000:])

    def learn_tests(self):
        """How ctest would run each test that is built."""
        shown = subprocess.run(["ctest", "--test-dir", str(self.build_dir), "--show-only=json-v1"],
                               check=True, capture_output=True, text=True).stdout
        self.tests = {test["name"]: test for test in json.loads(shown)["tests"] if "command" in test}

    def beside(self, titles):
        """All tests that are in the same programs as these."""
        programs = {self.tests[title]["command"][0] for title in titles}
        return [name for name, test in self.tests.items() if test["command"][0] in programs]

    def run_test(self, title):
        test = self.tests[title]
        properties = {entry["name"]: entry["value"] for entry in test.get("properties", [])}
        environment = dict(os.environ)
        for setting in properties.get("ENVIRONMENT", []):
            name, _, value = setting.partition("=")
            environment[name] = value
        running = subprocess.Popen(test["command"], cwd=properties.get("WORKING_DIRECTORY"),
                                   env=environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace",
                                   start_new_session=True)
        try:
            output, _ = running.communicate(timeout=TEST_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()
            return Outcome(title, "failed", "timed out")
        if "SKIPPED:" in output:
            return Outcome(title, "skipped")
        if running.returncode == 0:
            return Outcome(title, "passed")
        how = f"signal {-running.returncode}" if running.returncode < 0 else ""
        return Outcome(title, "failed", how)

    def path(self, name):
        return pathlib.Path(self.place / name)
