"""kill -9 at every failpoint: its first hit, its second, and one half-way through the load."""
import json
import re
import signal
import time

from cases import Group
from installation import Place
from processes import Late, until

ROW = "kill -9 at each failpoint, hits 1, 2 and half-way through the load"
SAGAS = 120
MOST_LOADS = 6
FAULTS = ("--lose-command", "0.03", "--answer-twice", "0.1")
BETWEEN = "kill between the rounds of a rebalance, back under its name"

# Passed by any load. Those that need a situation of their own are below.
PLAIN = ("consume.polled", "consume.parsed", "commit.begin", "commit.statement",
         "commit.statement:fence", "commit.statement:saga_insert", "commit.statement:saga_update",
         "commit.statement:journal_insert", "commit.statement:packed_insert",
         "commit.statement:packed_delete", "commit.before_sync", "commit.sync_sent", "commit.done",
         "outbox.deleted", "dispatch.sent", "dispatch.delivered", "timer.due", "timer.fired",
         "shard.assigned")
HITS = ("1", "2", "half-way")
QUICK = ("commit.statement:journal_insert", "commit.sync_sent", "commit.done",
         "dispatch.delivered", "timer.fired")


def counts_of(process):
    found = re.findall(r"failpoint (\S+) was passed (\d+) times",
                       process.log.read_text(errors="replace"))
    return {name: int(n) for name, n in found}


SPECIAL = ("commit.statement:quarantine_insert", "commit.statement:open_put",
           "commit.statement:open_delete", "sweep.row", "shard.revoked", "migration.begin",
           "migration.applied")
ELSEWHERE = ("retention.deleted", "retention.detached")  # tests/escaped/retention_died_test.cpp


def uncovered(place):
    """Failpoints of the program that no case of this file is about."""
    _, out, _ = place.skald("failpoints", "--json")
    known = {p["name"] for p in json.loads(out)}
    return sorted(known - {*PLAIN, *SPECIAL, *ELSEWHERE})


def calm_run(place):
    """How often each failpoint is passed when nothing goes wrong."""
    service = place.serve("*=count")
    place.load(SAGAS, 300)
    wrong = place.drain()
    service.end()
    return counts_of(service), wrong


def kill_at(place, point, hit, load=None, node="n1"):
    """One case: dies there, is started again, everything ends."""
    dying = place.serve(f"{point}=kill@{hit}", node=node)
    reached = False
    try:
        for _ in range(MOST_LOADS):  # until it is hit: how often a load passes it varies
            (load or (lambda: place.load(SAGAS, 300)))()
            until("it dies at its failpoint", lambda: dying.over() or place.finished(), 40)
            reached = dying.killed()
            if reached:
                break
    finally:
        dying.end(signal.SIGKILL)
    before, epochs, begun = place.progress(), place.epochs(), time.monotonic()
    service = place.serve(node=node, ready=False)
    recovery = place.recovery_ms(before, begun)
    note = "" if reached else "not reached: the load was over"
    wrong = owned(place, epochs)
    wrong += place.drain()
    service.end()
    return wrong, recovery if reached else [], note


def owned(place, epochs):
    """What is wrong: nothing, when every shard is taken over in time."""
    try:
        until("every shard has an owner", lambda: place.owned_since(epochs), 60)
        return []
    except Late as e:
        return [str(e)]


def between_rounds(place):
    """Killed when half of its shards are on their way to another service, it comes back under its
    name at once: Kafka gives it its old share, and the other half to nobody. The services see it.
    One worker each, so that the first round's share is all there is."""
    epochs = place.epochs()
    dying = place.serve("shard.revoked=kill@1", node="n1", SKALD_WORKERS="1")
    until("it owns every shard", lambda: place.owned_since(epochs), 60)
    other = place.serve(node="n2", ready=False, SKALD_WORKERS="1")
    until("it dies when a shard is revoked", dying.over, 40)
    before, epochs, begun = place.progress(), place.epochs(), time.monotonic()
    service = place.serve(node="n1", ready=False, SKALD_WORKERS="1")
    place.load(SAGAS, 0)
    recovery = place.recovery_ms(before, begun)
    wrong = owned(place, epochs)
    seconds = time.monotonic() - begun
    wrong += place.drain()
    said = "".join(s.log.read_text(errors="replace") for s in (service, other))
    for each in (service, other):
        each.end()
    how = "were seen and shared out" if "group.rejoined" in said else "were never left alone"
    return wrong, recovery, f"shards without an owner {how}, all owned after {seconds:.1f} s"


