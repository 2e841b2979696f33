"""What participants, clocks, limits and strange input do."""
import json
import pathlib
import resource
import signal

import pgwire
from cases import Group
from installation import Place
from outages import under_load
from processes import pause, resident_mb, until

PARTICIPANT_ROW = ("participant dies before/after the effect, 10x slow, answers twice, lies, "
                   "undo fails n times")
CLOCK_ROW = "clock jumps of an hour"
LIMIT_ROW = "memory and descriptor limits"
SQL_ROW = "SQL in ids, names, headers"
SAGAS, RATE = 300, 100

WORDS = ("'; drop table saga; --", "\" or 1=1", "$1", "\\x00", "Robert');--", "%s%n", "../..",
         "a" * 512, "{}[]", "ключ-é")


def run(around, report, wanted):
    participants(around, Group(PARTICIPANT_ROW, report, wanted))
    clock(around, Group(CLOCK_ROW, report, wanted))
    limits(around, Group(LIMIT_ROW, report, wanted))
    words(around, Group(SQL_ROW, report, wanted))


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


def faketime_library():
    found = [p for p in pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]
    return found[0] if found else None


def clock(around, group):
    names = {"the node's clock is an hour ahead": "+1h",
             "the node's clock is an hour behind": "-1h"}
    library = faketime_library()
    if not library:
        for name in names:
            group.skip(name, "libfaketime is not installed (Debian: faketime)")
        return
    place = Place(around, faults=("--lose-command", "0.05"))
    try:
        for name, offset in names.items():
            group.run(name, place, lambda o=offset: under_load(
                place, lambda: None, LD_PRELOAD=str(library), FAKETIME=o,
                FAKETIME_DONT_FAKE_MONOTONIC="1"))
    finally:
        place.end()


def limits(around, group):
    place = Place(around)
    try:
        def few_files():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

        def little_memory():
            resource.setrlimit(resource.RLIMIT_DATA, (400 << 20, 400 << 20))
        group.run("64 file descriptors", place, lambda: limited(place, few_files))
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


SCHEMA = ("select md5(string_agg(table_name || column_name || data_type, ',' order by table_name, "
          "column_name)) from information_schema.columns where table_schema = 'public' "
          "and table_name not like 'journal\\_%'")


def words(around, group):
    place = Place(around)
    try:
        group.run("quotes, commands and wild bytes in business keys", place, lambda: wild(place))
    finally:
        place.end()


def wild(place):
    service = place.serve()
    url = place.around.postgres.url(place.database)
    before = pgwire.ask(url, SCHEMA)
    for no, word in enumerate(WORDS):
        key = f"{no}{word}"[:500]
        code, out, err = place.skald("saga", "start", "vending", "--data",
                                     '{"order_id": %s, "slot": 1, "price_cents": 200}'
                                     % json.dumps(key))
        if code == 0:
            place.expected += 1
    wrong = place.drain()
    if pgwire.ask(url, SCHEMA) != before:
        wrong.append("the schema has changed")
    service.end()
    return wrong, [], f"{len(WORDS)} keys"
