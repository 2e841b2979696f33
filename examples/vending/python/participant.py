"""The vending machine's participants in Python: inventory, payments or machine.

The contract is docs/contract.md. First what any participant needs, at the end the vending part.
"""
import argparse
import json
import os
import re
import signal
import sys
import threading
from collections import namedtuple
from contextlib import closing
from datetime import datetime, timezone

import psycopg
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

BATCH, RETRY_AFTER_MS, RECONNECT_AFTER_S, ACKED_WITHIN_S = 500, 500, 1, 60
COPIED = re.compile("ce_correlationid|ce_subject|traceparent|tracestate|"
                    "ce_saga(?!(kind|outcome|replyto|retryafter)$).*")
NEVER_SENDABLE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.TOPIC_EXCEPTION,
                  KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC}

# `effect`: what the reply calls what was done, if it does.
Answer = namedtuple("Answer", "outcome type data effect", defaults=("", b"", ""))


def say(outcome, type, effect="", **data):
    return Answer(outcome, type, json.dumps(data).encode(), effect)


class NotUnderstood(Exception):
    """The message makes no sense, whoever sends it again: set aside, not answered."""


class Command:  # a record that was understood
    def __init__(self, record, participant):
        self.record, self.headers = record, record.headers() or []
        try:
            self.h = h = {k: v.decode() for k, v in self.headers if k.startswith("ce_")}
        except (UnicodeDecodeError, AttributeError) as e:
            raise NotUnderstood("a header is not text") from e
        self.saga, self.step = h.get("ce_correlationid"), h.get("ce_sagastep")
        self.kind, self.type = h.get("ce_sagakind"), h.get("ce_type")
        self.occurrence = h.get("ce_sagaoccurrence", "")
        needed = [h.get("ce_id"), h.get("ce_sagareplyto"), h.get("ce_sagatoken")]
        if not all([*needed, self.saga, self.step]) or "\0" in "".join(h.values()):
            raise NotUnderstood("a header of a command is missing, or no text")
        if record.key() is None or record.value() is None:
            raise NotUnderstood("a command without a key or a value")
        if self.type not in {"do": participant.commands, "undo": participant.undos,
                             "settle": ["skald.settle.v1"]}.get(self.kind, ()):
            raise NotUnderstood(f"no handler for {self.type} as {self.kind}")

    def data(self):
        try:
            data = json.loads(self.record.value())
            text = json.dumps(data, ensure_ascii=False).encode()  # refuses half characters
            if isinstance(data, dict) and b"\\u0000" not in text:
                return data
        except (ValueError, TypeError, RecursionError):
            pass
        raise NotUnderstood("the value is no JSON object that PostgreSQL can hold")


