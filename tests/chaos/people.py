"""What participants, clocks and limits do."""
import resource
import signal

import shims
from cases import Group
from installation import Place
from outages import under_load
from processes import pause, resident_mb, until
from servers import Postgres

PARTICIPANT_ROW = ("participant dies before/after the effect, 10x slow, answers twice, lies, "
                   "undo fails n times")
CLOCK_ROW = "clock jumps of an hour"
LIMIT_ROW = "memory and descriptor limits"
FILES = 80  # a service of two workers has about 70 open; with fewer it cannot reach Kafka
SAGAS, RATE = 300, 100
CLOCK_FAULTS = ("--lose-command", "0.05")  # so that timers matter


def run(around, report, wanted):
    participants(around, Group(PARTICIPANT_ROW, report, wanted))
    clock(around, Group(CLOCK_ROW, report, wanted))
    limits(around, Group(LIMIT_ROW, report, wanted))


def participants(around, group):
    cases = {
        "participants lose commands and replies, 5 % each":
            ("--lose-command", "0.05", "--lose-reply", "0.05"),
        "participants answer twice and out of order, 20 % each":
            ("--answer-twice", "0.2", "--delay-reply", "0.2", "--delay-ms", "200"),
        "participants die before and after the effect":
            ("--die-before-commit", "0.02", "--die-after-commit", "0.02"),
    }
    place = Place(around, participants=False)
    try:
        for name, flags in cases.items():
            group.run(name, place, lambda f=flags: with_participants(place, f))
        group.run("a participant is frozen for 3 s", place, lambda: frozen(place))
    finally:
        place.end()


def with_participants(place, flags):
    place.start_participants(*flags)
    service = place.serve()
    customers = place.load(SAGAS, RATE, wait=False)

    def finished():
        for name, process in list(place.programs.items()):
            if process.over():  # its supervisor starts it again
                place.start_participants(*flags, only=(name,))
        return customers.over() and place.finished()
    until("every start has ended", finished, 150, 0.1)
    place.stop_participants()
    service.end()
    return [], [], ""


def frozen(place):
    place.start_participants()

    def freeze():
        place.programs["payments"].send(signal.SIGSTOP)
        pause(3)
        place.programs["payments"].send(signal.SIGCONT)
    result = under_load(place, freeze)
    place.stop_participants()
    return result


def clock(around, group):
    nodes = {"the node's clock is an hour ahead": 3600, "the node's clock is an hour behind": -3600}
    behind = "the database's clock is an hour behind for 3 s"
    ahead = "the database's clock jumps an hour ahead"
    if not shims.compiler():
        for name in (*nodes, behind, ahead):
            group.skip(name, shims.WHY_NOT)
        return
    shifted = shims.Shim(around.folder, "shifted_clock", "CLOCK_SHIFT")
    place = Place(around, faults=CLOCK_FAULTS)
    try:
        for name, seconds in nodes.items():
            shifted.set(seconds)
            group.run(name, place, lambda: under_load(place, lambda: None, **shifted.environment))
    finally:
        place.end()
    if not group.wanted(behind) and not group.wanted(ahead):
        return
    shifted.set(0)
    postgres = Postgres(around.folder / "shifted", environment=shifted.whole_environment).start()
    place = Place(around.but(postgres=postgres), faults=CLOCK_FAULTS)
    try:
        group.run(behind, place, lambda: jump(place, shifted, -3600, back=True))
        group.run(ahead, place, lambda: jump(place, shifted, 3600, back=False))
    finally:
        place.end()
        postgres.end()


def jump(place, shifted, seconds, back):
    """Timers are early or late by the jump at most. The journal's times say nothing here."""
    def strike():
        shifted.set(seconds)
        pause(3)
        if back:
            shifted.set(0)
    result = under_load(place, strike, count=600)
    place.loads.clear()
    return result


def limits(around, group):
    place = Place(around)
    try:
        def few_files():
            resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))

        def little_memory():
            resource.setrlimit(resource.RLIMIT_DATA, (400 << 20, 400 << 20))
        group.run(f"{FILES} file descriptors", place, lambda: limited(place, few_files))
        group.run("400 MiB of memory, all starts at once", place,
                  lambda: limited(place, little_memory))
    finally:
        place.end()


def limited(place, limit):
    service = place.serve(limits=limit)
    place.load(2000, 0)
    wrong = place.drain(150)
    note = "" if service.over() else f"peak {resident_mb(service.pid):.0f} MB"
    if service.over():
        wrong.append(f"the service ended: {service.said()}")
    service.end()
    return wrong, [], note
