#!/usr/bin/env python3
"""Operating an installation with nothing but the program `skald`: break sagas, find them, repair
them, replay them. And every command's JSON, parsed."""
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import threading
import time
import unittest

import program
from command_line_test import Database, KAFKA, free_port
from program import skald

RUN = f"op{os.getpid()}"
ROOT = pathlib.Path(__file__).parents[2]
START = {"order_id": "", "slot": 1, "price_cents": 110}


def impatient_vending():
    """The vending saga with this run's own participants; an unanswered undo is stuck soon."""
    saga = json.loads((ROOT / "tests/golden/definition/vending.json").read_text())
    for step in saga["steps"]:
        for part in ("send", "undo", "fence"):
            if isinstance(step.get(part), dict) and "participant" in step[part]:
                step[part]["participant"] += "-" + RUN
        step["within_ms"] = 300
        step["retry"]["times"] = 50
        step["undo_retry"] = {"times": 0}
    return json.dumps(saga)


class Participant(threading.Thread):
    """Answers the commands of one topic through `skald event`; silent on what `answers` lacks."""

    def __init__(self, name, answers, here):
        super().__init__(daemon=True)
        self.answers, self.here = answers, here
        self.tail = subprocess.Popen(
            [program.SKALD, "event", "tail", f"{name}-{RUN}.commands", "-o", "jsonl",
             "--from-beginning"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=program.clean_environment(**here))
        assert "reading" in self.tail.stderr.readline()
        self.start()

    def run(self):
        for line in self.tail.stdout:
            command = json.loads(line)
            headers = command["headers"]
            answer = self.answers.get(command["type"])
            if answer is None:
                continue
            outcome, kind, data = answer
            words = ["event", "publish", headers["ce_sagareplyto"], "--key", command["key"],
                     "--type", kind, "--data", json.dumps({**data, "order_id": command["key"]}
                                                          if data else {})]
            for name, value in headers.items():
                if name.startswith("ce_saga") and name not in ("ce_sagakind", "ce_sagareplyto"):
                    words += ["--header", f"{name}={value}"]
            for name, value in (("kind", "reply"), ("outcome", outcome)):
                words += ["--header", f"ce_saga{name}={value}"]
            for name in ("ce_correlationid",):
                words += ["--header", f"{name}={headers[name]}"]
            skald(*words, "--header", f"ce_causationid={headers['ce_id']}",
                  "--header", f"ce_partitionkey={command['key']}", **self.here)

    def stop(self):
        self.tail.kill()
        self.tail.wait()
        self.join()
        self.tail.stdout.close()
        self.tail.stderr.close()


class Operated(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database("operate")
        cls.here = {"SKALD_POSTGRES": cls.database.__enter__(), "SKALD_KAFKA": KAFKA,
                    "SKALD_PREFIX": RUN, "USER": "ann"}
        cls.run_well("migrate", "orchestrator")
        cls.service = subprocess.Popen([program.SKALD, "serve"], stderr=subprocess.PIPE, text=True,
                                       env=program.clean_environment(**cls.here))
        said = ""
        for line in cls.service.stderr:
            said += line
            if "serves topics" in line:
                break
        else:
            raise AssertionError("the service ended: " + said)
        threading.Thread(target=cls.service.stderr.read, daemon=True).start()
        cls.run_well("definition", "register", "-", "--accept-risk", "a test",
                     "--max-states", "1000",
                     stdin=impatient_vending(), seconds=240)
        cls.run_well("definition", "activate", "vending")
        cls.answers = {"vending.ReserveItem.v1":
                       ("ok", "vending.ItemReserved.v1", {"reservation_id": "r"})}
        cls.inventory = Participant("inventory", cls.answers, cls.here)

    @classmethod
    def tearDownClass(cls):
        cls.inventory.stop()
        cls.service.terminate()
        cls.service.wait(60)
        cls.database.__exit__()

    @classmethod
    def ask(cls, *words, **options):
        """(exit code, parsed JSON or None, standard error)"""
        code, out, err = skald(*words, "-o", "json", **cls.here, **options)
        return code, json.loads(out) if out else None, err

    @classmethod
    def run_well(cls, *words, **options):
        code, out, err = cls.ask(*words, **options)
        assert code == 0, f"{words}: {code} {out} {err}"
        return out

    def until(self, what, true):
        end = time.monotonic() + 60
        while not true():
            self.assertLess(time.monotonic(), end, "not within 60 s: " + what)

    def start(self, key):
        self.run_well("saga", "start", "vending", "--data", json.dumps({**START, "order_id": key}))
        self.until(key + " is there", lambda: self.ask("saga", "show", key)[0] == 0)

    def reached(self, key, step, status):
        self.until(f"{step} of {key} is {status}", lambda: self.run_well("saga", "show", key)[
            "state"]["steps"].get(step, {}).get("status") == status)

    def test_a_stuck_saga_is_found_and_repaired(self):
        self.start("a")
        self.assertEqual(self.ask("saga", "watch", "a", "--timeout", "1s")[0], 124)
        self.reached("a", "charge", "pending")
        shown = self.run_well("saga", "show", "a")
        self.assertEqual(shown["waits_for"][0]["step"], "charge")
        self.assertIsNotNone(shown["waits_for"][0]["until"])

        code, rows, _ = self.ask("saga", "retry", "a", "--reason", "too early")
        self.assertEqual((code, rows[0]["result"]), (4, "refused"))
        self.assertIn("nothing of it waits for the operator", rows[0]["why"])
        for verb in ("pause", "resume"):
            rows = self.run_well("saga", verb, "a", "--reason", "a look")
            self.assertEqual(rows[0]["result"], "applied")
        code, rows, _ = self.ask("saga", "pause", "a", "--if-seq", "1", "--reason", "old")
        self.assertEqual((code, rows[0]["result"]), (4, "stale"))
        code, _, err = self.ask("saga", "cancel", "a", "--reason", "no terminal, no --yes")
        self.assertEqual(code, 2)
        self.assertIn("--yes", err)
        rows = self.run_well("saga", "cancel", "a", "--yes", "--reason", "the customer left")
        self.assertEqual(rows[0]["result"], "applied")

        # Nobody answers the undos of charge and reserve.
        self.until("it is stuck", lambda: self.run_well("saga", "list", "--facet", "stuck"))
        self.assertEqual(len(self.run_well("saga", "show", "a")["operator_items"]), 2)
        settle = ("saga", "settle", "a", "--yes", "--reason", "done by hand")
        code, rows, _ = self.ask(*settle)
        self.assertEqual(code, 4)
        self.assertIn("name one with --step: reserve, charge", rows[0]["why"])
        self.answers["skald.settle.v1"] = ("undone", "skald.reply.v1", {})
        rows = self.run_well(*settle, "--step", "reserve")
        self.assertEqual(rows[0]["result"], "applied")
        rows = self.run_well(*settle, "--step", "charge", "--accept-risk", "they keep no books")
        self.assertEqual(rows[0]["result"], "applied")
        code, lines, _ = self.ask("saga", "watch", "a", "--timeout", "60s")
        self.assertEqual(code, 1)
        words = [json.loads(l["data"]) for l in lines if l["event"] == "operator_settle"]
        self.assertEqual([(w["actor"], w["in_books"]) for w in words],
                         [("ann", True), ("ann", False)])
        code, rows, _ = self.ask("saga", "pause", "a", "--reason", "too late")
        self.assertEqual(code, 4)
        self.assertIn("nothing to pause", rows[0]["why"])
        told = self.run_well("saga", "replay", "a")
        self.assertEqual((told["differences"], told["same_state"]), (0, True))
        self.assertEqual(self.ask("saga", "replay", "a", "--against", "99999999999")[0], 3)

    def page(self, name):
        """The page's commands with the exit code that they are to have."""
        text = (ROOT / "docs" / name).read_text()
        for block in re.findall(r"```sh\n(.*?)```", text, re.S):
            for line in block.splitlines():
                words = shlex.split(line.split(" # ")[0])
                if words[0] == "skald":
                    yield words[1:], int((re.findall(r"# exit (\d+)", line) or [0])[0])

    def follow_page(self, name, folder="."):
        """Runs them in order. One that comes too early is tried again, as a person would."""
        for words, code in self.page(name):
            if words[0] in ("serve", "migrate"):
                continue  # it runs already
            with self.subTest(page=name, words=words):
                end = time.monotonic() + 60
                got, out, err = skald(*words, cwd=folder, **self.here)
                while got != code and time.monotonic() < end:
                    got, out, err = skald(*words, cwd=folder, **self.here)
                self.assertEqual(got, code, out + err)

    def test_the_pages_are_true(self):
        self.start("order-17")
        self.start("order-19")
        self.reached("order-17", "charge", "pending")
        self.run_well("saga", "cancel", "order-17", "--yes", "--reason", "to have a stuck one")
        self.answers["vending.RefundPayment.v1"] = ("undone", "skald.reply.v1", {})
        self.answers["skald.settle.v1"] = ("undone", "skald.reply.v1", {})
        payments = Participant("payments", self.answers, self.here)
        self.addCleanup(payments.stop)
        self.reached("order-17", "reserve", "operator")
        self.follow_page("repair.md")
        self.follow_page("operate.md")
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "saga.json").write_text(impatient_vending())
            self.follow_page("debug.md", folder)

    def test_many_at_once(self):
        for key in ("m1", "m2", "m3"):
            self.start(key)
            self.reached(key, "charge", "pending")
        rest = ("--definition", "vending", "--state", "running", "--reason", "a drill")
        code, rows, err = self.ask("saga", "pause", *rest, "--dry-run")
        self.assertEqual(code, 0)
        self.assertIn("nothing was sent", err)
        mine = [r for r in rows if r["key"][0] == "m"]
        self.assertEqual([r["key"] for r in mine], ["m1", "m2", "m3"])  # who waits longest is first
        self.assertEqual({r["result"] for r in mine}, {"would be applied"})
        self.assertEqual(self.ask("saga", "pause", *rest)[0], 2)
        rows = self.ask("saga", "pause", *rest, "--yes")[1]
        self.assertEqual({r["result"] for r in rows if r["key"][0] == "m"}, {"applied"})
        self.assertEqual(self.ask("saga", "pause", "--older-than", "9d", "--reason", "none")[:2],
                         (0, []))
        rows = self.ask("saga", "cancel", "--facet", "paused", "--yes", "--reason", "enough")[1]
        self.assertEqual({r["result"] for r in rows}, {"held"})
        self.ask("saga", "resume", "--facet", "paused", "--yes", "--reason", "end of the drill")
        self.until("they abort", lambda: len(
            [r for r in self.run_well("saga", "list", "--state", "aborting")
             if r["key"][0] == "m"]) == 3)

    def test_quarantine(self):
        topic = RUN + ".inbox"
        self.run_well("event", "publish", topic, "--type", "x.v1", "--key", "q", "--data", "{}")
        self.until("it is quarantined", lambda: self.run_well("quarantine", "list"))
        first = self.run_well("quarantine", "list", "--topic", topic)[0]["no"]
        record = self.run_well("quarantine", "show", str(first))
        self.assertEqual((record["payload"], record["key"]), ("{}", "q"))
        self.assertEqual(self.ask("quarantine", "redrive", "--reason", "which?")[0], 2)
        self.assertEqual(self.ask("quarantine", "show", "99999")[0], 3)
        rows = self.run_well("quarantine", "redrive", str(first), "--dry-run", "--reason", "see")
        self.assertEqual(rows[0]["result"], "would be redriven")
        rows = self.run_well("quarantine", "redrive", str(first), "--reason", "try")
        self.assertEqual(rows[0]["result"], "redriven")
        code, rows, _ = self.ask("quarantine", "redrive", str(first), "--reason", "again")
        self.assertEqual((code, rows[0]["result"]), (4, "refused"))
        self.until("it is there again", lambda: self.run_well("quarantine", "list"))
        self.assertEqual(self.ask("quarantine", "drop", "--all", "--reason", "unasked")[0], 2)
        rows = self.run_well("quarantine", "drop", "--all", "--yes", "--reason", "rubbish")
        self.assertEqual(rows[0]["result"], "dropped")
        self.assertEqual(self.run_well("quarantine", "list"), [])
        log = subprocess.run(
            ["psql", "-qAt", self.here["SKALD_POSTGRES"], "-c", "select actor, action, reason from "
             "audit_log where action like 'quarantine%' order by no"], capture_output=True,
            text=True, check=True).stdout
        self.assertEqual(log, "ann|quarantine redrive|try\nann|quarantine drop|rubbish\n")

    def test_every_command_that_reads(self):
        self.start("r")
        saga = str(ROOT / "tests/golden/definition/vending.json")
        for words, kind in (
                (["version"], dict), (["config", "show", "--origin"], list),
                (["migrate", "orchestrator", "status"], list),
                (["saga", "list", "--limit", "2"], list), (["saga", "show", "r"], dict),
                (["saga", "history", "r"], list), (["saga", "replay", "r", "--at", "1"], dict),
                (["saga", "replay", "--all", "--since", "1d"], dict),
                (["definition", "list"], list), (["definition", "show", "vending"], dict),
                (["definition", "validate", saga], dict),
                (["definition", "diff", saga, saga], (dict, list)),
                (["definition", "draw", saga], dict),
                (["outbox", "status"], list), (["node", "list"], list),
                (["participant", "list"], list), (["quarantine", "list"], list),
                (["key", "list"], list),
                (["event", "tail", "--from-beginning", "--limit", "1"], list),
                (["completion", "bash"], dict), (["doctor"], list)):
            with self.subTest(words=words):
                code, out, err = self.ask(*words)
                self.assertEqual(code, 0, err)
                self.assertIsInstance(out, kind)
        self.assertEqual(self.run_well("saga", "list", "--definition", "none"), [])
        self.assertEqual(len(self.run_well("node", "list")), 1)
        names = {p["name"] for p in self.run_well("participant", "list")}
        self.assertEqual(names, {f"{n}-{RUN}" for n in ("inventory", "payments", "machine")})

    def test_every_other_command(self):
        vending = str(ROOT / "tests/golden/definition/vending.json")
        spare = json.dumps({**json.loads(impatient_vending()), "saga": "spare"})
        bounded = ("--max-states", "1000")
        servers = ("--postgres", self.database.url, "--kafka", KAFKA)
        for words, codes, key, stdin in (
                (["definition", "check", vending, *bounded], (0, 3), "verdict", ""),
                (["definition", "register", "-", "--accept-risk", "a test", *bounded], (0,),
                 "version", spare),
                (["definition", "activate", "spare"], (0,), "version", ""),
                (["definition", "retire", "spare", "1"], (0,), "version", ""),
                (["audit", "--without-kafka"], (0, 1), "sagas", ""),
                (["failpoints"], (0,), None, ""),
                (["simulate", "--sagas", "20", "--seconds", "2"], (0,), "sagas", ""),
                (["bench", "--only", "throughput", "--window", "4", "--warm-up", "0.1",
                  "--measured", "0.2", *servers], (0, 1), "targets", "")):
            with self.subTest(words=words):
                code, out, err = self.ask(*words, stdin=stdin, seconds=240)
                self.assertIn(code, codes, err)
                if key:
                    self.assertIn(key, out)
                else:
                    self.assertTrue(out[0]["name"])

    def test_doctor_names_what_is_wrong_and_the_remedy(self):
        checks = {c["check"]: c for c in self.run_well("doctor")}
        for check in ("postgresql version", "tables", "permissions", "installation",
                      f"topic {RUN}.inbox", "settings", "libraries"):
            self.assertEqual(checks[check]["result"], "ok", checks[check])
        self.assertIn("librdkafka", checks["libraries"]["seen"])
        for words, check in ((["--kafka", f"127.0.0.1:{free_port()}"], "kafka"),
                             (["--horizon", "1d"], "settings"), (["--shards", "9"], "installation"),
                             (["--postgres", "postgresql://x@127.0.0.1:1/n"], "postgresql")):
            code, rows, _ = self.ask("doctor", *words)
            bad = [r for r in rows if r["result"] == "bad"]
            self.assertEqual(code, 1)
            self.assertEqual([r["check"] for r in bad if r["check"] == check], [check])
            self.assertTrue(all(r["remedy"] for r in bad))


class Shell(unittest.TestCase):
    def test_colour(self):
        show = ("config", "show")
        for words, environment, coloured in (
                (["--color", "always"], {}, True), ([], {"CLICOLOR_FORCE": "1"}, True),
                ([], {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
                (["--color", "never"], {"CLICOLOR_FORCE": "1"}, False),
                ([], {"TERM": "xterm"}, False)):
            out = skald(*show, *words, **environment)[1]
            self.assertEqual("\x1b" in out, coloured, (words, environment))

    def complete(self, *words):
        script = skald("completion", "bash")[1]
        done = subprocess.run(
            ["bash", "-c", script + f"COMP_WORDS=({' '.join(words)} ''); COMP_CWORD={len(words)}; "
             "_skald; echo ${COMPREPLY[@]}"], capture_output=True, text=True, check=True)
        return done.stdout.split()

    def test_completion_knows_the_tree_of_commands(self):
        helped = skald("--help")[1]
        commands = re.findall(r"^  ([a-z]+) ", helped.split("Subcommands:")[1], re.M)
        self.assertGreater(len(commands), 10)
        self.assertLessEqual(set(commands), set(self.complete("skald")))
        self.assertIn("retry", self.complete("skald", "saga"))
        self.assertIn("--reason", self.complete("skald", "saga", "retry"))
        self.assertEqual(self.complete("skald", "saga", "list", "--facet"),
                         ["stuck", "retrying", "waiting", "paused"])
        self.assertIn("-a retry", skald("completion", "fish")[1])
        self.assertTrue(skald("completion", "zsh")[1].startswith("#compdef skald"))

    def test_usage(self):
        for words, sentence in (
                (["saga", "cancel", "x"], "--reason"),
                (["saga", "cancel", "--reason", "x", "--postgres", "x", "--kafka", "x"],
                 "name a saga"),
                (["saga", "resolve", "x", "--reason", "x"], "--done"),
                (["saga", "replay", "--all", "--drop", "2"], "are for one saga"),
                (["event", "tail", "-o", "json", "--kafka", "x"], "--limit or --timeout")):
            code, out, err = skald(*words)
            self.assertEqual((code, out), (2, ""), err)
            self.assertIn(sentence, err)


if __name__ == "__main__":
    unittest.main()