class Participant:
    """commands: type -> (tx, data) -> Answer. undos: type -> (tx, data, remembered reply or None);
    no function but None: the fence of a pivot."""
    def __init__(self, name, commands, undos):
        self.name, self.commands, self.undos = name, commands, undos

    def answer(self, tx, c):
        """The fence says what to do, the table of docs/contract.md."""
        handler = self.undos.get(c.type)
        for verdict, type, reply in tx.execute(
                "select * from fence_ask(%s, %s, %s, %s, %s, %s, %s)",
                (c.h["ce_id"], c.saga, c.step, c.kind, c.occurrence, not handler,
                 c.record.value())).fetchall():
            if verdict == "undo":
                handler(tx, c.data(), json.loads(reply) if reply else None)
            elif verdict == "run":
                a = self.commands[c.type](tx, c.data())
                tx.execute("select fence_remember(%s, %s, %s, %s, %s, %s)",
                           (c.saga, c.step, a.outcome, a.effect, a.type, a.data))
                return a
            else:
                return Answer(verdict, type, reply)
        raise NotUnderstood(f"{c.kind} {c.type} makes no sense to the fence, or its ce_id")

    def set_aside(self, tx, r, reason):
        headers = [[k, ascii(v or b"")[2:-1]] for k, v in r.headers() or []]
        tx.execute("insert into set_aside (topic, partition, position, reason, key, headers, value)"
                   " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing", (r.topic(),
                   r.partition(), r.offset(), reason, r.key(), json.dumps(headers), r.value()))

    def transact(self, db, records):
        answers = []
        with db.transaction():
            for record in records:
                try:
                    answers.append((c := Command(record, self), self.answer(db, c)))
                except NotUnderstood as e:
                    self.set_aside(db, record, str(e))
        return answers

    def take(self, db, records, alone=False):
        """A batch is one transaction; when a handler throws, each record gets one of its own."""
        try:
            return self.transact(db, records)
        except Exception as e:  # noqa: BLE001, whatever a handler throws
            if db.closed:
                raise
            print(f"{self.name}: {e}", file=sys.stderr)
        if alone:
            return [(Command(records[0], self), Answer("retry"))]
        return [answer for r in records for answer in self.take(db, [r], alone=True)]

    def reply(self, c, a):
        own = {"content-type": "application/json", "ce_specversion": "1.0", "ce_sagakind": "reply",
               "ce_id": f"{c.h['ce_id']}/{a.outcome}/{c.h.get('ce_sagaattempt', '')}",
               "ce_source": f"/skald/participants/{self.name}", "ce_causationid": c.h["ce_id"],
               "ce_type": a.type or "skald.reply.v1", "ce_sagaoutcome": a.outcome,
               "ce_partitionkey": c.record.key(), "ce_time": datetime.now(timezone.utc).isoformat()}
        if a.outcome == "retry":
            own["ce_sagaretryafter"] = str(RETRY_AFTER_MS)
        copied = (h for h in c.headers if COPIED.fullmatch(h[0]))
        return {"topic": c.h["ce_sagareplyto"], "key": c.record.key(), "value": a.data or b"{}",
                "headers": [*own.items(), *copied]}

    def send(self, producer, replies):
        """Returns when all are acked. One that never can be is said: the fence remembers it."""
        failures = []
        for r in replies:
            try:
                producer.produce(**r, on_delivery=lambda e, _: e and failures.append(e))
            except KafkaException as e:
                failures.append(e.args[0])
        if producer.flush(ACKED_WITHIN_S) > 0:
            failures.append(KafkaError(KafkaError._TIMED_OUT))
        for e in failures:
            if e.code() not in NEVER_SENDABLE:
                raise KafkaException(e)
            print(f"{self.name}: a reply can never be sent: {e}", file=sys.stderr)

    def session(self, o, stop):
        topic, to = f"{o.topic_prefix}{self.name}.commands", {"bootstrap.servers": o.kafka}
        producer = Producer({**to, "enable.idempotence": True, "partitioner": "murmur2_random",
                             "max.in.flight": 1,  # more may acknowledge what Kafka refused
                             "linger.ms": 0, "topic.metadata.propagation.max.ms": 5000})
        consumer = Consumer({**to, "group.id": o.group or f"{o.topic_prefix}skald.{self.name}",
                             "auto.offset.reset": "earliest", "enable.auto.commit": False,
                             "session.timeout.ms": 10_000,  # a killed one is soon replaced
                             "partition.assignment.strategy": "cooperative-sticky"})
        with psycopg.connect(o.postgres, autocommit=True) as db, closing(consumer):
            db.execute("select set_config('search_path', quote_ident(%s), false)",
                       (o.schema or f"vending_{self.name}",))
            consumer.subscribe([topic])
            while not stop.is_set():
                first = consumer.poll(0.1)
                records = [first, *consumer.consume(BATCH - 1, 0)] if first else []
                if errors := [r.error() for r in records if r.error()]:
                    raise KafkaException(errors[0])
                self.send(producer, [self.reply(*a) for a in self.take(db, records)])
                if records:
                    consumer.commit(asynchronous=False)

    def run(self, o):
        """What a broken session had not committed comes again, and finds its fence."""
        stop = threading.Event()
        for s in (signal.SIGTERM, signal.SIGINT):
            signal.signal(s, lambda *_: stop.set())
        while not stop.is_set():
            try:
                self.session(o, stop)
            except (psycopg.Error, KafkaException) as e:
                print(f"{self.name}: {e}; again in {RECONNECT_AFTER_S} s", file=sys.stderr)
                stop.wait(RECONNECT_AFTER_S)