def run(around, report, wanted, quick):
    points = QUICK if quick else PLAIN
    group = Group(ROW, report, wanted)
    names = {BETWEEN, *(f"kill {p} hit {h}" for p in points for h in HITS)}
    if any(wanted(n) for n in names):
        place = Place(around, faults=FAULTS)
        try:
            seen = {}

            def calm():
                passes, wrong = calm_run(place)
                seen.update(passes)
                never = [p for p in points if not passes.get(p)]
                wrong += [f"failpoint {p} was never passed" for p in never]
                wrong += [f"failpoint {p} has no case" for p in uncovered(place)]
                return wrong, [], ""
            group.run("calm run: failpoints counted", place, calm, always=True)
            for point in points:
                half = max(3, seen.get(point, 0) // 2)
                for label, hit in zip(HITS, (1, 2, half)):
                    if quick and label != "2":
                        continue
                    group.run(f"kill {point} hit {label}", place,
                              lambda p=point, h=hit: kill_at(place, p, h))
            group.run(BETWEEN, place, lambda: between_rounds(place))
        finally:
            place.end()
    if quick:
        return
    special(around, group)


def special(around, group):
    """Failpoints that only a situation of their own passes."""
    place = Place(around, faults=FAULTS)
    try:
        def poison():
            place.load(20, 0, "--saga", "nobody")  # a definition that nobody has registered
            place.expected -= place.orders.pop()[1]
            place.load(SAGAS, 300)
        for hit in (1, 2, 15):
            group.run(f"kill commit.statement:quarantine_insert hit {hit}", place,
                      lambda h=hit: kill_at(place, "commit.statement:quarantine_insert", h, poison))
        for hit in (1, 2, 3):
            group.run(f"kill sweep.row hit {hit}", place, lambda h=hit: sweep(place, h))
        for hit in (1, 2, 4):
            group.run(f"kill shard.revoked hit {hit}", place, lambda h=hit: revoked(place, h))
        for hit in (1, 2):
            group.run(f"kill commit.statement:open_put hit {hit}", place,
                      lambda h=hit: listed(place, "open_put", h))
            group.run(f"kill commit.statement:open_delete hit {hit}", place,
                      lambda h=hit: listed(place, "open_delete", h))
        for point in ("migration.begin", "migration.applied"):
            group.run(f"kill {point} hit 1", place, lambda p=point: migration(place, p))
    finally:
        place.end()


def sweep(place, hit):
    """Rows are left in the outbox by a service that dies between commit and dispatch, often."""
    for _ in range(hit):
        dying = place.serve("commit.done=kill@3")
        place.load(SAGAS // 3, 0)
        until("it dies between commit and dispatch", lambda: dying.over(), 30)
    return kill_at(place, "sweep.row", hit, load=lambda: place.load(20, 0))


def revoked(place, hit):
    """Another service joins and takes shards away."""
    epochs = place.epochs()
    dying = place.serve(f"shard.revoked=kill@{hit}", node="n1")
    place.load(20, 0)
    until("it owns every shard", lambda: place.owned_since(epochs), 40)
    other = place.serve(node="n2")
    place.load(SAGAS, 300)
    note = ""
    try:
        until("it dies when a shard is revoked", dying.over, 30)
    except Late:
        note = "not reached: fewer shards moved"
    finally:
        dying.end(signal.SIGKILL)
    before, begun = place.progress(), time.monotonic()
    recovery = place.recovery_ms(before, begun)
    wrong = place.drain()
    other.end()
    return wrong, recovery, note


def listed(place, statement, hit):
    """Sagas that stay open for more than ten seconds get a row in table open, and lose it."""
    place.stop_participants()
    dying = place.serve(f"commit.statement:{statement}=kill@{hit}")
    place.load(40, 0)
    until("sagas are listed as open, or it dies", lambda: dying.over() or (
        statement == "open_delete" and place.number("select count(*) from open") > 20), 40)
    place.start_participants(*FAULTS)
    try:
        until("it dies at its failpoint", lambda: dying.over() or place.finished(), 40)
        note = "" if dying.killed() else "not reached: one statement was enough"
    finally:
        dying.end(signal.SIGKILL)
    before, begun = place.progress(), time.monotonic()
    service = place.serve(ready=False)
    recovery = place.recovery_ms(before, begun)
    wrong = place.drain()
    service.end()
    return wrong, recovery, note


def migration(place, point):
    """An empty database whose migration is killed is migrated by the next try."""
    name = f"{place.database}_m"
    place.around.postgres.ask(f"drop database if exists {name}")
    place.around.postgres.ask(f"create database {name}")
    url = place.around.postgres.url(name)
    try:
        code, _, _ = place.skald("migrate", "orchestrator", "--postgres", url,
                                 SKALD_FAILPOINTS=f"{point}=kill@1")
        wrong = [] if code == -signal.SIGKILL else [f"migrate was not killed: exit code {code}"]
        code, out, err = place.skald("migrate", "orchestrator", "--postgres", url)
        if code:
            wrong.append(f"the second migration failed: {err}")
        tables = place.around.postgres.ask("select count(*) from pg_tables where tablename in "
                                           "('saga', 'journal', 'shard', 'outbox_batch')", name)
        if tables[0][0] != "4":
            wrong.append(f"{tables[0][0]} of 4 tables are there")
    finally:
        place.around.postgres.ask(f"drop database {name} with (force)")
    return wrong, [], ""
