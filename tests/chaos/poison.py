"""Records that nobody should send: each is quarantined with its reason, and the shards go on."""

import kafkawire
from cases import Group
from installation import SHARDS, Place
from processes import Late, until

ROW = "poison: unknown type, bad JSON, depth, size, bad UTF-8, NUL, numbers, keys, tombstone"
PASSED_OVER = "no headers"  # it goes to its key's partition first, and has another offset there
GOOD = b'{"order_id": "x", "slot": 1, "price_cents": 200}'

VALUES = {
    "not JSON": b"{", "empty": b"", "depth 10,000": b"[" * 10_000 + b"]" * 10_000,
    "900 kB": b'{"order_id": "' + b"x" * 900_000 + b'"}', "bad UTF-8": b'{"order_id": "\xff\xfe"}',
    "NUL": b'{"order_id": "a\0b"}', "huge number": b'{"order_id": 1e999999, "slot": 1}',
    "endless digits": b'{"price_cents": ' + b"9" * 5_000 + b"}", "two texts": GOOD + GOOD,
    "an array": b"[1, 2, 3]", "no fields": b"{}",
    "lone surrogate": b'{"order_id": "\\ud800"}', "trailing comma": b'{"order_id": "x",}',
    "comment": b'{/* */"order_id": "x"}', "binary": bytes(range(256))}


def headers(**changed):
    all_ = {"content-type": "application/json", "ce_specversion": "1.0", "ce_id": "poison",
            "ce_source": "/chaos", "ce_type": "vending.ItemSelected.v1", "ce_sagakind": "start",
            "ce_sagatype": "vending", **changed}
    return [(k, v.encode() if isinstance(v, str) else v) for k, v in all_.items() if v is not None]


def corpus(word):
    """(name, topic's end, key, value, headers)"""
    for name, value in VALUES.items():
        yield f"value: {name}", ".starts", f"{word}-{name}".encode(), value, headers()
    start = ".starts"
    yield "tombstone", start, b"t", None, headers()
    yield "no key", start, None, GOOD, headers()
    yield "empty key", start, b"", GOOD, headers()
    yield "key of 600 bytes", start, b"k" * 600, GOOD, headers()
    yield "key with NUL", start, b"a\0b", GOOD, headers()
    yield "key of bad UTF-8", start, b"\xff\xfe", GOOD, headers()
    yield "unknown definition", start, b"u", GOOD, headers(ce_sagatype="'; drop table saga; --")
    yield "unknown event", start, b"v", GOOD, headers(ce_type="vending.Nothing.v1")
    yield "unknown kind", start, b"w", GOOD, headers(ce_sagakind="dance")
    yield "no headers", start, b"n", GOOD, []
    yield "header twice", start, b"h", GOOD, headers() + [("ce_id", b"again")]
    yield "header of 5 KiB", start, b"l", GOOD, headers(ce_id="x" * 5_000)
    yield "header of bad UTF-8", start, b"q", GOOD, headers(ce_id=b"\xff\xfe")
    yield "300 headers", start, b"m", GOOD, headers() + [(f"h{i}", b"x") for i in range(300)]
    inbox = ".inbox"
    yield "reply without a token", inbox, b"r", b"{}", headers(
        ce_sagakind="reply", ce_sagaoutcome="ok", ce_causationid="x")
    yield "action without a token", inbox, b"s", b'{"action": "cancel"}', headers(
        ce_sagakind="action")
    yield "event from nowhere", inbox, b"e", GOOD, headers(ce_sagakind="event")


def run(around, report, wanted):
    place = Place(around)
    try:
        Group(ROW, report, wanted).run("a corpus of poison on both topics", place,
                                       lambda: feed(place))
    finally:
        place.end()


def feed(place):
    service, sent = place.serve(), {}
    for name, end, key, value, heads in corpus(place.word):
        for partition in range(SHARDS):
            offset = kafkawire.produce(place.around.kafka.address, place.prefix + end, partition,
                                       key, value, heads)
            if name != PASSED_OVER:
                sent[place.prefix + end, partition, offset] = name
    place.load(200, 200)
    wrong = place.drain()
    try:
        until("all poison is in quarantine", lambda: sent.keys() <= kept(place).keys(), 30)
    except Late:
        names = sorted({name for at, name in sent.items() if at not in kept(place)})
        wrong.append(f"not in quarantine: {', '.join(names)}")
    reasons = [kept(place).get(at) for at in sent]
    if not all(reasons):
        wrong.append("not every record in quarantine has a reason")
    if place.number("select count(*) from saga") != place.expected:
        wrong.append("poison has become a saga")
    if service.over():
        wrong.append(f"the service ended: {service.said()}")
    service.end()
    return wrong, [], (f"{len(set(sent.values()))} kinds on each of {SHARDS} partitions, each "
                       f"record in quarantine, {len(set(reasons))} reasons")


def kept(place):
    """{(topic, partition, offset): reason}"""
    return {(topic, int(partition), int(offset)): reason for topic, partition, offset, reason in
            place.ask("select topic, partition, record_offset, reason from quarantine")}
