#!/usr/bin/env python3
"""Holds a real exposition against the format, docs/observe.md and what is in deploy/.

usage: judge.py EXPOSITION
promtool is taken from SKALD_PROMTOOL, build/promtool or the path; without it the format is judged
by exposition.py alone, and the alerts' own tests are not run, which is said aloud.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import exposition  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/skald.rules.yml"
RULE_TESTS = ROOT / "deploy/prometheus/skald.rules.test.yml"
DASHBOARD = ROOT / "deploy/grafana/skald.json"
TEXT = ""


def promtool():
    for place in (os.environ.get("SKALD_PROMTOOL"), ROOT / "build/promtool"):
        if place and os.access(place, os.X_OK):
            return str(place)
    return shutil.which("promtool")


def names_in(expression):
    return set(re.findall(r"\bskald_[a-z0-9_]+", expression))


def shown_names(families):
    for f in families.values():
        yield f.name
        if f.type == "histogram":
            yield from (f.name + suffix for suffix in exposition.SUFFIXES)


class Exposition(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.families = exposition.read(TEXT)
        cls.names = set(shown_names(cls.families))

    def test_labels_are_few_and_bounded(self):
        bounded = {"definition", "step", "participant", "outcome", "topic", "partition", "reason",
                   "state", "route", "code", "version"}
        for family in self.families.values():
            self.assertLessEqual(family.labels(), bounded, family.name)

    def test_the_page_lists_what_is_shown(self):
        page = (ROOT / "docs/observe.md").read_text()
        rows = re.findall(r"^\| `(skald_\w+)` \| (\w+) \| ([^|]*) \|", page, re.M)
        listed = {name: (kind, set(re.findall(r"\w+", labels))) for name, kind, labels in rows}
        self.assertEqual(sorted(listed), sorted(self.families))
        for name, family in self.families.items():
            kind, labels = listed[name]
            self.assertEqual(kind, family.type, name)
            if family.samples:
                self.assertEqual(labels, family.labels(), name)

    def test_the_page_lists_the_events_that_are_logged(self):
        code = "".join(path.read_text() for folder in ("orchestrator", "orchestrator/cli")
                       for path in sorted((ROOT / folder).glob("*.cpp")))
        groups = ("service|partition|worker|commit|saga|command|record|upkeep|forward|sample|"
                  "trace|relay")
        written = set(re.findall(rf'"((?:{groups})\.[a-z_]+)"', code))
        others = set(re.findall(r'(?:setting\{|failpoint::pass\()"([a-z_.]+)"', code))
        page = (ROOT / "docs/observe.md").read_text()
        table = page[page.index("| event |"):page.index("## Traces")]
        listed = set(re.findall(rf"`((?:{groups})\.[a-z_]+)`", table))
        self.assertEqual(written - others, listed)

    def test_alerts_use_what_is_shown_and_the_page_says_what_to_do(self):
        rules = RULES.read_text()
        self.assertLessEqual(names_in(rules), self.names)
        alerts = re.findall(r"- alert: (\w+)", rules)
        self.assertGreater(len(alerts), 5)
        page = (ROOT / "docs/observe.md").read_text()
        described = re.findall(r"^\| `(Skald\w+)` \|", page, re.M)
        self.assertEqual(sorted(described), sorted(alerts))
        tests = RULE_TESTS.read_text()
        for alert in alerts:
            self.assertRegex(tests, rf"alertname: {alert}\n\s+exp_alerts:", "fires in no test")

    def test_the_dashboard_uses_what_is_shown(self):
        dashboard = json.loads(DASHBOARD.read_text())
        panels = [p for p in dashboard["panels"] if p["type"] != "row"]
        self.assertGreater(len(panels), 8)
        self.assertEqual(len({p["id"] for p in dashboard["panels"]}), len(dashboard["panels"]))
        taken = set()
        for p in panels:
            self.assertTrue(p["title"] and p["targets"], p)
            where = p["gridPos"]
            cells = {(x, y) for x in range(where["x"], where["x"] + where["w"])
                     for y in range(where["y"], where["y"] + where["h"])}
            self.assertFalse(cells & taken, f"{p['title']} lies over another panel")
            self.assertLessEqual(where["x"] + where["w"], 24, p["title"])
            taken |= cells
            for target in p["targets"]:
                used = names_in(target["expr"])
                self.assertTrue(used, target)
                self.assertLessEqual(used, self.names, p["title"])
                self.check_counters_are_rates(p["title"], target["expr"])

    def check_counters_are_rates(self, title, expr):
        for name in re.findall(r"\bskald_\w+(?:_total|_bucket|_sum|_count)\b", expr):
            self.assertRegex(expr, rf"(rate|increase)\({name}", title)

    def test_promtool_agrees(self):
        tool = promtool()
        if not tool:
            print("NOT CHECKED by promtool, for it is not here: ./dev test fetches it",
                  file=sys.stderr)
            return
        for words, stdin in ((["check", "metrics"], TEXT), (["check", "rules", RULES], None),
                             (["test", "rules", RULE_TESTS], None)):
            done = subprocess.run([tool, *words], input=stdin, capture_output=True, text=True,
                                  timeout=60)
            self.assertEqual(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")


class Strict(unittest.TestCase):
    """What the reader must refuse."""

    def test_bad_texts(self):
        head = "# HELP a_total A.\n# TYPE a_total counter\n"
        self.assertEqual(exposition.read(head + "a_total 1\n")["a_total"].value(), 1)
        for text in (head + "a_total 1", head + "b_total 1\n", "a_total 1\n", head + "a_total x\n",
                     head + "a_total 1\na_total 2\n", head + 'a_total{x="1} 1\n', head + head,
                     head + "a_total -1\n", head + 'a_total{x="1",x="2"} 1\n',
                     "# HELP a A.\n# TYPE a counter\na 1\n", "# HELP a A.\na 1\n",
                     "# HELP h H.\n# TYPE h histogram\n"
                     'h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
                     "# HELP h H.\n# TYPE h histogram\n"
                     'h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_count 1\n'):
            with self.assertRaises(exposition.Bad, msg=text):
                exposition.read(text)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    TEXT = pathlib.Path(sys.argv.pop()).read_text()
    unittest.main()
