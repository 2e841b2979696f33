#!/usr/bin/env python3
"""`skald participant test` against a participant that runs; and a service that relays an outbox."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import program
from command_line_test import KAFKA, Database
from program import BIN, skald

SCRIPT = (pathlib.Path(__file__).parents[2] / "examples/vending/conformance/inventory.json")


class Kit(unittest.TestCase):
    def setUp(self):
        self.prefix = f"kit-{os.getpid()}-{self.id().rpartition('.')[2]}."
        self.database = Database(self.id().rpartition(".")[2])
        self.url = self.database.__enter__()
        self.addCleanup(self.database.__exit__)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start_words(self):
        """A shell command that starts the inventory in the background and writes down its pid."""
        return (f"'{BIN}/vending_inventory' --kafka {KAFKA} --postgres '{self.url}' "
                f"--topic-prefix {self.prefix} >>'{self.folder}/log' 2>&1 & "
                f"echo $! >'{self.folder}/pid'")

    def start(self):
        (self.folder / "log").touch()
        subprocess.run(["sh", "-c", self.start_words()], check=True)
        self.addCleanup(self.kill)
        end = time.monotonic() + 60
        while "answers" not in (self.folder / "log").read_text():
            self.assertLess(time.monotonic(), end, "the inventory has not started")

    def kill(self):
        os.kill(int((self.folder / "pid").read_text()), signal.SIGKILL)

    def kit(self, script, *words):
        code, out, err = skald("participant", "test", str(script), "--kafka", KAFKA, "--json",
                               "--topic-prefix", self.prefix, "--answer-within", "60", *words,
                               seconds=200)
        return code, json.loads(out) if out else None, err

    def test_right_then_wrong(self):
        self.start()
        end_it = "kill $pid && tail --pid=$pid -f /dev/null"  # and waits until it has ended
        restart = f"pid=$(cat '{self.folder}/pid') && {end_it}\n{self.start_words()}"
        before = (self.folder / "pid").read_text()
        code, found, err = self.kit(SCRIPT, "--restart", restart)
        end = time.monotonic() + 60
        while code == 5 and time.monotonic() < end:  # it has not made its topic yet
            code, found, err = self.kit(SCRIPT, "--restart", restart)
        self.assertEqual((code, {f["result"] for f in found or []}), (0, {"kept"}), err)
        self.assertGreater(len(found), 12)
        self.assertNotEqual((self.folder / "pid").read_text(), before)

        wrong = json.loads(SCRIPT.read_text())
        wrong["steps"][0]["ok"] = "vending.SomethingElse.v1"
        (self.folder / "wrong.json").write_text(json.dumps(wrong))
        code, found, err = self.kit(self.folder / "wrong.json")
        results = [f["result"] for f in found]
        self.assertEqual((code, results.count("broken"), results.count("not tested")), (1, 1, 1))
        broken = found[results.index("broken")]
        self.assertIn("vending.SomethingElse.v1", broken["sentence"])
        self.assertIn("ce_type: vending.ItemReserved.v1", broken["bytes"])

    def test_refusals(self):
        self.assertEqual(self.kit("/no/such/script")[0], 2)
        (self.folder / "bad.json").write_text("{}")
        self.assertEqual(self.kit(self.folder / "bad.json")[0], 2)
        code, _, err = self.kit(SCRIPT)  # nobody has made its topic
        self.assertEqual(code, 5, err)
        self.assertIn("start the participant first", err)


class RelayInService(unittest.TestCase):
    def test_what_an_application_wrote_leaves(self):
        prefix = f"relayed-{os.getpid()}"
        with Database("served") as own, Database("application") as application:
            skald("migrate", "orchestrator", "--postgres", own)
            skald("migrate", "outbox", "--postgres", application)
            service = subprocess.Popen(
                [program.SKALD, "serve", "--relay-postgres", application],
                env=program.clean_environment(
                    SKALD_POSTGRES=own, SKALD_KAFKA=KAFKA, SKALD_PREFIX=prefix))
            self.addCleanup(service.kill)
            insert = ("insert into outbox(topic, key, payload) "
                      f"values ('{prefix}.starts', 'k', convert_to('{{}}', 'UTF8'))")
            subprocess.run(["psql", "-q", application, "-c", insert], check=True)
            # It reaches the service, which cannot understand it.
            self.wait_for("1", own, "select count(*) from quarantine")
            self.wait_for("0", application, "select count(*) from outbox")
            self.wait_for("0", application, "select count(*) from outbox_rejected")
            service.terminate()
            self.assertEqual(service.wait(30), 0)

    def wait_for(self, number, database, query):
        end = time.monotonic() + 60
        while subprocess.run(["psql", "-qtA", database, "-c", query], check=True,
                             capture_output=True, text=True).stdout.strip() != number:
            self.assertLess(time.monotonic(), end, query)


if __name__ == "__main__":
    unittest.main()
