#!/usr/bin/env python3
"""The reference participants over a Kafka that is killed and started again: what they had answered
they answer again, and they go on. The conformance kit asks; its restart is Kafka's.

usage: participant_outage_test.py KAFKA_JARS PARTICIPANTS_FOLDER"""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "chaos"))

import kafkawire
from command_line_test import Database
from kafka import Kafka
from processes import Process, clean_environment, until
from program import BIN, SKALD

SCRIPT = pathlib.Path(__file__).parents[2] / "examples/vending/conformance/inventory.json"
SECONDS = 120


def takes_records(kafka, topic):
    try:
        kafkawire.produce(kafka, topic, 0, None, None, [])  # no command: it is set aside
        return True
    except RuntimeError:
        return False


class Tried:
    """A participant, and the kit that tries it."""

    def __init__(self, words, language, kafka, url, folder):
        self.language, prefix = language, f"{language}."
        self.asked, self.back = folder / f"{language}.asked", folder / f"{language}.back"
        os.mkfifo(self.back)
        topic = f"{prefix}inventory.commands"
        kafkawire.create_topic(kafka, topic, 2)
        until(f"{topic} is there", lambda: takes_records(kafka, topic), SECONDS)
        common = ["--kafka", kafka, "--topic-prefix", prefix]
        own = [*common, "--postgres", url]
        environment = clean_environment()
        subprocess.run([BIN / "vending_inventory", *own, "--create-tables"], check=True,
                       env=environment)
        self.participant = Process([*words, *own], folder / f"{language}.log", env=environment)
        self.kit = subprocess.Popen(
            [SKALD, "participant", "test", SCRIPT, *common, "--json", "--answer-within", "60",
             "--restart", f"touch '{self.asked}' && cat '{self.back}'"], text=True,
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def waits(self):
        return self.asked.exists() or self.kit.poll() is not None

    def go_on(self):
        if self.kit.poll() is None:
            self.back.write_text("Kafka is back")  # read by the kit's cat

    def broken(self):
        out, err = self.kit.communicate(timeout=SECONDS)
        found = json.loads(out) if out else []
        wrong = [f for f in found if f["result"] != "kept"]
        if self.kit.returncode or wrong or not self.asked.exists():
            return f"{self.language}: {wrong or err}\n{self.participant.said()}"
        return ""

    def end(self):
        self.kit.kill()
        self.participant.end()


def main(jars, participants):
    programs = {language: [pathlib.Path(participants) / language / "participant", "inventory"]
                for language in ("python", "go", "java")}
    programs["cpp"] = [BIN / "vending_inventory"]
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kafka = Kafka(folder / "kafka", jars).start()
        stack.callback(kafka.end)
        tried = []
        for language, words in programs.items():
            url = stack.enter_context(Database(f"outage_{language}"))
            tried.append(Tried(words, language, kafka.address, url, folder))
            stack.callback(tried[-1].end)
        until("all kits wait for a restart", lambda: all(t.waits() for t in tried), SECONDS)
        kafka.restart()
        for t in tried:
            t.go_on()
        if wrong := [w for w in (t.broken() for t in tried) if w]:
            sys.exit("\n".join(wrong))
    print(f"{len(tried)} participants answered behind a restart of Kafka")


if __name__ == "__main__":
    main(*sys.argv[1:])
