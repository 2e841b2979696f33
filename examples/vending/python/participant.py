"""The vending machine's participants in Python: inventory, payments or machine.

    python3 participant.py inventory --kafka HOST:PORT --postgres URL

The contract is docs/contract.md. First what any participant needs, then the vending machine's part.
"""
import argparse
import json
import pathlib
import re
import signal
import sys
import uuid
from datetime import datetime, timezone

import psycopg
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

BATCH, RETRY_AFTER_MS = 500, 500
COMMAND_ID = re.compile(r"([0-9a-f-]{36})/(.+)/(do|undo|settle)/(\d+)")
NOT_COPIED = {"ce_sagakind", "ce_sagaoutcome", "ce_sagareplyto", "ce_sagaretryafter"}
COPIED = {"ce_correlationid", "ce_subject", "traceparent", "tracestate"}


class NotUnderstood(Exception):
    """The message makes no sense, whoever sends it again: set aside, not answered."""


class Answer:
    def __init__(self, outcome, kind="skald.reply.v1", data=b"{}", effect=""):
        self.outcome, self.kind, self.effect = outcome, kind or "skald.reply.v1", effect
        self.data = json.dumps(data).encode() if isinstance(data, dict) else data or b"{}"


class Command:
    """A record that was understood; raises NotUnderstood when it cannot be."""
    def __init__(self, record, participant):
        self.record = record
        self.all_headers = record.headers() or []
        try:
            self.h = {k: v.decode() for k, v in self.all_headers if k.startswith("ce_")}
        except (UnicodeDecodeError, AttributeError) as e:
            raise NotUnderstood("a header is not text") from e
        self.kind, self.type = self.h.get("ce_sagakind"), self.h.get("ce_type")
        if self.kind not in ("do", "undo", "settle"):
            raise NotUnderstood("not a command")
        match = COMMAND_ID.fullmatch(self.h.get("ce_id", ""))
        self.saga, self.step = self.h.get("ce_correlationid"), self.h.get("ce_sagastep")
        if not match or match.group(1, 2, 3) != (self.saga, self.step, self.kind):
            raise NotUnderstood("ce_id is not <ce_correlationid>/<ce_sagastep>/<kind>/<n>")
        if "\0" in self.step or not self.h.get("ce_sagareplyto") or not self.h.get("ce_sagatoken"):
            raise NotUnderstood("a header of a command is missing")
        known = {"do": participant.commands, "undo": participant.undos,
                 "settle": {"skald.settle.v1"}}[self.kind]
        if self.type not in known:
            raise NotUnderstood(f"no handler for {self.type} as {self.kind}")
        self.occurrence = self.h.get("ce_sagaoccurrence", "")
        self.own_id = f"{self.saga}/{self.step}/do/0"

    def data(self):
        try:
            data = json.loads(self.record.value())
        except (ValueError, TypeError, RecursionError) as e:
            raise NotUnderstood("the value is not JSON") from e
        if not isinstance(data, dict):
            raise NotUnderstood("the value is not an object")
        return data


