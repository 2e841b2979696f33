"""Two builds at a time: N, N+1 beside it, N+1 alone, and back to N, under load."""
from cases import Group
from installation import Place
from processes import pause, until

ROW = "rolling upgrade N, N+1, N"
FAULTS = ("--lose-command", "0.01", "--answer-twice", "0.05")
COUNT, RATE, BETWEEN = 1500, 60, 3.0


def run(around, report, wanted, other):
    """`other`: a folder with another build of the program; none: the same one."""
    group, name = Group(ROW, report, wanted), "two nodes go from N to N+1 and back under load"
    if not wanted(name):
        return
    place = Place(around, faults=FAULTS)
    try:
        group.run(name, place, lambda: rolling(place, other))
    finally:
        place.end()


def rolling(place, other):
    old = place.program("skald")
    new, wrong = (other / "skald" if other else old), []
    running = {node: place.serve(node=node) for node in ("n1", "n2")}
    customers = place.load(COUNT, RATE, wait=False)
    for node, program in (("n1", new), ("n2", new), ("n1", old), ("n2", old)):
        pause(BETWEEN)
        running[node].end()
        running[node] = place.serve(node=node, program=program)
        until("both nodes have told of themselves",
              lambda: place.number("select count(*) from node") >= 2, 30)
    if customers.popen.wait(120):
        wrong.append(f"the customers failed: {customers.said()}")
    wrong += place.drain(120)
    for service in running.values():
        service.end()
    return wrong, [], f"N+1 is {'another build' if other else 'the same build'}"
