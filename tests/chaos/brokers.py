"""Three brokers: the leader changes, all are restarted in turn, most are away."""
import signal
import time

from cases import Group
from installation import Place
from kafka import ThreeBrokers
from outages import FAULTS, KAFKA_ROW, under_load
from processes import listening, pause, until

SAGAS, RATE = 300, 60
TWO_AWAY = "two of three brokers away for 4 s, sagas under way"


def run(around, report, wanted):
    cases = {"one of three brokers killed: leaders change": one_killed,
             "three brokers restarted in turn": restarted_in_turn,
             TWO_AWAY: two_away}
    if not any(wanted(name) for name in cases):
        return
    kafka = ThreeBrokers(around.folder / "three", around.kafka.jars)
    try:
        place = Place(around.but(kafka=kafka.start()), faults=FAULTS)
        try:
            group = Group(KAFKA_ROW, report, wanted)
            for name, strike in cases.items():
                group.run(name, place, lambda s=strike: struck(place, kafka, s))
        finally:
            place.end()
    finally:
        kafka.end()


def struck(place, kafka, strike):
    if strike is two_away:
        return under_way(place, kafka)
    back = []
    result = under_load(place, lambda: strike(kafka, back), count=SAGAS, rate=RATE)
    for broker in back:  # it comes back after the case's load
        broker.start()
    return result


def one_killed(kafka, back):
    kafka.all[1].kill()
    back.append(kafka.all[1])


def restarted_in_turn(kafka, _):
    """As for an upgrade: each leaves in order, which hands its leaderships over."""
    for broker in kafka.all:
        broker.process.end(signal.SIGTERM, 60)
        broker.start()


def under_way(place, kafka):
    """Customers first: who sends while no broker can acknowledge may be told that it failed."""
    service = place.serve()
    place.load(2 * SAGAS, 0)
    two_away(kafka, [])
    before, begun = place.progress() or 0, time.monotonic()
    recovery = place.recovery_ms(before, begun)
    wrong = place.drain(120)
    service.end()
    return wrong, recovery, ""


def two_away(kafka, _):
    """Neither the controllers nor the replicas have a majority: nothing can be acknowledged."""
    for broker in kafka.all[:2]:
        broker.kill()
    pause(4)
    for broker in kafka.all[:2]:
        broker.begin()
    for broker in kafka.all[:2]:
        until("a broker is back", lambda b=broker: listening(b.port), 120, 0.1)
