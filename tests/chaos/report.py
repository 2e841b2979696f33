"""The results as lines, as JSON and as the table of docs/chaos.md."""
import json
import os
import pathlib
import statistics

from cases import TIME_IS_OVER, Result
from targets import target

BEGIN, END = "<!-- chaos: begin -->", "<!-- chaos: end -->"


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def line(r):
    state = "ok  " if r.ran and not r.violations else "BAD " if r.violations else "--  "
    recovery = f"  recovered in {max(r.recovery_ms):.0f} ms" if r.recovery_ms else ""
    note = f"  ({r.note})" if r.note else ""
    text = f"{state} {r.name:<55} {r.seconds:5.1f} s  {r.sagas:5} sagas{recovery}{note}"
    return text + "".join(f"\n       {v}" for v in r.violations[:6])


def rounded(value):
    return None if value is None else round(value)


def spread(values):
    return {"p50": rounded(statistics.median(values)) if values else None,
            "p95": rounded(percentile(values, 0.95)), "max": rounded(max(values, default=None))}


def figures(results):
    ran = [r for r in results if r.ran or r.violations]
    recovery = spread([ms for r in results for ms in r.recovery_ms])
    dips = [r.dip_percent for r in ran if r.dip_percent is not None]
    return {"cases": len(ran), "violations": sum(len(r.violations) for r in results),
            "recovery_p95_ms": recovery["p95"], "recovery_p50_ms": recovery["p50"],
            "recovery_max_ms": recovery["max"],
            "crash_cases": sum(r.name.startswith("kill ") for r in ran),
            "not_run": len(results) - len(ran),
            "not_run_in_time": sum(r.note == TIME_IS_OVER for r in results),
            "sagas": sum(r.sagas for r in results),
            "duplicates_absorbed": sum(r.duplicates for r in results),
            "standstill_max_ms": max((r.standstill_ms or 0 for r in ran), default=None),
            "deepest_dip_percent": rounded(min(dips, default=None))}


def by_row(results):
    """The same figures of each row of the matrix."""
    return {row: figures([r for r in results if r.row == row])
            for row in dict.fromkeys(r.row for r in results)}


def as_json(results, seconds, seed):
    return json.dumps({**figures(results), "seconds": round(seconds, 1), "seed": seed,
                       "rows": by_row(results), "results": [vars(r) for r in results]})


def merged(paths):
    """(results, seconds, seeds) of several runs; of a case that was run again the last counts."""
    cases, seconds, seeds = {}, 0.0, []
    for path in paths:
        run = json.loads(pathlib.Path(path).read_text())
        seconds += run["seconds"]
        seeds.append(str(run["seed"]))
        for r in run["results"]:
            if r["ran"] or r["violations"] or r["name"] not in cases:
                cases[r["name"]] = Result(**r)
    return list(cases.values()), seconds, ", ".join(dict.fromkeys(seeds))


def machine():
    memory = int(next(l for l in open("/proc/meminfo") if l.startswith("MemTotal")).split()[1])
    return f"{os.cpu_count()} cores, {memory / 2**20:.0f} GiB"


def ms(f):
    if f["recovery_p50_ms"] is None:
        return ""
    return f"{f['recovery_p50_ms']} / {f['recovery_p95_ms']} / {f['recovery_max_ms']}"


def dip(f):
    if f["deepest_dip_percent"] is None:
        return f"{f['standstill_max_ms']} ms" if f["standstill_max_ms"] else ""
    return f"to {f['deepest_dip_percent']} %, {f['standstill_max_ms']} ms"


def outcome(r):
    if r.violations:
        return f"{len(r.violations)} violations: {r.violations[0][:160]}"
    if not r.ran:
        return "not run: " + r.note.removeprefix("not reached: ")
    return "exact" + (f"; {r.note}" if r.note else "")


def table(results, seconds, seed, parts=1):
    f = figures(results)
    merge = (f" in {parts} parts (of a case that was run more than once the last run counts)"
             if parts > 1 else "")
    out = [f"Measured by `./dev chaos` on {machine()}, {seconds / 60:.0f} minutes{merge}, seed "
           f"{seed}:",
           f"**{f['cases']} cases, {f['violations']} violations**, {f['not_run']} not run, "
           f"{f['crash_cases']} kill -9 at a named place; {f['sagas']} sagas, "
           f"{f['duplicates_absorbed']} duplicates absorbed; first commit after a fault p50 "
           f"{f['recovery_p50_ms']} ms, p95 {f['recovery_p95_ms']} ms, max "
           f"{f['recovery_max_ms']} ms; longest standstill {f['standstill_max_ms']} ms.", "",
           "| fault | wanted | cases | sagas | violations | recovery p50 / p95 / max, ms | "
           "duplicates absorbed | deepest dip, longest standstill |",
           "|---|---|---|---|---|---|---|---|"]
    for row, g in by_row(results).items():
        out.append(f"| {row} | {target(row).judged(g)} | {g['cases']} | {g['sagas']} | "
                   f"{g['violations']} | {ms(g)} | {g['duplicates_absorbed']} | {dip(g)} |")
    out += ["", "| case | outcome |", "|---|---|"]
    out += [f"| {r.name} | {outcome(r).replace('|', '/')} |" for r in results]
    return "\n".join(out)


def write_doc(path, results, seconds, seed, parts=1):
    page = pathlib.Path(path)
    text = page.read_text()
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    page.write_text(f"{head}{BEGIN}\n{table(results, seconds, seed, parts)}\n{END}{tail}")
