#!/usr/bin/env python3
"""House rules that no compiler checks. Prints path:line: sentence for each breach; exits 0 or 1.

usage: tidy.py [ROOT]     reads what git tracks there, or every file when it is no repository
"""
import pathlib
import re
import subprocess
import sys

LONGEST_LINE = 100
LONGEST_FILE = 400
CODE = {".cpp", ".hpp", ".sql", ".py", ".sh", ".cmake"}
CPP = {".cpp", ".hpp"}

# Which folders may include which others: sagas <- orchestrator -> outbox.
ARROWS = {
    "include": {"skald"},
    "sagas": {"skald", "sagas"},
    "outbox": {"skald", "outbox"},
    "orchestrator": {"skald", "sagas", "outbox", "orchestrator"},
    "examples": {"skald", "outbox", "examples"},
}
# A library's headers, and the only places of the product that include them.
OWNED = {
    "pqxx": ("outbox/postgres/", "examples/"),
    "libpq-fe.h": ("outbox/postgres/",),
    "librdkafka": ("outbox/kafka/",),
    "spdlog": ("orchestrator/", "outbox/", "examples/"),
    "CLI": ("orchestrator/cli/", "examples/", "orchestrator/bench/"),
    "boost": ("orchestrator/http/",),
    "curl": ("orchestrator/trace/",),
}
CLOCKS = ("orchestrator/clock", "orchestrator/bench/", "outbox/")
SLEEPS = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(")
SQL = re.compile(r'"\s*(select\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|create\s+'
                 r'(table|index|view)\s)', re.I)
MACHINE = re.compile(r"(?<![\w.$}])/(work|root|home)/\w")
VAGUE = re.compile(r"(^|_)(manager|util|utils|helper|helpers|common|misc)(_|$)")


def tracked(root):
    try:
        names = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], check=True,
                               capture_output=True).stdout.decode().split("\0")
        found = [root / name for name in names if name]
    except (subprocess.CalledProcessError, FileNotFoundError):
        found = list(root.rglob("*"))
    return sorted(p for p in found if p.is_file())


class Source:
    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.top = self.path.split("/")[0]
        self.suffix = path.suffix
        self.stem = path.stem
        self.text = path.read_bytes().decode("utf-8", "replace")
        self.lines = self.text.splitlines()

    def is_code(self):
        return self.suffix in CODE or self.stem == "CMakeLists" or self.path in ("dev", ".ci/run")

    def is_test(self):
        return self.top == "tests"


def without_comment(line):
    return line.split("//")[0]


def line_length(s):
    by_hand = False  # a table that clang-format leaves alone may be wide
    if s.is_code():
        for no, line in enumerate(s.lines, 1):
            by_hand = "clang-format off" in line or by_hand and "clang-format on" not in line
            if len(line) > LONGEST_LINE and not by_hand:
                yield no, f"{len(line)} columns; at most {LONGEST_LINE}"


def file_length(s):
    if s.is_code() and len(s.lines) > LONGEST_FILE:
        yield len(s.lines), f"{len(s.lines)} lines; at most {LONGEST_FILE}: split it by noun"


def sleeping_tests(s):
    if s.is_test() and s.suffix in CPP | {".py"} and not s.path.startswith("tests/tidy/"):
        for no, line in enumerate(s.lines, 1):
            if SLEEPS.search(without_comment(line)):
                yield no, "a test sleeps; wait for the code's own signal"


def wall_clock(s):
    if s.suffix in CPP and not s.is_test() and not s.path.startswith(CLOCKS):
        for no, line in enumerate(s.lines, 1):
            if "system_clock" in without_comment(line):
                yield no, "system_clock outside the clock seam"


def sql_strings(s):
    product = s.top in ("sagas", "orchestrator") and "/bench/" not in s.path
    if s.suffix in CPP and product:
        for no, line in enumerate(s.lines, 1):
            if SQL.search(without_comment(line)):
                yield no, "SQL in a string; it belongs into orchestrator/sql/"


def arrows(s):
    allowed = ARROWS.get(s.top)
    if s.suffix not in CPP or allowed is None:
        return
    for no, line in enumerate(s.lines, 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not found:
            continue
        target = found[2].split("/")[0]
        ours = found[1] == '"' and "/" in found[2]
        if ours and target in ARROWS.keys() | {"skald", "tests"} and target not in allowed:
            yield no, f"{s.top}/ includes {found[2]}, against the arrow"
        for library, homes in OWNED.items():
            if target == library and not s.path.startswith(homes):
                yield no, f"{found[2]} may be included only in {', '.join(homes)}"


def machine_paths(s):
    if s.path.startswith("tests/tidy/"):
        return
    for no, line in enumerate(s.lines, 1):
        if MACHINE.search(line):
            yield no, "a path of one machine"


def unfinished(s):
    if s.path.startswith("tests/tidy/") or s.path == "LICENSE":
        return
    for no, line in enumerate(s.lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            yield no, "unfinished work is an issue, not a comment"


def vague_names(s):
    if s.suffix in CPP and VAGUE.search(s.stem):
        yield 1, "a name that says nothing: call it what it is"


def pragma_once(s):
    if s.suffix == ".hpp" and "#pragma once" not in s.text:
        yield 1, "a header without #pragma once"


RULES = [line_length, file_length, sleeping_tests, wall_clock, sql_strings, arrows, machine_paths,
         unfinished, vague_names, pragma_once]


def unlisted_tests(sources):
    """A test that no CMakeLists names is never run."""
    lists = [s for s in sources if s.path.startswith("tests/") and s.stem == "CMakeLists"]
    for s in sources:
        if not s.is_test() or not re.search(r"_test\.(cpp|py|sh)$", s.path):
            continue
        if not any(s.path.startswith(build.path.rsplit("/", 1)[0] + "/")
                   and s.path.rsplit("/", 1)[1] in build.text for build in lists):
            yield s.path, 1, "no CMakeLists.txt lists this test, so it never runs"


def breaches(root):
    sources = [Source(root, p) for p in tracked(root)]
    for s in sources:
        for rule in RULES:
            for no, sentence in rule(s):
                yield s.path, no, sentence
    yield from unlisted_tests(sources)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = list(breaches(root))
    for path, no, sentence in found:
        print(f"{path}:{no}: {sentence}")
    print(f"{len(tracked(root))} files, {len(found)} breaches", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
