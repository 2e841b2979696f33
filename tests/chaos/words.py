"""Text that looks like SQL or worse, where a customer or a record can put it."""
import json

import kafkawire
import poison
from cases import Group
from installation import SHARDS, Place
from processes import until

ROW = "SQL in ids, names, headers"
WORDS = ("'; drop table saga; --", "\" or 1=1", "$1", "\\x00", "Robert');--", "%s%n", "../..",
         "a" * 500, "{}[]", "ключ-é", "a\0b", "a" * 4096)
SCHEMA = ("select md5(string_agg(table_name || column_name || data_type, ',' order by table_name, "
          "column_name)) from information_schema.columns where table_schema = 'public' "
          "and table_name not like 'journal\\_%'")


def run(around, report, wanted):
    place = Place(around)
    try:
        Group(ROW, report, wanted).run(
            "quotes, commands, NUL and 4 KiB in keys, ids and definitions' names", place,
            lambda: wild(place))
    finally:
        place.end()


def wild(place):
    """Each is a saga under exactly that key, or refused with a sentence."""
    service = place.serve()
    before, accepted, wrong = place.ask(SCHEMA), [], []
    for no, word in enumerate(WORDS):
        key = f"{no}{word}"
        code, _, err = place.skald("saga", "start", "vending", "--data", order(key))
        if code == 0:
            accepted.append(key)
        elif not err.strip():
            wrong.append(f"key {key[:20]!r} is refused without a sentence")
    place.expected += len(accepted)
    wrong += place.drain()
    keys = known(place)
    wrong += [f"key {key[:20]!r} was accepted, and has no saga" for key in accepted
              if key not in keys]
    told = wild_records(place)
    wrong += place.drain()
    if place.ask(SCHEMA) != before:
        wrong.append("the schema has changed")
    service.end()
    refused = len(WORDS) - len(accepted)
    return wrong, [], f"{len(accepted)} keys are sagas, {refused} refused with a sentence; {told}"


def wild_records(place):
    """The same in records' keys, ids and definitions' names: a saga or in quarantine, each."""
    sent = []
    for no, word in enumerate(WORDS):
        raw = word.encode()
        for key, changed in ((b"key" + raw, {}), (b"id%d" % no, {"ce_id": raw, "ce_source": raw}),
                             (b"name%d" % no, {"ce_sagatype": raw})):
            kafkawire.produce(
                place.around.kafka.address, f"{place.prefix}.starts", no % SHARDS, key,
                order(key.decode()).encode(),
                poison.headers(ce_partitionkey=key, **changed))
            sent.append(key.decode())

    def sagas():
        return known(place).intersection(sent)

    def quarantined():  # by key: a record may have been passed on to the partition of its key
        return {bytes.fromhex(key).decode() for key, in place.ask(
            "select encode(key, 'hex') from quarantine where reason <> ''")}.intersection(sent)
    until("each record is a saga or in quarantine",
          lambda: len(sagas()) + len(quarantined()) == len(sent), 30)
    place.expected += len(sagas())
    return f"of as many records' keys, ids and names {len(sagas())} and {len(quarantined())}"


def order(key):
    return json.dumps({"order_id": key, "slot": 1, "price_cents": 110})


def known(place):
    return {row[0] for row in place.ask("select key from saga")}
