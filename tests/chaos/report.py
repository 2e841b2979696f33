"""The results as lines, as JSON and as the table of docs/chaos.md."""
import json
import os
import pathlib
import statistics

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


def figures(results):
    ran = [r for r in results if r.ran or r.violations]
    recovery = [ms for r in results for ms in r.recovery_ms]
    rounded = lambda v: None if v is None else round(v)
    return {"cases": len(ran), "violations": sum(len(r.violations) for r in results),
            "recovery_p95_ms": rounded(percentile(recovery, 0.95)),
            "recovery_p50_ms": rounded(statistics.median(recovery)) if recovery else None,
            "recovery_max_ms": rounded(max(recovery)) if recovery else None,
            "crash_cases": sum(r.name.startswith("kill ") for r in ran),
            "not_run": len(results) - len(ran), "sagas": sum(r.sagas for r in results),
            "duplicates_absorbed": sum(r.duplicates for r in results)}


def as_json(results, seconds, seed):
    return json.dumps({**figures(results), "seconds": round(seconds, 1), "seed": seed,
                       "results": [vars(r) for r in results]})


def machine():
    cores = os.cpu_count()
    memory = int(next(l for l in open("/proc/meminfo") if l.startswith("MemTotal")).split()[1])
    return f"{cores} cores, {memory / 2**20:.0f} GiB"


def table(results, seconds, seed):
    f = figures(results)
    out = [f"Measured by `./dev chaos` on {machine()}, {seconds / 60:.0f} minutes, seed {seed}:",
           f"**{f['cases']} cases, {f['violations']} violations**, {f['crash_cases']} of them "
           f"kill -9 at a named place; {f['sagas']} sagas, {f['duplicates_absorbed']} duplicates "
           f"absorbed; first commit after a fault p50 {f['recovery_p50_ms']} ms, p95 "
           f"{f['recovery_p95_ms']} ms, max {f['recovery_max_ms']} ms.", "",
           "| fault | cases | sagas | violations | recovery p50 / p95 / max, ms | duplicates |",
           "|---|---|---|---|---|---|"]
    rows = list(dict.fromkeys(r.row for r in results))
    for row in rows:
        mine = [r for r in results if r.row == row and (r.ran or r.violations)]
        ms = [v for r in mine for v in r.recovery_ms]
        spread = (f"{statistics.median(ms):.0f} / {percentile(ms, 0.95):.0f} / {max(ms):.0f}"
                  if ms else "")
        out.append(f"| {row} | {len(mine)} | {sum(r.sagas for r in mine)} | "
                   f"{sum(len(r.violations) for r in mine)} | {spread} | "
                   f"{sum(r.duplicates for r in mine)} |")
    out += ["", "| case | outcome |", "|---|---|"]
    for r in results:
        if r.violations:
            outcome = f"{len(r.violations)} violations: {r.violations[0][:160]}"
        elif not r.ran:
            outcome = "not run: " + r.note.removeprefix("not reached: ")
        else:
            outcome = "exact" + (f"; {r.note}" if r.note else "")
        out.append(f"| {r.name} | {outcome.replace('|', '/')} |")
    return "\n".join(out)


def write_doc(path, results, seconds, seed):
    page = pathlib.Path(path)
    text = page.read_text()
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    page.write_text(f"{head}{BEGIN}\n{table(results, seconds, seed)}\n{END}{tail}")