# The vending machine's own part: three participants of a few lines each.
SLOTS, JAMMED, CARD_LIMIT = range(1, 41), 39, 5000


def field(data, name, kind):
    if type(data.get(name)) is not kind or (kind is int and abs(data[name]) >= 2**63):
        raise NotUnderstood(f"/{name} must be {kind.__name__}")
    return data[name]


def reserve(tx, c):
    order, slot = field(c, "order_id", str), field(c, "slot", int)
    taken = tx.execute("update slot set stock = stock - 1 where no = %s and stock > 0", (slot,))
    if taken.rowcount == 0:
        return say("declined", "vending.OutOfStock.v1", order_id=order, slot=slot)
    id = f"reservation-{order}"
    tx.execute("insert into reservation values (%s, %s, %s)", (id, order, slot))
    return say("ok", "vending.ItemReserved.v1", order_id=order, reservation_id=id)


def release(tx, c, _):
    tx.execute("with freed as (update reservation set released = true where order_id = %s"
               " and not released returning slot) update slot set stock = stock + 1"
               " from freed where slot.no = freed.slot", (field(c, "order_id", str),))


def charge(tx, c):
    order, amount = field(c, "order_id", str), field(c, "amount_cents", int)
    if field(c, "currency", str) != "EUR" or not 0 < amount <= CARD_LIMIT:
        return say("declined", "vending.PaymentDeclined.v1", order_id=order, reason="card's limit")
    id = f"payment-{order}"
    tx.execute("insert into payment values (%s, %s, %s)", (id, order, amount))
    return say("ok", "vending.PaymentCompleted.v1", id, order_id=order, payment_id=id,
               amount_cents=amount)


def refund(tx, c, charged):
    payment, order = (charged or c).get("payment_id", ""), field(c, "order_id", str)
    tx.execute("insert into refund select id, amount_cents from payment"
               " where id = %s and order_id = %s", (str(payment), order))


def dispense(tx, c):
    order, slot = field(c, "order_id", str), field(c, "slot", int)
    if slot == JAMMED or slot not in SLOTS:
        return say("declined", "vending.DispenseFailed.v1", order_id=order, reason="jammed")
    tx.execute("insert into drink (order_id, slot) values (%s, %s)", (order, slot))
    return say("ok", "vending.DrinkDispensed.v1", order_id=order)


PARTICIPANTS = {
    "inventory": ({"vending.ReserveItem.v1": reserve}, {"vending.ReleaseItem.v1": release}),
    "payments": ({"vending.ChargePayment.v1": charge}, {"vending.RefundPayment.v1": refund}),
    "machine": ({"vending.DispenseDrink.v1": dispense}, {"vending.CancelDispense.v1": None})}

if __name__ == "__main__":
    cli = argparse.ArgumentParser(description="A participant of the vending machine's sagas")
    cli.add_argument("name", choices=PARTICIPANTS)
    for option, variable in ("kafka", "SKALD_KAFKA"), ("postgres", "SKALD_PARTICIPANT_POSTGRES"):
        given = os.environ.get(variable)
        cli.add_argument(f"--{option}", default=given, required=not given)
    for option in "--schema", "--group", "--topic-prefix":
        cli.add_argument(option, default="")
    o = cli.parse_args()
    Participant(o.name, *PARTICIPANTS[o.name]).run(o)