class Participant:
    """commands: type -> (tx, data) -> Answer. undos: type -> (tx, data, remembered reply or None);
    None instead of a function: the fence of a pivot."""
    def __init__(self, name, commands, undos):
        self.name, self.commands, self.undos = name, commands, undos

    # The fence: what a (saga, step) remembers. Row '' is what its command did, and the fence.
    def rows(self, tx, c):
        found = tx.execute("select occurrence, state, effect, reply_type, reply from fence"
                           " where saga_id = %s and step = %s for update", (c.saga, c.step))
        return {r[0]: r[1:] for r in found}

    def write(self, tx, c, occurrence, state, effect="", kind="", reply=b""):
        tx.execute("insert into fence (saga_id, step, occurrence, state, effect, reply_type, reply)"
                   " values (%s, %s, %s, %s, %s, %s, %s)"
                   " on conflict (saga_id, step, occurrence) do update set state = excluded.state",
                   (c.saga, c.step, occurrence, state, effect, kind, reply))

    def target(self, c, rows):
        """The occurrence of the row that a message names."""
        if c.occurrence in ("", c.own_id):
            return ""
        named = (at for at, row in rows.items() if c.occurrence in (at, row[1]))
        return next(named, c.occurrence)

    def answer(self, tx, c):
        rows = self.rows(tx, c)
        if c.kind == "do":
            return self.do(tx, c, rows.get(""))
        if c.kind == "settle":
            return self.settle(tx, c, rows)
        return self.undo_named(tx, c, rows) if c.occurrence else self.undo_step(tx, c, rows)

    def do(self, tx, c, own):
        if own and own[0] in ("undone", "fenced"):
            return Answer("refused")
        if own:
            return Answer("ok" if own[0] == "done" else "declined", *own[2:])
        said = self.commands[c.type](tx, c.data())
        self.write(tx, c, "", "done" if said.outcome == "ok" else "declined",
                   said.effect, said.kind, said.data)
        return said

    def undo_step(self, tx, c, rows):
        handler, own = self.undos[c.type], rows.get("")
        if handler is None and own and own[0] == "done":
            return Answer("ok", own[2], own[3])
        for occurrence, row in rows.items():
            if row[0] == "done":
                handler(tx, c.data(), json.loads(row[3] or b"{}"))
                self.write(tx, c, occurrence, "undone")
        if own is None or own[0] == "declined":
            self.write(tx, c, "", "fenced")
        return Answer("undone")

    def undo_named(self, tx, c, rows):
        handler, at = self.undos[c.type], self.target(c, rows)
        if handler is None:
            raise NotUnderstood("the fence of a pivot names no effect")
        row = rows.get(at)
        if row is None or row[0] == "done":
            handler(tx, c.data(), json.loads(row[3] or b"{}") if row else None)
            self.write(tx, c, at, "undone")
        return Answer("undone")

    def settle(self, tx, c, rows):
        word = c.data()
        if word.get("row") not in ("undone", "fenced", "done"):
            raise NotUnderstood('a settle needs {"row": "undone", "fenced" or "done"}')
        at = self.target(c, rows)
        reply = json.dumps(word.get("reply", {})).encode()
        row = rows.get(at, ("", "", word.get("type", ""), reply))
        self.write(tx, c, at, word["row"], *row[1:])
        return Answer("ok", *row[2:]) if word["row"] == "done" else Answer("undone")

    def set_aside(self, tx, record, reason):
        headers = [[k, (v or b"").decode(errors="backslashreplace").replace("\0", "\\0")]
                   for k, v in record.headers() or []]
        tx.execute("insert into set_aside (topic, partition, position, reason, key, headers, value)"
                   " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                   (record.topic(), record.partition(), record.offset(), reason, record.key(),
                    json.dumps(headers), record.value()))

    # A batch is one transaction; when a handler throws, each message gets one of its own.
    def take(self, db, records):
        try:
            return self.transact(db, records)
        except psycopg.OperationalError:
            raise
        except Exception as e:  # noqa: BLE001, whatever a handler throws
            print(f"{self.name}: {e}", file=sys.stderr)
        if len(records) == 1:
            return [(Command(records[0], self), Answer("retry"))]
        return [reply for record in records for reply in self.take(db, [record])]

    def transact(self, db, records):
        replies = []
        with db.transaction():
            for record in records:
                try:
                    c = Command(record, self)
                    replies.append((c, self.answer(db, c)))
                except NotUnderstood as e:
                    self.set_aside(db, record, str(e))
        return replies

    def reply(self, producer, c, a):
        own = {
            "content-type": "application/json", "ce_specversion": "1.0",
            "ce_source": f"/skald/participants/{self.name}", "ce_type": a.kind,
            "ce_id": str(uuid.uuid4()), "ce_time": datetime.now(timezone.utc).isoformat(),
            "ce_partitionkey": c.record.key(), "ce_causationid": c.h["ce_id"],
            "ce_sagakind": "reply", "ce_sagaoutcome": a.outcome}
        if a.outcome == "retry":
            own["ce_sagaretryafter"] = str(RETRY_AFTER_MS)
        copied = [(k, v) for k, v in c.all_headers
                  if k in COPIED or (k.startswith("ce_saga") and k not in NOT_COPIED)]
        producer.produce(c.h["ce_sagareplyto"], key=c.record.key(), value=a.data,
                         headers=list(own.items()) + copied)

    def run(self, kafka, postgres, prefix):
        topic, running = f"{prefix}{self.name}.commands", [True]
        signal.signal(signal.SIGTERM, lambda *_: running.clear())
        db = psycopg.connect(postgres, autocommit=True)
        create_tables(db, self.name)
        make_topic(kafka, topic)
        producer = Producer({"bootstrap.servers": kafka, "acks": "all", "linger.ms": 0,
                             "enable.idempotence": True, "partitioner": "murmur2_random"})
        consumer = Consumer({"bootstrap.servers": kafka, "group.id": f"{prefix}{self.name}",
                             "enable.auto.commit": False, "auto.offset.reset": "earliest",
                             "partition.assignment.strategy": "cooperative-sticky"})
        consumer.subscribe([topic])
        while running:
            records = [r for r in consumer.consume(BATCH, 0.05) if not r.error()]
            for c, a in self.take(db, records):
                self.reply(producer, c, a)
            if records and producer.flush(60) == 0:  # all acked
                consumer.commit(asynchronous=False)
        consumer.close()


