"""PostgreSQL's disk is slow, or full."""
import os
import subprocess

import shims
from cases import Group
from installation import Place
from outages import FAULTS, under_load
from processes import pause, resident_mb
from servers import Postgres

ROW = "slow disk, full disk"
SLOW = {"each fsync takes 200 ms longer": 200, "the disk stands still for 3 s": 3000}
FULL = "PostgreSQL's disk is full for 5 s"
FULL_MB = 400


def run(around, report, wanted):
    group = Group(ROW, report, wanted)
    if any(wanted(name) for name in SLOW):
        slow(around, group)
    if wanted(FULL):
        full(around, group)


def slow(around, group):
    if not shims.compiler():
        for name in SLOW:
            group.skip(name, shims.WHY_NOT)
        return
    slow_fsync = shims.Shim(around.folder, "slow_fsync", "SLOW_FSYNC")
    postgres = Postgres(around.folder / "slow", environment=slow_fsync.whole_environment).start()
    place = Place(around.but(postgres=postgres), faults=FAULTS)

    def strike(ms):
        slow_fsync.set(ms)
        pause(5 if ms < 1000 else ms / 1000)
        mb = resident_mb(place.processes[-2].pid)
        slow_fsync.set(0)
        return f"service's memory {mb:.0f} MB"
    try:
        for name, ms in SLOW.items():
            group.run(name, place, lambda m=ms: under_load(place, lambda: strike(m), count=600))
    finally:
        place.end()
        postgres.end()


def full(around, group):
    """A file system of its own, in memory, so that nobody else's disk is filled."""
    folder = around.folder / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={FULL_MB}m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        group.skip(FULL, "a small file system can be mounted only by root")
        return
    try:
        postgres = Postgres(folder / "data").start()
        place = Place(around.but(postgres=postgres), faults=FAULTS)
        try:
            group.run(FULL, place, lambda: filled(place, postgres, folder))
        finally:
            place.end()
            postgres.end()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder):
    ballast = folder / "ballast"
    with open(ballast, "wb", buffering=0) as f:
        try:
            while True:
                f.write(bytes(1 << 16))
        except OSError:
            pass
    return ballast


def filled(place, postgres, folder):
    crashes = 0

    def strike():
        nonlocal crashes
        ballast = fill(folder)
        pause(5)
        ballast.unlink()
        if postgres.process.over():
            crashes += 1
            postgres.start()  # its supervisor does
        return "PostgreSQL itself ended and was restarted" if crashes else "PostgreSQL stayed up"
    return under_load(place, strike, count=1000)
