"""Who owns a shard: random kills, two services, a stale owner, joining and leaving."""
import random
import signal
import time

from cases import Group
from installation import Place
from processes import pause, until

RANDOM_ROW = "random kill -9"
STALE_ROW = "stale owner"
STORM_ROW = "rebalance storm"
FULL = 3000  # sagas at once
STALE_TRIES = 5
LEAST_SHARE = 0.3  # of the calm run's throughput, while services join and leave
FAULTS = ("--lose-command", "0.01", "--answer-twice", "0.05")


def run(around, report, wanted, seed, minutes):
    place = Place(around, faults=FAULTS)
    try:
        group = Group(RANDOM_ROW, report, wanted)
        group.run("one service killed twenty times under load", place,
                  lambda: killed(place, seed, kills=20, nodes=1))
        group.run("two services, one killed every few seconds", place,
                  lambda: killed(place, seed + 1, kills=10, nodes=2))
        if minutes:
            group.run(f"random kill -9 for {minutes} minutes", place,
                      lambda: killed(place, seed + 2, kills=None, nodes=2, minutes=minutes))
        Group(STALE_ROW, report, wanted).run(
            "stale owner: SIGSTOP, another takes over, SIGCONT", place, lambda: stale(place))
        Group(STORM_ROW, report, wanted).run(
            "three services join and leave every second", place, lambda: storm(place))
    finally:
        place.end()


def full_load(place):
    """Sagas a second when all customers come at once: what half a load is half of. Of the middle
    80 %: the first wait for the service's group, the last for commands that were lost."""
    service, before = place.serve(), place.ended()
    customers = place.load(FULL, 0, wait=False)
    until("10 % have ended", lambda: place.ended() >= before + 0.1 * FULL, 60, 0.05)
    begun, first = time.monotonic(), place.ended()
    until("90 % have ended", lambda: place.ended() >= before + 0.9 * FULL, 120, 0.05)
    rate = (place.ended() - first) / (time.monotonic() - begun)
    if customers.popen.wait(60):
        raise RuntimeError(f"the customers failed: {customers.said()}")
    wrong = place.drain()
    service.end()
    if wrong:
        raise RuntimeError(wrong[0])
    return rate


def killed(place, seed, kills, nodes, minutes=0):
    """kill -9 at random moments, each 0.5 to 4 s after the last, restarted at once."""
    dice = random.Random(seed)
    full = full_load(place) if minutes else None
    rate = round(full / 2) if full else 80
    services = [place.serve(node=f"n{i}") for i in range(nodes)]
    seconds = minutes * 60 if minutes else kills * 2.4
    customers = place.load(int(rate * seconds), rate, wait=False)
    recovery, done = [], 0
    end = time.monotonic() + seconds
    while (time.monotonic() < end) if kills is None else done < kills:
        pause(dice.uniform(0.5, 4))
        victim = dice.randrange(nodes)
        services[victim].end(signal.SIGKILL)
        before, begun = place.progress() or 0, time.monotonic()
        services[victim] = place.serve(node=f"n{victim}", ready=False)
        recovery += place.recovery_ms(before, begun)
        done += 1
    if customers.popen.wait(300):
        raise RuntimeError(f"the customers failed: {customers.said()}")
    wrong = place.drain(180)
    for service in services:
        service.end()
    half = f", half of {full:.0f}" if full else ""
    return wrong, recovery, f"{done} kills, {rate} sagas a second{half}"


def stale(place):
    """Until a commit of the stale owner was refused: it may hold nothing when it is stopped."""
    wrong, recovery = [], []
    for no in range(1, STALE_TRIES + 1):
        more_wrong, more_recovery, fenced = stopped_and_late(place)
        wrong, recovery = wrong + more_wrong, recovery + more_recovery
        if fenced or wrong:
            return wrong, recovery, f"{fenced} commits of the stale owner refused, at try {no}"
    return wrong, recovery, f"not reached: no commit was refused in {STALE_TRIES} tries"


def stopped_and_late(place):
    """It is stopped with decided batches in its hands, and sends them when all is another's."""
    first = place.serve("commit.begin=sleep:1500", node="n1")
    customers = place.load(1500, 80, wait=False)
    pause(3)
    epochs = place.epochs()
    first.send(signal.SIGSTOP)
    begun = time.monotonic()
    other = place.serve(node="n2")
    until("another has taken over every shard", lambda: place.owned_since(epochs), 60)
    recovery = place.recovery_ms(place.progress() or 0, begun)
    first.send(signal.SIGCONT)
    customers.popen.wait(120)
    wrong = place.drain(120)
    said = first.log.read_text(errors="replace")
    fenced = said.count("A commit was given up")
    first.end()
    other.end()
    return wrong, recovery, fenced


def storm(place):
    """Throughput during the storm as a share of a calm run's, for the record."""
    steady = place.serve(node="n0")
    calm_begun = time.monotonic()
    place.load(600, 0)
    wrong = place.drain()
    calm = 600 / (time.monotonic() - calm_begun)
    begun, others = time.monotonic(), {}
    place.load(1200, 0)
    turn = 0
    while not place.finished() and time.monotonic() - begun < 90:
        name = f"n{1 + turn % 2}"
        if name in others:
            others.pop(name).end()
        else:
            others[name] = place.serve(node=name, ready=False)
        turn += 1
        pause(1)
    wrong += place.drain(120)
    share = 1200 / (time.monotonic() - begun) / calm
    if share < LEAST_SHARE:
        wrong.append(f"the throughput is {share:.0%} of the calm run's")
    for service in others.values():
        service.end()
    steady.end()
    return wrong, [], f"{turn} joins and leaves, {share:.0%} of the calm run's throughput"