def make_topic(kafka, topic):
    admin = AdminClient({"bootstrap.servers": kafka})
    if topic not in admin.list_topics(timeout=10).topics:
        admin.create_topics([NewTopic(topic, 8)])[topic].result()


# The vending machine's own part: three participants of a few lines each.
VENDING = pathlib.Path(__file__).resolve().parent.parent
SLOTS, VINTAGE, JAMMED, EMPTY, CARD_LIMIT = range(1, 41), 38, 39, 40, 5000


def create_tables(db, name):
    with db.transaction():
        db.execute("select pg_advisory_xact_lock(hashtext(%s))", (f"vending {name}",))
        db.execute(f"create schema if not exists vending_{name}")
        db.execute(f"set search_path = vending_{name}")
        if db.execute("select to_regclass('fence')").fetchone()[0] is None:
            fence = VENDING.parent.parent / "migrations/participant/001_participant.up.sql"
            db.execute(fence.read_text())
            db.execute((VENDING / f"{name}.sql").read_text())
        if name == "inventory":
            for slot in SLOTS:
                db.execute("insert into slot values (%s, %s, %s) on conflict do nothing",
                           (slot, 9900 if slot == VINTAGE else 100 + 10 * (slot % 8),
                            0 if slot == EMPTY else 10**9))


def field(data, name, kind):
    if type(data.get(name)) is not kind:
        raise NotUnderstood(f"/{name} must be {kind.__name__}")
    return data[name]


def reserve(tx, c):
    order, slot = field(c, "order_id", str), field(c, "slot", int)
    taken = tx.execute("update slot set stock = stock - 1 where no = %s and stock > 0", (slot,))
    if taken.rowcount == 0:
        return Answer("declined", "vending.OutOfStock.v1", {"order_id": order, "slot": slot})
    tx.execute("insert into reservation values (%s, %s, %s)", (f"reservation-{order}", order, slot))
    return Answer("ok", "vending.ItemReserved.v1",
                  {"order_id": order, "reservation_id": f"reservation-{order}"})


def release(tx, c, _):
    tx.execute("with freed as (update reservation set released = true"
               " where order_id = %s and not released returning slot)"
               " update slot set stock = stock + 1 from freed where slot.no = freed.slot",
               (field(c, "order_id", str),))


def charge(tx, c):
    order, amount = field(c, "order_id", str), field(c, "amount_cents", int)
    if c.get("currency") != "EUR" or not 0 < amount <= CARD_LIMIT:
        return Answer("declined", "vending.PaymentDeclined.v1",
                      {"order_id": order, "reason": "above the card's limit"})
    payment = f"payment-{order}"
    tx.execute("insert into payment values (%s, %s, %s)", (payment, order, amount))
    return Answer("ok", "vending.PaymentCompleted.v1",
                  {"order_id": order, "payment_id": payment, "amount_cents": amount}, payment)


def refund(tx, c, charged):
    payment = (charged or c).get("payment_id") or c.get("payment_id")
    tx.execute("insert into refund select id, amount_cents from payment"
               " where id = %s and order_id = %s", (payment, field(c, "order_id", str)))


def dispense(tx, c):
    order, slot = field(c, "order_id", str), field(c, "slot", int)
    if slot == JAMMED or slot not in SLOTS:
        return Answer("declined", "vending.DispenseFailed.v1", {"order_id": order, "reason": "jam"})
    tx.execute("insert into drink (order_id, slot) values (%s, %s)", (order, slot))
    return Answer("ok", "vending.DrinkDispensed.v1", {"order_id": order})


PARTICIPANTS = {
    "inventory": ({"vending.ReserveItem.v1": reserve}, {"vending.ReleaseItem.v1": release}),
    "payments": ({"vending.ChargePayment.v1": charge}, {"vending.RefundPayment.v1": refund}),
    "machine": ({"vending.DispenseDrink.v1": dispense}, {"vending.CancelDispense.v1": None})}

if __name__ == "__main__":
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("name", choices=PARTICIPANTS)
    cli.add_argument("--kafka", required=True)
    cli.add_argument("--postgres", required=True)
    cli.add_argument("--topic-prefix", default="")
    o = cli.parse_args()
    Participant(o.name, *PARTICIPANTS[o.name]).run(o.kafka, o.postgres, o.topic_prefix)
