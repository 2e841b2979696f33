"""PostgreSQL and Kafka break: crash, restart, sessions ended, a commit's answer cut, failover."""
import time

from cases import Group
from installation import Place
from processes import free_port, pause, until
from proxy import FaultProxy
from servers import Postgres

DATABASE_ROW = "PostgreSQL crash, fast restart, backend terminated, COMMIT's answer cut"
FAILOVER_ROW = "PostgreSQL failover"
KAFKA_ROW = "Kafka broker kill, restart, leader change"
RATE, SAGAS = 100, 300
FAULTS = ("--answer-twice", "0.1")


def under_load(place, fault, count=SAGAS, rate=RATE, **serve):
    """Open-loop load; `fault` strikes in the middle of it. It returns when the harm is healed."""
    service = place.serve(**serve)
    customers = place.load(count, rate, wait=False)
    pause(count / rate / 3)
    note = fault() or ""
    before, begun = place.progress() or 0, time.monotonic()
    recovery = place.recovery_ms(before, begun)
    if customers.popen.wait(120):
        raise RuntimeError(f"the customers failed: {customers.said()}")
    wrong = place.drain()
    if service.over():
        wrong.append(f"the service ended by itself: {service.said()}")
    service.end()
    return wrong, recovery, note


def run(around, report, wanted):
    database(around, Group(DATABASE_ROW, report, wanted))
    failover(around, Group(FAILOVER_ROW, report, wanted))
    kafka(around, Group(KAFKA_ROW, report, wanted))


def database(around, group):
    postgres = around.postgres
    place = Place(around, faults=FAULTS)

    def crash():
        postgres.crash()
        postgres.start()

    def restart():
        postgres.stop_fast()
        postgres.start()

    def terminate():
        for _ in range(5):
            postgres.ask("select count(pg_terminate_backend(pid)) from pg_stat_activity "
                         f"where datname = '{place.database}'")
            pause(0.3)
    try:
        group.run("postgres crash", place, lambda: under_load(place, crash))
        group.run("postgres fast restart", place, lambda: under_load(place, restart))
        group.run("postgres sessions terminated five times", place,
                  lambda: under_load(place, terminate))
        for name, after in (("applied, and its answer cut", True),
                            ("cut before it arrives", False)):
            group.run(f"commit {name}, ten times", place,
                      lambda a=after: cut(place, postgres, a))
    finally:
        place.end()


def cut(place, postgres, after):
    proxy = FaultProxy(free_port(), postgres.port)
    url = postgres.url(place.database, port=proxy.port)

    def strike():
        for no in range(10):
            if after:
                proxy.cut_after = b"journal_insert"
            else:
                proxy.cut_before = b"journal_insert"
            until(f"commit {no + 1} is cut",
                  lambda n=no: proxy.cuts > n or place.finished(), 20)
        return f"{proxy.cuts} commits cut"
    try:
        return under_load(place, strike, count=600, SKALD_POSTGRES=url)
    finally:
        proxy.end()


def failover(around, group):
    names = {"failover to a synchronous standby": True, "failover to an asynchronous one": False}
    for name, synchronous in names.items():
        if group.wanted(name):
            fail_over(around, group, name, synchronous)


def fail_over(around, group, name, synchronous):
    """An asynchronous standby loses the primary's last second, offsets and state together: it is
    read and decided again. What left meanwhile and is decided otherwise now is told, not denied.
    The participants' books are elsewhere then: what they lose nobody can decide again."""
    kind = "sync" if synchronous else "async"
    primary = Postgres(around.folder / f"primary-{kind}").start()
    standby, mine = None, around.but(postgres=primary)
    stream, proxy = FaultProxy(free_port(), primary.port), FaultProxy(free_port(), primary.port)
    try:
        standby = Postgres(around.folder / f"standby-{kind}", standby_of=primary,
                           stream_port=stream.port).start()
        if synchronous:
            primary.ask("alter system set synchronous_standby_names = 'standby'")
            primary.ask("select pg_reload_conf()")
        wanted = "sync" if synchronous else "async"
        until("the standby streams", lambda: primary.ask(
            "select count(*) from pg_stat_replication where state = 'streaming' and sync_state = "
            f"'{wanted}'")[0][0] == "1", 60)
        mine.postgres_through(proxy)
        place = Place(mine, faults=FAULTS, books_on=None if synchronous else around.postgres)

        def fail():
            if not synchronous:
                stream.hold()
                pause(1)
            primary.crash()
            stream.cut_all()
            standby.promote()
            standby.ask("alter system set synchronous_standby_names = ''")
            standby.ask("select pg_reload_conf()")
            proxy.target = standby.port

        def body():
            result = under_load(place, fail)
            place.told_kinds = set() if synchronous else {"command_unknown", "effect_of_nobody"}
            return result
        try:
            group.run(name, place, body)
        finally:
            place.end()
    finally:
        for one in (proxy, stream, primary, standby):
            if one:
                one.end()


def kafka(around, group):
    place = Place(around, faults=FAULTS)
    broker = around.kafka

    def kill():
        broker.kill()
        pause(1)
        broker.start()

    def twice():
        broker.restart()
        broker.restart()
    try:
        group.run("kafka broker kill -9 and restart", place, lambda: under_load(place, kill))
        group.run("kafka broker restarted twice", place, lambda: under_load(place, twice))
    finally:
        place.end()
