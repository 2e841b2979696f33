"""Two versions at a time: N, N+1 beside it, N+1 alone, and back to N, under load."""
import shutil

from cases import Group
from installation import Place
from processes import pause, run as answer_of, until

ROW = "rolling upgrade N, N+1, N"
FAULTS = ("--lose-command", "0.01", "--answer-twice", "0.05")
COUNT, RATE, BETWEEN = 1500, 60, 3.0


def run(around, report, wanted, other):
    """`other`: a folder with another build of the program; none: this one, newly numbered."""
    group, name = Group(ROW, report, wanted), "two nodes go from N to N+1 and back under load"
    if not wanted(name):
        return
    place = Place(around, faults=FAULTS)
    try:
        group.run(name, place, lambda: rolling(place, other))
    finally:
        place.end()


def version(program):
    return answer_of([program, "version"], None)[1].strip()


def newly_numbered(place):
    """A copy of the program that says of itself that it is the next version: the same code."""
    old = place.program("skald")
    new = place.folder / "next" / "skald"
    new.parent.mkdir()
    number = version(old).split()[-1]
    following = number[:-1] + chr(ord(number[-1]) + 1)
    shutil.copy(old, new)
    new.write_bytes(old.read_bytes().replace(number.encode() + b"\0", following.encode() + b"\0"))
    return new


def rolling(place, other):
    old = place.program("skald")
    new = other / "skald" if other else newly_numbered(place)
    seen, wrong = set(), []
    running = {node: place.serve(node=node) for node in ("n1", "n2")}
    customers = place.load(COUNT, RATE, wait=False)
    for node, program in (("n1", new), ("n2", new), ("n1", old), ("n2", old)):
        pause(BETWEEN)
        running[node].end()
        running[node] = place.serve(node=node, program=program)
        until("both nodes have told of themselves",
              lambda: place.number("select count(*) from node") >= 2, 30)
        seen |= {row[0] for row in place.ask("select version from node")}
    if customers.popen.wait(120):
        wrong.append(f"the customers failed: {customers.said()}")
    wrong += place.drain(120)
    for service in running.values():
        service.end()
    if len(seen) < 2 and not other:
        wrong.append(f"only one version was seen: {seen}")
    what = "another build" if other else "the same source with another number"
    return wrong, [], f"versions {' and '.join(sorted(seen))}; N+1 is {what}"
