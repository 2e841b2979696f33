#!/usr/bin/env python3
"""The demo: N sagas, everything goes wrong on purpose, and the money is exact to the cent.

usage: demo_test.py memory|self_pay|kafka|killed|interrupted|mixed
"""
import os
import re
import signal
import sys
import threading

import program

SECONDS = 280  # a lost reply costs whole timeouts


def check(condition, what, evidence=""):
    if not condition:
        sys.exit(f"{what}\n{evidence}")


def check_summary(code, summary, err, sagas):
    check(code == 0, f"exit code {code}", err)
    check(summary["sagas"] == sagas, f"started {summary['sagas']} of {sagas}", err)
    check(summary["completed"] + summary["aborted"] == sagas, "some sagas have not ended", summary)
    check(summary["all_ended"] and summary["exact"] and summary["stuck"] == 0, "not exact", summary)
    check(summary["completed"] > 0, "no saga completed", summary)
    check(summary["aborted"] > 0, "no saga was aborted: nothing went wrong on purpose", summary)
    money = summary["audit"]
    check(money["taken_cents"] == money["worth_cents"] + money["refunded_cents"], "money", money)
    check(money["drinks"] == summary["completed"], "drinks are not completed sagas", summary)
    check(money["taken_cents"] > 0 and money["mistakes"] == 0, "no money moved", money)


def in_memory():
    code, summary, err = program.result_of(
        program.start_demo("--once", "200", "--per-second", "50"), SECONDS)
    check_summary(code, summary, err, 200)
    check("not for production" in err, "the banner does not warn", err)
    check("in memory" in err, "the banner does not say that the broker is in memory", err)


def self_pay():
    """The customers pay by themselves: early, late, twice; what is too much is given back."""
    code, summary, err = program.result_of(
        program.start_demo("--once", "60", "--per-second", "30", "--self-pay"), SECONDS)
    check_summary(code, summary, err, 60)
    check("vending_self_pay v1: proven" in err, "not the saga that awaits payments", err)
    check(summary["parked"] > 0, "nobody paid early", summary)
    money = summary["audit"]
    surplus = money["orders"] - money["drinks"] - summary["aborted"]
    check(surplus == 0, "orders are not drinks and aborted sagas", summary)
    check(money["refunded_cents"] > 0, "nothing was given back", money)


def on_kafka():
    kafka = program.service_url("SKALD_TEST_KAFKA")
    code, summary, err = program.result_of(
        program.start_demo("--once", "200", "--per-second", "50", "--kafka", kafka), SECONDS)
    check_summary(code, summary, err, 200)


class Progress(threading.Thread):
    """Reads the demo's progress; `wait_for` returns when a line matches."""

    def __init__(self, demo):
        super().__init__(daemon=True)
        self.demo, self.lines, self.news = demo, [], threading.Condition()
        self.start()

    def run(self):
        for line in self.demo.stderr:
            with self.news:
                self.lines.append(line)
                self.news.notify_all()
        with self.news:
            self.lines.append("(end)\n")
            self.news.notify_all()

    def text(self):
        return "".join(self.lines)

    def wait_for(self, pattern):
        with self.news:
            found = self.news.wait_for(lambda: re.search(pattern, self.text()) or
                                       self.lines[-1:] == ["(end)\n"], SECONDS)
        check(found and re.search(pattern, self.text()), f"never said {pattern}", self.text())


def kill_service(demo):
    victims = [p for p, words in program.children(demo.pid).items() if words.endswith(" serve")]
    check(len(victims) == 1, "there is not one service", program.children(demo.pid))
    os.kill(victims[0], signal.SIGKILL)


def killed():
    demo = program.start_demo("--once", "300", "--per-second", "20")
    progress = Progress(demo)
    for _ in range(2):  # in the middle, and again after it came back
        seen = progress.text().count("in flight")
        progress.wait_for(r"(?s)(in flight [1-9].*){%d}" % (seen + 1))
        kill_service(demo)
        progress.wait_for(r"the service was ended by signal 9 and is started again")
    out = demo.stdout.read()
    code = demo.wait(SECONDS)
    progress.join(SECONDS)
    check(out, "no summary", progress.text())
    summary = program.json.loads(out)
    check_summary(code, summary, progress.text(), 300)
    check(summary["restarts"] == 2, f"{summary['restarts']} restarts instead of 2", summary)


def interrupted():
    """Ctrl-C ends the stream of customers, the sagas, and every process; the books are exact."""
    demo = program.start_demo("--per-second", "10")
    progress = Progress(demo)
    progress.wait_for(r"started [1-9]")
    family = program.children(demo.pid)
    check(len(family) == 6, "PostgreSQL, service, three participants, customers", family)
    demo.send_signal(signal.SIGINT)
    out = demo.stdout.read()
    code = demo.wait(SECONDS)
    check(code == 0, f"exit code {code}", progress.text())
    check(program.json.loads(out)["exact"], "not exact", out)
    left = {p: words for p, words in family.items() if not program.gone(p)}
    check(not left, "processes are left", left)


def mixed():
    """One participant in each other language, one of them killed: their books are exact."""
    demo = program.start_demo("--per-second", "10", "--participants",
                              "payments=python,inventory=go,machine=java", "--kafka",
                              program.service_url("SKALD_TEST_KAFKA"))
    progress = Progress(demo)
    progress.wait_for(r"inventory \(go\), payments \(python\), machine \(java\)")
    progress.wait_for(r"completed [1-9]")  # each of them has answered
    # The one whose commands may wait longest before anybody is called.
    victims = [p for p, words in program.children(demo.pid).items() if "payments" in words]
    check(len(victims) == 1, "there is not one payments", program.children(demo.pid))
    os.kill(victims[0], signal.SIGKILL)
    progress.wait_for("the payments was ended by signal 9 and is started again")
    demo.send_signal(signal.SIGINT)
    out = demo.stdout.read()
    code = demo.wait(SECONDS)
    progress.join(SECONDS)
    check(out, "no summary", progress.text())
    summary = program.json.loads(out)
    check_summary(code, summary, progress.text(), summary["sagas"])
    check(summary["restarts"] == 1, f"{summary['restarts']} restarts instead of 1", summary)


if __name__ == "__main__":
    {"memory": in_memory, "self_pay": self_pay, "kafka": on_kafka, "killed": killed,
     "interrupted": interrupted, "mixed": mixed}[sys.argv[1]]()
