"""The text format of Prometheus, read strictly: what is not right is an error with its line."""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
HEAD = re.compile(rf"# (HELP|TYPE) ({NAME}) (.+)")
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)')
TYPES = {"counter", "gauge", "histogram"}
SUFFIXES = ("_bucket", "_sum", "_count")


class Bad(Exception):
    pass


class Family:
    def __init__(self, name, help_text):
        self.name, self.help, self.type = name, help_text, None
        self.samples = {}  # (suffix, labels as sorted tuple) -> value

    def labels(self):
        return {name for _, labels in self.samples for name, _ in labels} - {"le"}

    def value(self, suffix="", **labels):
        """The sum over the series that have these labels."""
        return sum(v for (s, have), v in self.samples.items()
                   if s == suffix and set(labels.items()) <= set(have))


def read_labels(text):
    found, at = [], 0
    while at < len(text):
        label = LABEL.match(text, at)
        if not label:
            raise Bad(f"labels {text!r}")
        found.append((label[1], label[2]))
        at = label.end()
    if len({name for name, _ in found}) != len(found):
        raise Bad(f"a label twice in {text!r}")
    return tuple(sorted(found))


def read(text):
    """{name: Family}; raises Bad."""
    if not text.endswith("\n"):
        raise Bad("the last line has no end")
    families, current = {}, None
    for no, line in enumerate(text.splitlines(), 1):
        try:
            current = read_line(line, families, current)
        except (Bad, ValueError) as e:
            raise Bad(f"line {no}: {e}: {line}") from e
    for family in families.values():
        check(family)
    return families


def read_line(line, families, current):
    if line.startswith("#"):
        head = HEAD.fullmatch(line)
        if not head:
            raise Bad("neither HELP nor TYPE")
        what, name, rest = head.groups()
        if what == "HELP":
            if name in families:
                raise Bad("the family comes twice")
            families[name] = Family(name, rest)
        elif current is None or current.name != name or current.type or rest not in TYPES:
            raise Bad("TYPE without its HELP before it, twice, or of no known type")
        else:
            current.type = rest
        return families[name]
    sample = SAMPLE.fullmatch(line)
    if not sample or current is None or current.type is None:
        raise Bad("no sample of a family that was announced")
    name, labels, value = sample.groups()
    suffix = name[len(current.name):]
    if not name.startswith(current.name) or suffix not in (
            SUFFIXES if current.type == "histogram" else ("",)):
        raise Bad(f"a sample of another family than {current.name}")
    key = (suffix, read_labels(labels or ""))
    if key in current.samples:
        raise Bad("the series comes twice")
    current.samples[key] = float(value)
    return current


def check(f):
    if f.type is None:
        raise Bad(f"{f.name} has no TYPE")
    if (f.type == "counter") != f.name.endswith("_total"):
        raise Bad(f"{f.name}: a counter, and nothing else, ends in _total")
    if f.type != "gauge" and any(v < 0 for v in f.samples.values()):
        raise Bad(f"{f.name} is below zero")
    if f.type == "histogram":
        check_histogram(f)


def check_histogram(f):
    series = {}
    for (suffix, labels), value in f.samples.items():
        rest = tuple(label for label in labels if label[0] != "le")
        ends = dict(labels)
        series.setdefault(rest, {})[(suffix, float(ends["le"]) if "le" in ends else None)] = value
    for labels, values in series.items():
        buckets = [values[k] for k in sorted(k for k in values if k[0] == "_bucket")]
        if buckets != sorted(buckets):
            raise Bad(f"{f.name}{labels}: buckets are not cumulative")
        if values.get(("_bucket", float("inf"))) != values.get(("_count", None)):
            raise Bad(f"{f.name}{labels}: the open bucket is not the count")
        if ("_sum", None) not in values:
            raise Bad(f"{f.name}{labels}: no sum")
