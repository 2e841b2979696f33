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
    """Sagas a second when all customers come at once: what half a load is half of."""
    service, count, begun = place.serve(), 1500, time.monotonic()
    place.load(count, 0)
    wrong = place.drain()
    rate = count / (time.monotonic() - begun)
    service.end()
    if wrong:
        raise RuntimeError(wrong[0])
    return rate


def killed(place, seed, kills, nodes, minutes=0):
    """kill -9 at random moments, each 0.5 to 4 s after the last, restarted at once."""
    dice = random.Random(seed)
    rate = max(20, round(full_load(place) / 2)) if minutes else 80
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
    return wrong, recovery, f"{done} kills, {rate} sagas a second"


def stale(place):
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
    return wrong, recovery, f"{fenced} commits of the stale owner refused"


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
