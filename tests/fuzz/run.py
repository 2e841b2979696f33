#!/usr/bin/env python3
"""Runs fuzzers in turn until each has done its executions.

Exit code 0: each has, and none found anything in this run. 1: one found something, or the time was
up before; run again, it goes on from there. Each works on a corpus of its own that begins with the
kept seeds and is kept between runs; what was done is added up in DIR/done.json. An input that a
fuzzer dies of is left in DIR and named.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- fuzz: begin -->", "<!-- fuzz: end -->"
LONGEST = {"cli": 512, "definition": 65536, "http": 16384}  # bytes of an input; others 4096
OPTIONS = {"ASAN_OPTIONS": "malloc_context_size=3:quarantine_size_mb=16"}


def arguments():
    p = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__.splitlines()[0])
    p.add_argument("names", nargs="*", help="of fuzzers; all")
    p.add_argument("--executions", type=int, default=1_000_000, help="of each")
    p.add_argument("--seconds", type=int, default=3600, help="for each, at most")
    p.add_argument("--bin", type=pathlib.Path, required=True, help="folder of the fuzzers")
    p.add_argument("--dir", type=pathlib.Path, required=True, help="for corpora and findings")
    p.add_argument("--write-doc", help="page whose table is written anew")
    return p.parse_args()


def names_of(options):
    built = sorted(f.name.removesuffix("_fuzz") for f in options.bin.glob("*_fuzz"))
    unknown = set(options.names) - set(built)
    if unknown or not built:
        sys.exit(f"fuzz: not built: {', '.join(sorted(unknown)) or 'any'}")
    return options.names or built


def number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def fuzz(name, options, done):
    """One run of a fuzzer; what it did is added to `done`."""
    corpus = options.dir / name
    corpus.mkdir(parents=True, exist_ok=True)
    words = [options.bin / f"{name}_fuzz", f"-runs={options.executions - done['executions']}",
             f"-max_total_time={options.seconds}", f"-max_len={LONGEST.get(name, 4096)}",
             "-entropic=0", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
             f"-artifact_prefix={options.dir}/{name}-", corpus, HERE / f"{name}_seeds"]
    run = subprocess.run([str(w) for w in words], stderr=subprocess.PIPE, text=True,
                         errors="replace", stdout=subprocess.DEVNULL, env={**os.environ, **OPTIONS})
    said = run.stderr
    executions = number(r"number_of_executed_units: (\d+)", said) or number(r"\n#(\d+)\t", said)
    done["executions"] += executions
    done["seconds"] += number(r"Done \d+ runs in (\d+) second", said)
    done["edges"] = number(r" cov: (\d+)", said) or done["edges"]
    done["inputs"] = number(r" corp: (\d+)", said) or done["inputs"]
    if run.returncode:
        done["findings"] += 1
        (options.dir / f"{name}.log").write_text(said)
        artifact = re.findall(r"Test unit written to (\S+)", said)
        print(f"{name}: FOUND SOMETHING: {artifact}\n{said[-3000:]}", file=sys.stderr)
    return run.returncode == 0


def table(all_done):
    rows = ["| fuzzer | executions | a second | inputs kept | edges reached | findings |",
            "|---|---|---|---|---|---|"]
    for name, d in sorted(all_done.items()):
        rate = d["executions"] // max(1, d["seconds"])
        rows.append(f"| `{name}` | {d['executions']:,} | {rate:,} | {d['inputs']:,} | "
                    f"{d['edges']:,} | {d['findings']} |")
    return "\n".join(rows)


def main():
    options = arguments()
    options.dir.mkdir(parents=True, exist_ok=True)
    kept = options.dir / "done.json"
    all_done = json.loads(kept.read_text()) if kept.exists() else {}
    good = True
    for name in names_of(options):
        done = all_done.setdefault(
            name, {"executions": 0, "seconds": 0, "edges": 0, "inputs": 0, "findings": 0})
        if done["executions"] < options.executions:
            good = fuzz(name, options, done) and good
            kept.write_text(json.dumps(all_done, indent=1))
        print(f"{name}: {done['executions']} executions, {done['edges']} edges, "
              f"{done['inputs']} inputs", file=sys.stderr)
        if done["executions"] < options.executions:
            good = False
            print(f"{name}: short of {options.executions}; run it again, it goes on from there",
                  file=sys.stderr)
    if options.write_doc:
        page = pathlib.Path(options.write_doc)
        text = page.read_text()
        page.write_text(f"{text.split(BEGIN)[0]}{BEGIN}\n{table(all_done)}\n{END}"
                        f"{text.split(END)[1]}")
    print(table(all_done))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
