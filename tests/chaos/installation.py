"""One installation under fault: databases, topics, participants and services of its own."""
import itertools
import json
import signal
import time

import dips
import missing
import pgwire
from processes import Late, Process, clean_environment, run, until

PARTICIPANTS = ("inventory", "payments", "machine")
SHARDS = 8
AUDIT_WITHIN = 1200  # seconds; of ten minutes of load at half the rate
_numbers = itertools.count(1)

# What a step waits for an answer: short, or a lost message would take a case's time.
WITHIN_MS = {"reserve": 700, "charge": 900, "dispense": 900}

# Moves with every commit that has read something. Cheap, however many sagas there are.
PROGRESS = "select coalesce(sum(x), 0) from shard, unnest(next_offset) x"


class Installation:
    """`around`: the runner's servers, programs and folder; `books_on`: another server for the
    participants' books."""

    def __init__(self, around, participants=True, faults=(), undo_tries=200, books_on=None):
        self.around, self.books_on = around, books_on or around.postgres
        self.word = f"c{around.word}{next(_numbers)}"
        self.folder = around.folder / self.word
        self.folder.mkdir()
        self.database, self.books = f"chaos_{self.word}", f"chaos_{self.word}_books"
        around.postgres.ask(f"create database {self.database}")
        self.books_on.ask(f"create database {self.books}")
        self.prefix = f"skald-{self.word}"
        self.processes, self.loads = [], []
        self._load_no = itertools.count(1)
        self._service_no = itertools.count(1)
        self.expected = 0  # orders that customers have placed
        self.orders = []  # (how their names begin, how many)
        self.told, self.told_kinds = {}, set()  # mismatches that a case reports and allows
        self.lies = 0  # orders of which a participant has lied, which the money's audit must find
        self._must("migrate", "orchestrator")
        first = self.serve()
        self._define(undo_tries)
        self.programs = {}
        if participants:
            self.start_participants(*faults)
        first.end()

    # --- commands -------------------------------------------------------------------------------

    def environment(self, **more):
        books = self.books_on.url(self.books)
        return clean_environment(**{
            "SKALD_POSTGRES": self.around.postgres.url(self.database),
            "SKALD_KAFKA": self.around.kafka.address, "SKALD_PREFIX": self.prefix,
            "SKALD_SHARDS": str(SHARDS), "SKALD_PARTICIPANT_POSTGRES": books, **more})

    def program(self, name):
        return self.around.programs / name

    def skald(self, *words, seconds=60, **environment):
        return run([self.program("skald"), *words], self.environment(**environment), seconds)

    def _must(self, *words):
        code, out, err = self.skald(*words)
        if code:
            raise RuntimeError(f"skald {' '.join(words)}: {err or out}")
        return out

    def _define(self, undo_tries):
        code, out, err = run([self.program("vending_definitions"), "vending"], self.environment())
        if code:
            raise RuntimeError(err)
        definition = json.loads(out)
        for step in definition["steps"]:
            step["within_ms"] = WITHIN_MS[step["step"]]
            step["retry"] = {"times": 20, "first_ms": 100, "factor": 2, "cap_ms": 1000,
                             "jitter_percent": 20}
            step["undo_retry"] = {**step["retry"], "times": undo_tries}
            for part in ("send", "undo", "fence"):
                if isinstance(step.get(part), dict):
                    step[part]["participant"] = f"{self.word}-{step[part]['participant']}"
        path = self.folder / "vending.json"
        path.write_text(json.dumps(definition))
        self._must("definition", "register", str(path))
        until("the definition is active",
              lambda: self.skald("definition", "activate", "vending", "1")[0] == 0, 60, 0.2)

    # --- processes ------------------------------------------------------------------------------

    def start(self, name, words, **how):
        log = self.folder / f"{name}.log"
        process = Process(words, log, **how)
        self.processes.append(process)
        return process

    def start_participants(self, *flags, only=PARTICIPANTS):
        for name in only:
            self.programs[name] = self.start(
                name, [self.program(f"vending_{name}"), "--topic-prefix", f"{self.word}-",
                       "--group", f"{self.word}-{name}", *flags], env=self.environment())

    def stop_participants(self, number=signal.SIGTERM):
        for process in self.programs.values():
            process.end(number)

    def serve(self, failpoints="", node="n1", ready=True, wrap=(), limits=None, program=None,
              **environment):
        """A service. With `ready`, one that has said that it serves, or has died of a failpoint."""
        name = f"service-{next(self._service_no)}"
        env = self.environment(SKALD_FAILPOINTS=failpoints, SKALD_NODE=node, **environment)
        if not failpoints:
            del env["SKALD_FAILPOINTS"]
        process = self.start(name, [*wrap, program or self.program("skald"), "serve"], env=env,
                             limits=limits)
        if ready:
            until("the service serves", lambda: process.over() or "serves topics" in
                  process.log.read_text(errors="replace"), 60)
            if process.over() and not failpoints:
                raise RuntimeError(f"skald serve ended: {process.said()}")
        return process

    # --- load and its end -----------------------------------------------------------------------

    def load(self, count, per_second=0, *flags, wait=True, jams=0.1):
        """Customers, at a fixed rate whatever the service does (0: at once)."""
        name = f"customers-{next(self._load_no)}"
        orders = f"{self.word}-{name}-"
        process = self.start(name, [self.program("vending_customers"), "--prefix", self.prefix,
                                    "--count", count, "--per-second", per_second,
                                    "--order-prefix", orders, "--jams", jams, "--declined", "0.1",
                                    "--start-twice", "0.05", *flags], env=self.environment())
        self.expected += count
        self.loads.append(dips.Load(dips.now_ms(), count, per_second))
        self.orders.append((orders, count))
        if wait and process.popen.wait(count / per_second + 60 if per_second else 60):
            raise RuntimeError(f"the customers failed: {process.said()}")
        return process

    def ask(self, sql):
        return pgwire.ask(self.around.postgres.url(self.database), sql, 60)

    def text(self, sql):
        return self.ask(sql)[0][0]

    def number(self, sql):
        return int(self.text(sql))

    def maybe(self, sql):
        """A number, or nothing while the server is away."""
        try:
            return self.number(sql)
        except (OSError, pgwire.PgError):
            return None

    def progress(self):
        return self.maybe(PROGRESS)

    def recovery_ms(self, before, begun, seconds=60):
        """From `begun` to the first commit that moves on from `before`; nothing if all is over."""
        if self.finished():
            return []
        until("a first commit after the fault",
              lambda: (self.progress() or before) > before or self.finished(), seconds, 0.01)
        return [(time.monotonic() - begun) * 1000]

    def owned_since(self, before):
        """Has every shard been taken over since `before`, an earlier epochs()?"""
        return all(now > then for now, then in zip(self.epochs(), before))

    def epochs(self):
        return [int(row[0]) for row in self.ask("select epoch from shard order by id")]

    def ended(self):
        return self.number("select count(*) from saga where phase in (3, 4)")

    def finished(self):
        return self.maybe("select case when exists (select from outbox_batch) then -1 else "
                          "count(*) end from saga where phase in (3, 4)") == self.expected

    def drain(self, seconds=90):
        try:
            until("every start has ended", self.finished, seconds, 0.1)
            return []
        except Late:
            rows = self.ask("select phase, count(*) from saga_text group by 1 order by 1")
            lost = missing.explain(self)
            self.expected -= len(lost)  # said once; the next case is not to blame
            return [f"not every start has ended: {self.expected} placed, {rows}", *lost]

    # --- the audits -----------------------------------------------------------------------------

    def audit(self, *flags):
        """What is wrong, as sentences."""
        words = ["audit", "--json", *flags]
        for name in PARTICIPANTS:
            words += ["--participant", f"{self.word}-{name}="
                      f"{self.books_on.url(self.books)}#vending_{name}"]
        code, out, err = self.skald(*words, seconds=AUDIT_WITHIN)
        wrong, self.told = [], dict.fromkeys(sorted(self.told_kinds), 0)
        if code not in (0, 1) or not out:
            wrong.append(f"skald audit could not be run: {err.strip()}")
        elif code:
            report = json.loads(out)
            self.told.update((k, n) for k, n in report["mismatches"].items() if k in self.told)
            wrong += [f"{k}: {n}" for k, n in report["mismatches"].items()
                      if k not in self.told_kinds]
            wrong += [f"{m['kind']}: {m['what']} (saga {m['saga']}, key {m['key']})"
                      for m in report["examples"] if m["kind"] not in self.told_kinds]
            (self.folder / "audit.json").write_text(out)
        code, out, err = run([self.program("vending_audit"), "--json"], self.environment(),
                             AUDIT_WITHIN)
        if code and not (self.lies and json.loads(out)["mistakes"] == self.lies):
            wrong.append(f"the money is not exact: {out.strip()} {err.strip()[:500]}")
        return wrong

    def duplicates(self):
        return self.number("select count(*) from journal where outcome = 3")

    def end(self):
        for process in self.processes:
            process.send(signal.SIGCONT)
            process.send(signal.SIGKILL)
        for process in self.processes:
            process.end(signal.SIGKILL)
        for server, name in (self.around.postgres, self.database), (self.books_on, self.books):
            try:
                server.ask(f"drop database {name} with (force)")
            except (OSError, pgwire.PgError):
                pass  # its server is gone, and the database with it


class Place:
    """An installation that is made when the first case of its group needs it."""

    def __init__(self, around, **how):
        self._make, self._made = lambda: Installation(around, **how), None

    def __getattr__(self, name):
        if self._made is None:
            self._made = self._make()
        return getattr(self._made, name)

    def __setattr__(self, name, value):
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        else:
            setattr(self._made, name, value)

    def end(self):
        if self._made is not None:
            self._made.end()
