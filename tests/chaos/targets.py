"""What each row of the matrix is wanted to show. No violation is wanted of all of them."""
import dataclasses


@dataclasses.dataclass
class Target:
    words: str
    figure: str = None  # of report.figures
    limit_ms: int = None  # which it must stay under

    def judged(self, figures):
        """The words, and whether it was so: met, missed, or not run in full."""
        too_slow = self.figure and (figures[self.figure] or 0) >= self.limit_ms
        if figures["violations"] or too_slow:
            return f"{self.words}: **missed**"
        return f"{self.words}: {'in part, not all was run' if figures['not_run'] else 'met'}"


# By how the row's name begins.
TARGETS = {
    "kill -9 at each": Target("exact; first commit after a restart p95 under 3 s",
                              "recovery_p95_ms", 3000),
    "random kill": Target("exact; every accepted start ends"),
    "stale owner": Target("its first write is refused; nothing is committed twice"),
    "rebalance storm": Target("exact; throughput over 30 % of calm"),
    "PostgreSQL crash": Target("exact: an unknown commit is looked up, not repeated"),
    "PostgreSQL failover": Target("synchronous: nothing lost; asynchronous: loss is reported"),
    "Kafka broker": Target("no command lost"),
    "partition": Target("exact; progress within 5 s of healing", "recovery_max_ms", 5000),
    "slow disk": Target("it goes on unaided; no accepted start lost"),
    "clock jumps": Target("exact; the node's clock has no effect"),
    "poison": Target("each in quarantine with a reason; the shards go on"),
    "SQL": Target("text stays text; the schema is unchanged"),
    "API": Target("the right status; others' p99 within twice"),
    "memory and": Target("memory bounded; it goes on unaided"),
    "rolling upgrade": Target("exact"),
    "participant": Target("the money exact; the operator's list is the exhausted undos"),
}


def target(row):
    return next((t for begin, t in TARGETS.items() if row.startswith(begin)), Target("exact"))
