#!/usr/bin/env python3
"""What the documents say is true: code is the code, output is the output, commands exist.

A comment above a block says what it is held against:
  from: FILE               the block is a part of that file, to the letter
  output of: skald ...     what the command prints, of definitions for the vending saga
  shape of: skald ...      the command is run; the same lines, whatever the numbers
"""
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ["SKALD_BIN"])
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"(?:<!-- (from|output of|shape of): (.+?) -->\n)?```(\w*)\n(.*?)```", re.S)


def blocks(page):
    return [m.groups() for m in BLOCK.finditer(page.read_text())]


def commands_in(page):
    """Command lines: of shell blocks, behind the prompt of consoles, and in the text."""
    for _, _, language, body in blocks(page):
        for line in body.splitlines():
            if language == "sh" and line.strip():
                yield line
            elif language == "console" and line.startswith("$ "):
                yield line[2:]
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    yield from re.findall(r"`((?:skald|\./dev) [^`\n]+)`", prose)


def said_by(*words, stdin=""):
    env = {k: v for k, v in os.environ.items() if not k.startswith("SKALD_")}
    return subprocess.run([BIN / words[0], *words[1:]], input=stdin, capture_output=True,
                          text=True, timeout=280, env=env)


def vending():
    return said_by("vending_definitions", "vending").stdout


def shape(lines):
    """Lines without their numbers. The live line is left out: how often it comes, if at all,
    depends on the machine."""
    lines = [re.sub(r"\s*\d[\d.:]*\s*", " # ", line) for line in lines if " in flight " not in line]
    return [re.sub(r"\s+", " ", line).strip() for line in lines]


class Pages(unittest.TestCase):
    def test_code_is_the_code(self):
        compared = 0
        for page in PAGES:
            for kind, what, _, body in blocks(page):
                if kind == "from":
                    compared += 1
                    self.assertIn(body, (ROOT / what).read_text() + "\n", page.name)
        self.assertGreater(compared, 0)

    def test_every_block_of_the_readme_is_held_against_something(self):
        for kind, what, language, body in blocks(ROOT / "README.md"):
            if language not in ("sh", "text"):  # commands are looked at below, pictures are not
                self.assertIsNotNone(kind, body)

    def test_output_is_the_output(self):
        for page in PAGES:
            for kind, what, _, body in blocks(page):
                if kind == "output of":
                    words = [*what.split(), *(["-"] if " definition " in what else [])]
                    printed = said_by(*words, stdin=vending())
                    self.assertEqual(printed.stdout, body, page.name)

    def test_the_demo_prints_what_the_readme_shows(self):
        shown = {what: body for kind, what, _, body in blocks(ROOT / "README.md")
                 if kind == "shape of"}
        demo = shown["skald dev --demo vending --once 500"].splitlines()
        self.assertEqual(demo[0], "$ ./dev demo --once 500")
        run = said_by("skald", "dev", "--demo", "vending", "--once", "30")
        self.assertEqual(run.returncode, 0, run.stderr)
        err = run.stderr.splitlines()
        printed = err[:-1] + run.stdout.splitlines() + err[-1:]
        self.assertEqual(shape(printed), shape(demo[1:]))
        last = shown["./dev test"].splitlines()[-1]
        self.assertRegex(last, r"^\d+ passed, \d+ failed$")
        self.assertIn('echo "$passed passed, $failed failed"', (ROOT / "dev").read_text())

    def test_commands_exist_with_their_flags(self):
        seen = set()
        for page in PAGES:
            for line in commands_in(page):
                words = line.split("#")[0].split()
                if words[0] == "./dev" and len(words) > 1:
                    self.assertRegex((ROOT / "dev").read_text(), rf"(?m)^  {words[1]}\b.*\)")
                elif words[0] == "skald" and len(words) > 1:
                    self.check_skald(page.name, words[1:], seen)
        self.assertGreater(len(seen), 5)

    def check_skald(self, page, words, seen):
        verbs = []
        for word in words:
            usage = "Usage: " + " ".join(["skald", *verbs, word, ""])
            if word.startswith("-") or usage not in said_by("skald", *verbs, word, "--help").stdout:
                break  # a flag, or an argument
            verbs.append(word)
        self.assertTrue(verbs or words[0].startswith("-"), f"{page}: skald {' '.join(words)}")
        seen.add(" ".join(verbs))
        every_flag = said_by("skald", "--help").stdout + said_by("skald", *verbs, "--help").stdout
        for flag in (w.split("=")[0] for w in words if w.startswith("-")):
            self.assertRegex(every_flag, rf"(?m)[\s,]{flag}\b", f"{page}: skald {words}")

    def test_tests_that_are_named_exist(self):
        sources = "".join(p.read_text() for p in (ROOT / "tests/contract").glob("*_test.cpp"))
        table = (ROOT / "docs/outbox.md").read_text().split("the test that would see it")[1]
        names = re.findall(r'"([^"]+)"', table)
        self.assertGreater(len(names), 15)
        for name in names:
            self.assertIn('TEST_CASE("' + name.removesuffix("..."), sources)

    def test_links_and_paths_lead_somewhere(self):
        for page in PAGES:
            text = page.read_text()
            for link in re.findall(r"\]\(([^)#:]+)\)", text):
                self.assertTrue((page.parent / link).exists(), f"{page.name}: {link}")
        for path in re.findall(r"`((?:[\w.]+/)+[\w.]*)`", (ROOT / "ARCHITECTURE.md").read_text()):
            homes = [ROOT / path, ROOT / "include" / path, ROOT / "migrations" / path]
            self.assertTrue(any(h.exists() for h in homes), f"ARCHITECTURE.md: {path}")


if __name__ == "__main__":
    unittest.main()
