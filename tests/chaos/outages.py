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
    name = "failover to a synchronous standby"
    if not group.wanted(name):
        return
    primary = Postgres(around.folder / "primary").start()
    standby, mine = None, around.but(postgres=primary)
    try:
        standby = Postgres(around.folder / "standby", standby_of=primary).start()
        primary.ask("alter system set synchronous_standby_names = 'standby'")
        primary.ask("select pg_reload_conf()")
        until("the standby is synchronous", lambda: primary.ask(
            "select count(*) from pg_stat_replication where sync_state = 'sync'")[0][0] == "1", 30)
        proxy = FaultProxy(free_port(), primary.port)
        mine.postgres_through(proxy)
        place = Place(mine, faults=FAULTS)

        def fail():
            primary.crash()
            standby.promote()
            standby.ask("alter system set synchronous_standby_names = ''")
            standby.ask("select pg_reload_conf()")
            proxy.target = standby.port
        try:
            group.run(name, place, lambda: under_load(place, fail))
        finally:
            place.end()
            proxy.end()
    finally:
        primary.end()
        if standby:
            standby.end()


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
