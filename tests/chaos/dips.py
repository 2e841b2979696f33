"""How deep the throughput fell: read afterwards from the journal, so nothing samples meanwhile."""
import dataclasses
import time

LONGEST_ANSWER_MS = 180_000  # after a load's end; what is decided later is no answer to it


@dataclasses.dataclass
class Load:
    """Customers who come at a fixed rate from `begin_ms` on, whatever happens."""
    begin_ms: int
    count: int
    per_second: float

    @property
    def end_ms(self):
        return self.begin_ms + int(self.count * 1000 / self.per_second)


def now_ms():
    return int(time.time() * 1000)


# Times between events that were decided, from the load's begin to the first event after its end.
STANDSTILL = """
with event as (select {begin}::bigint as at union
               select distinct at_ms from journal where at_ms between {begin} and {last}),
     gap as (select at, lead(at, 1, {end}::bigint) over (order by at) - at as ms from event)
select coalesce(max(ms), 0) from gap where at < {end}"""

# Events in the poorest whole second of the load, and in all of them.
SECONDS = """
with found as (select (at_ms - {begin}) / 1000 as s, count(*) as n from journal
               where at_ms >= {begin} and at_ms < {begin} + {seconds} * 1000 group by 1)
select coalesce(min(coalesce(n, 0)), 0) || ' ' || coalesce(sum(n), 0)
from generate_series(0, {seconds} - 1) as s left join found using (s)"""


def standstill_ms(loads, number):
    """The longest time in which nothing was decided while customers came; `number` asks SQL."""
    return max((number(STANDSTILL.format(begin=load.begin_ms, end=load.end_ms,
                                         last=load.end_ms + LONGEST_ANSWER_MS))
                for load in loads), default=None)


def dip_percent(loads, text):
    """The poorest second's events as a share of the mean second's, of loads of 3 s or more."""
    lowest = None
    for load in loads:
        seconds = (load.end_ms - load.begin_ms) // 1000
        if seconds < 3:
            continue
        least, total = map(int, text(SECONDS.format(begin=load.begin_ms,
                                                    seconds=seconds)).split())
        share = 100 * least * seconds / total if total else 0
        lowest = share if lowest is None else min(lowest, share)
    return lowest
