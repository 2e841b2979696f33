#!/usr/bin/env python3
"""Breaks things on purpose and audits after each: one line a case. Exit code 0: no violation;
1: there are some, or nothing was run; 3: not all was run, because --at-most was over.

Real PostgreSQL and Kafka of its own, the built programs as they are shipped. `--quick` uses the
servers that SKALD_TEST_POSTGRES and SKALD_TEST_KAFKA name, if any, and breaks only the service.
"""
import argparse
import copy
import os
import pathlib
import random
import sys
import tempfile
import time

import brokers
import callers
import disks
import kafka
import kills
import liars
import network
import outages
import owners
import people
import poison
import pgwire
import report
import servers
import upgrade
import words
from cases import Result, Wanted
from processes import Late


class Around:
    """What the cases run on."""

    def __init__(self, programs, folder, postgres, kafka, word):
        self.programs, self.folder = programs, folder
        self.postgres, self.kafka, self.word = postgres, kafka, word

    def but(self, **others):
        """The same with another server or other programs."""
        other = copy.copy(self)
        vars(other).update(others)
        return other

    def postgres_through(self, proxy):
        """From here on every process reaches the server through the proxy."""
        direct = self.postgres

        class Through:
            @staticmethod
            def url(database="postgres", port=None):
                return direct.url(database, port=port or proxy.port)

            @staticmethod
            def ask(sql, database="postgres"):
                return pgwire.ask(Through.url(database), sql)
        self.postgres = Through


PARTS = (kills, owners, outages, brokers, network, disks, people, liars, words, poison, callers,
         upgrade)
VIOLATIONS, NOT_ALL_RUN = 1, 3  # exit codes


def arguments():
    p = argparse.ArgumentParser(prog="./dev chaos", description=__doc__.splitlines()[0])
    p.add_argument("--quick", action="store_true", help="a short set, under 3 minutes")
    p.add_argument("--json", action="store_true", help="the results as one JSON object")
    p.add_argument("--save", help="file that has them too, after each case")
    p.add_argument("--merge", nargs="+", metavar="FILE", help="no run: such files, as one run")
    p.add_argument("--only", default="", help="cases whose name holds one of these, with commas")
    p.add_argument("--part", default="", help="of " + ", ".join(m.__name__ for m in PARTS))
    p.add_argument("--minutes", type=float, default=10, help="of random kill -9; 0: none")
    p.add_argument("--at-most", type=float, default=90, help="minutes, then no more cases begin")
    p.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 10**6))
    p.add_argument("--write-doc", help="page whose measured part is written anew")
    p.add_argument("--bin", default=os.environ.get("SKALD_BIN"), help="folder of the programs")
    p.add_argument("--next-bin", help="folder of another build, for the rolling upgrade")
    p.add_argument("--kafka-jars", default=os.environ.get("SKALD_KAFKA_JARS"))
    p.add_argument("--keep", action="store_true", help="keep the folder of logs")
    return p.parse_args()


def start_servers(options, folder):
    shared = [os.environ.get(n) for n in ("SKALD_TEST_POSTGRES", "SKALD_TEST_KAFKA")]
    if options.quick and all(shared):
        return servers.SharedPostgres(shared[0]), kafka.SharedKafka(shared[1])
    if not options.kafka_jars:
        sys.exit("chaos: --kafka-jars FOLDER is needed; ./dev chaos gives it")
    broker = kafka.Kafka(folder / "kafka", options.kafka_jars)
    return servers.Postgres(folder / "postgres").start(), broker.start()


def run_cases(options, around, results, save):
    wanted = Wanted(options.only, options.at_most)

    def report_one(result):
        results.append(result)
        print(report.line(result), file=sys.stderr, flush=True)
        save()

    other = options.next_bin and pathlib.Path(options.next_bin).resolve()
    more = {kills: (options.quick,), upgrade: (other,), owners: (options.seed, options.minutes)}
    for part in PARTS:
        if part.__name__ not in (options.part or part.__name__).split(","):
            continue
        if options.quick and part is not kills:
            continue
        try:
            part.run(around, report_one, wanted, *more.get(part, ()))
        except (OSError, RuntimeError, SystemExit, Late, pgwire.PgError) as e:
            report_one(Result(f"{part.__name__}: could not be set up", "the runner itself",
                              [f"{type(e).__name__}: {e}"]))


def main():
    options = arguments()
    if options.merge:
        return tell(options, *report.merged(options.merge), parts=len(options.merge))
    if not options.bin:
        sys.exit("chaos: --bin FOLDER is needed; ./dev chaos gives it")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="skald-chaos."))
    folder.chmod(0o755)  # PostgreSQL may run as another user
    results, begun, postgres, log = [], time.monotonic(), None, None

    def save():
        if options.save:
            pathlib.Path(options.save).write_text(
                report.as_json(results, time.monotonic() - begun, options.seed))
    try:
        postgres, log = start_servers(options, folder)
        word = f"{os.getpid():x}" if options.quick else ""
        run_cases(options, Around(pathlib.Path(options.bin).resolve(), folder, postgres, log,
                                  word), results, save)
    finally:
        for server in (log, postgres):
            if server:
                server.end()
        if options.keep or any(r.violations for r in results):
            print(f"logs: {folder}", file=sys.stderr)
        else:
            servers.remove(folder)
    return tell(options, results, time.monotonic() - begun, options.seed)


def tell(options, results, seconds, seed, parts=1):
    if options.json:
        print(report.as_json(results, seconds, seed))
    f = report.figures(results)
    print(f"{f['cases']} cases, {f['violations']} violations, {f['not_run']} not run, recovery "
          f"p95 {f['recovery_p95_ms']} ms, seed {seed}", file=sys.stderr)
    if options.write_doc:
        report.write_doc(options.write_doc, results, seconds, seed, parts)
    if f["violations"] or not f["cases"]:
        return VIOLATIONS
    return NOT_ALL_RUN if f["not_run_in_time"] else 0


if __name__ == "__main__":
    sys.exit(main())
