#!/usr/bin/env python3
"""The exit codes of run.py, with programs that only say how far they came."""
import pathlib
import subprocess
import sys
import tempfile

RUN = pathlib.Path(__file__).parent / "run.py"


def run(folder, executions):
    tried = subprocess.run(
        [sys.executable, "-B", RUN, "--bin", folder, "--dir", folder / "kept", "--executions",
         str(executions)], capture_output=True, text=True)
    return tried.returncode, tried.stderr


def fuzzer(folder, executions, code=0):
    """Says that it did so many, whatever it was asked for."""
    path = folder / "fake_fuzz"
    path.write_text(f"#!/bin/sh\necho 'stat::number_of_executed_units: {executions}' >&2\n"
                    f"exit {code}\n")
    path.chmod(0o755)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        fuzzer(folder, 60)
        code, said = run(folder, 100)
        assert code == 1 and "fake: short of 100" in said, said
        code, said = run(folder, 100)  # it goes on from there
        assert code == 0 and "fake: 120 executions" in said, said
        fuzzer(folder, 80, code=77)
        code, said = run(folder, 200)
        assert code == 1 and "fake: FOUND SOMETHING" in said, said
        code, said = run(folder, 200)  # nothing is left to do
        assert code == 0, said


if __name__ == "__main__":
    main()
