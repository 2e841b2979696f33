"""What a case is, and how a group of cases on one installation is run."""
import dataclasses
import time

import dips


TIME_IS_OVER = "the time of --at-most was over"


@dataclasses.dataclass
class Result:
    name: str
    row: str  # of the table in docs/chaos.md
    violations: list = dataclasses.field(default_factory=list)
    recovery_ms: list = dataclasses.field(default_factory=list)
    sagas: int = 0
    duplicates: int = 0
    standstill_ms: int = None  # the longest time without a decision while customers came
    dip_percent: float = None  # the poorest second's decisions as a share of the mean second's
    seconds: float = 0.0
    note: str = ""  # a figure of its own, or why it was not run
    ran: bool = True


class Wanted:
    """The cases whose name holds one of some words, while there is time to begin one."""

    def __init__(self, words, minutes):
        self._words, self._end = words.split(","), time.monotonic() + minutes * 60

    def __call__(self, name):
        return any(word in name for word in self._words)

    def late(self):
        return time.monotonic() > self._end


class Group:
    """Cases that share an installation. `report` is called with each result."""

    def __init__(self, row, report, wanted):
        self.row, self.report, self.wanted = row, report, wanted

    def run(self, name, installation, body, always=False):
        """body() returns (violations, recovery_ms, note); the audits follow."""
        if not always and not self.wanted(name):
            return None
        if self.wanted.late():
            return self.report(Result(name, self.row, note=TIME_IS_OVER, ran=False))
        begun = time.monotonic()
        result, orders = Result(name, self.row), 0
        try:
            orders, loads = installation.expected, len(installation.loads)
            heard = installation.maybe("select count(*) from journal where outcome = 3") or 0
            result.violations, result.recovery_ms, result.note = body()
            if result.note.startswith("not reached"):
                result.ran = False
            result.violations += installation.audit()
            if installation.told:
                told = ", ".join(f"{n} {kind}" for kind, n in installation.told.items())
                result.note += f"reported by the audit, as it may be: {told}"
            result.duplicates = installation.duplicates() - heard
            result.sagas = installation.expected - orders
            steady = [a for a in installation.loads[loads:] if a.per_second]
            result.standstill_ms = dips.standstill_ms(steady, installation.number)
            result.dip_percent = dips.dip_percent(steady, installation.text)
        except Exception as e:  # whatever it was, the case was not exact
            result.violations.append(f"{type(e).__name__}: {e}")
        result.seconds = time.monotonic() - begun
        self.report(result)
        return result

    def skip(self, name, why):
        if self.wanted(name):
            self.report(Result(name, self.row, note=why, ran=False))
