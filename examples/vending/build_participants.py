"""Builds the reference participants of one language with its ordinary tools:

    build_participants.py python|go|java EXAMPLE FOLDER

EXAMPLE is examples/vending. FOLDER gets `participant`, a program that takes a participant's name
and its options; nothing is written into the sources."""
import os
import pathlib
import shutil
import subprocess
import sys

TOOLS = {"python": {"python3": "python3-venv"}, "go": {"go": "golang-go"},
         "java": {"mvn": "maven", "javac": "default-jdk-headless", "java": "default-jdk-headless"}}


def run(*words, cwd=None):
    done = subprocess.run(words, cwd=cwd, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed with {done.returncode}: see above")


def write_program(folder, command):
    program = folder / "participant"
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    program.chmod(0o755)


def build_python(example, folder):
    run(sys.executable, "-m", "venv", folder / "venv")
    run(folder / "venv/bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check",
        "-r", example / "python/requirements.txt")
    write_program(folder, f"'{folder}/venv/bin/python' '{example}/python/participant.py'")


def build_go(example, folder):
    run("go", "build", "-mod=readonly", "-buildvcs=false", "-o", folder / "vending_go", ".",
        cwd=example / "go")
    write_program(folder, f"'{folder}/vending_go'")


def build_java(example, folder):
    run("mvn", "-B", "-q", "-f", example / "java/pom.xml", f"-Dfolder={folder}", "compile",
        "dependency:copy-dependencies")
    path = f"{folder}/classes:{folder}/dependency/*"
    write_program(folder, f"java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '{path}' Participant")


if __name__ == "__main__":
    language, example, folder = sys.argv[1], *map(pathlib.Path, sys.argv[2:4])
    for tool, package in TOOLS[language].items():
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing: ./dev setup installs it (Debian package {package})")
    os.makedirs(folder, exist_ok=True)
    {"python": build_python, "go": build_go, "java": build_java}[language](
        example.resolve(), folder.resolve())
