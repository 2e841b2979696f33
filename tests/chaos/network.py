"""Partitions and lag between the service and its servers, by the fault proxy."""

from cases import Group
from installation import Place
from outages import under_load
from processes import free_port, pause, resident_mb
from proxy import FaultProxy

ROW = "partition orchestrator-PostgreSQL, -Kafka, one way, 1 s lag, 5 % loss"


def run(around, report, wanted):
    group = Group(ROW, report, wanted)
    place = Place(around, faults=("--answer-twice", "0.1"))
    try:
        for what in ("postgres", "kafka"):
            group.run(f"partition from {what}, 4 s", place,
                      lambda w=what: partition(place, w, True, True))
            group.run(f"one-way partition from {what}, 4 s", place,
                      lambda w=what: partition(place, w, False, True))
        group.run("postgres answers 200 ms later", place, lambda: lag(place, "postgres", 0.2))
        group.run("kafka answers 200 ms later", place, lambda: lag(place, "kafka", 0.2))
        group.skip("5 % packet loss", "needs network namespaces with netem; the proxy works on "
                   "streams, where loss is lag")
    finally:
        place.end()


def between(place, what):
    if what == "postgres":
        postgres = place.around.postgres
        proxy = FaultProxy(free_port(), postgres.port)
        return proxy, {"SKALD_POSTGRES": postgres.url(place.database, port=proxy.port)}
    kafka = place.around.kafka
    proxy = FaultProxy(kafka.proxied, kafka.behind)
    return proxy, {"SKALD_KAFKA": f"127.0.0.1:{kafka.proxied}"}


def partition(place, what, to_server, to_client):
    proxy, where = between(place, what)

    def strike():
        proxy.hold(to_server, to_client)
        pause(4)
        proxy.heal()
    try:
        return under_load(place, strike, **where)
    finally:
        proxy.end()


def lag(place, what, seconds):
    proxy, where = between(place, what)
    figures = {}

    def strike():
        proxy.lag = seconds
        pause(3)
        service = place.processes[-2]
        figures["mb"] = resident_mb(service.pid)
        proxy.heal()
        return f"service's memory {figures['mb']:.0f} MB"
    try:
        return under_load(place, strike, **where)
    finally:
        proxy.end()
