"""Partitions, lag and lost packets between the service and its servers."""
import os
import pathlib
import shutil
import sys

from cases import Group
from installation import Place
from kafka import GATE
from outages import under_load
from processes import free_port, pause, resident_mb, until
from proxy import FaultProxy

ROW = "partition orchestrator-PostgreSQL, -Kafka, one way, 1 s lag, 5 % loss"
LINK = pathlib.Path(__file__).with_name("link.py")
LOSSES = {"5 % of all packets lost for 6 s": (0.05, 0.05, 6),
          "20 % of all packets lost for 4 s": (0.2, 0.2, 4),
          "packets that the service sends are lost for 4 s": (1, 0, 4),
          "packets to the service are lost for 4 s": (0, 1, 4)}


def run(around, report, wanted):
    group = Group(ROW, report, wanted)
    place = Place(around, faults=("--answer-twice", "0.1"))
    try:
        for what in ("postgres", "kafka"):
            group.run(f"partition from {what}, 4 s", place,
                      lambda w=what: partition(place, w, True, True))
            group.run(f"one-way partition from {what}, 4 s", place,
                      lambda w=what: partition(place, w, False, True))
        for what in ("postgres", "kafka"):
            group.run(f"{what} answers 200 ms later", place, lambda w=what: lag(place, w, 0.2, 3))
            group.run(f"{what} answers 1 s later", place, lambda w=what: lag(place, w, 1, 5))
        if any(wanted(name) for name in LOSSES):
            losses(around, group, place)
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


def lag(place, what, seconds, span):
    proxy, where = between(place, what)

    def strike():
        proxy.lag = seconds
        pause(span)
        mb = resident_mb(place.processes[-2].pid)
        proxy.heal()
        return f"service's memory {mb:.0f} MB"
    try:
        return under_load(place, strike, **where)
    finally:
        proxy.end()


# --- lost packets: real TCP over a link that drops -----------------------------------------------


def losses(around, group, place):
    if os.getuid() != 0 or not shutil.which("ip") or not os.path.exists("/dev/net/tun"):
        for name in LOSSES:
            group.skip(name, "a network of its own needs root, the package iproute2 and "
                       "/dev/net/tun; the proxy works on streams, where loss is lag")
        return
    control = around.folder / "loss"
    control.write_text("0 0")
    link = place.start("link", [sys.executable, "-B", LINK, control])
    until("the link is there", lambda: link.over() or "ready" in link.log.read_text(), 20)
    if link.over():
        for name in LOSSES:
            group.skip(name, f"the link could not be made: {link.said(1)}")
        return
    postgres, kafka = around.postgres, around.kafka
    doors = [FaultProxy(free_port(), postgres.port, GATE),
             FaultProxy(kafka.lossy, kafka.under, GATE)]
    how = {"wrap": ("nsenter", "-t", link.pid, "-n"), "SKALD_KAFKA": f"{GATE}:{kafka.lossy}",
           "SKALD_POSTGRES": postgres.url(place.database, doors[0].port).replace(
               "127.0.0.1", GATE)}

    def strike(leaving, entering, seconds):
        control.write_text(f"{leaving} {entering}")
        pause(seconds)
        control.write_text("0 0")
    try:
        for name, (leaving, entering, seconds) in LOSSES.items():
            group.run(name, place, lambda a=leaving, b=entering, s=seconds: under_load(
                place, lambda: strike(a, b, s), count=600, **how))
    finally:
        for door in doors:
            door.end()
        link.end()
