"""Runs the built programs as a person would. The folder of them is in SKALD_BIN."""
import atexit
import json
import os
import pathlib
import subprocess
import sys
import time

BIN = pathlib.Path(os.environ["SKALD_BIN"])
SKALD = str(BIN / "skald")


def service_url(name):
    """The address of a real service, or a failure: a test without its service is no pass."""
    url = os.environ.get(name)
    if not url:
        sys.exit(f"{name} is not set: run ./dev test, which starts PostgreSQL and Kafka")
    return url


def clean_environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SKALD_")}
    return {**kept, "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", **more}


def skald(*words, seconds=60, stdin="", cwd=None, **environment):
    """(exit code, standard output, standard error) of one command."""
    done = subprocess.run([SKALD, *words], input=stdin, capture_output=True, text=True,
                          timeout=seconds, cwd=cwd, env=clean_environment(**environment))
    return done.returncode, done.stdout, done.stderr


def start_demo(*words, **environment):
    """A demo under way; it ends with this test, however that ends."""
    demo = subprocess.Popen([SKALD, "dev", "--demo", "vending", "--json", *words],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=clean_environment(**environment))
    atexit.register(demo.terminate)
    return demo


def children(pid):
    """{pid: command line} of the processes that `pid` has started."""
    found = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            words = (stat.parent / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        if int(fields[1]) == pid:
            found[int(stat.parent.name)] = b" ".join(words).decode().strip()
    return found


def gone(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in "ZX"


def result_of(demo, seconds):
    """(exit code, the summary, standard error) of a demo, waited for."""
    out, err = demo.communicate(timeout=seconds)
    return demo.returncode, json.loads(out) if out else None, err
