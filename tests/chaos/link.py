#!/usr/bin/env python3
"""A link that loses packets, between this network and an empty one of its own (needs root).

usage: link.py CONTROL     stays until it is killed; prints "ready"

CONTROL is a file with two shares from 0 to 1: of the packets that leave the new network, and of
those that enter it, so many are lost. Kernels without netem can do this as well as those with it:
two TUN devices, and this process between them. `nsenter -t PID -n` starts a program over there.
"""
import ctypes
import fcntl
import os
import pathlib
import random
import select
import struct
import subprocess
import sys
import time

NEAR, FAR = "10.213.77.1", "10.213.77.2"
SET_DEVICE, TUN_WITHOUT_HEADER = 0x400454CA, 0x1001
NEW_NETWORK = 0x40000000
LOOK_EVERY = 0.05


def device(name, address):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, SET_DEVICE, struct.pack("16sH", name.encode(), TUN_WITHOUT_HEADER))
    for words in (["addr", "add", f"{address}/30", "dev", name], ["link", "set", name, "up"],
                  ["link", "set", "lo", "up"]):
        subprocess.run(["ip", *words], check=True)
    return tun


def carry(near, far, control):
    looked, lost = 0.0, (0.0, 0.0)
    dice = random.Random(1)
    while True:
        ready, _, _ = select.select([near, far], [], [], LOOK_EVERY)
        if time.monotonic() - looked > LOOK_EVERY:
            looked = time.monotonic()
            words = control.read_text().split()
            lost = (float(words[0]), float(words[1])) if len(words) == 2 else lost
        for source in ready:
            packet = os.read(source, 65536)
            leaves = source == far
            if dice.random() < lost[0 if leaves else 1]:
                continue
            os.write(near if leaves else far, packet)


def main():
    near = device("skaldchaos", NEAR)
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_NETWORK):
        sys.exit("link: a network of its own is refused")
    far = device("skaldchaos", FAR)
    print("ready", flush=True)
    carry(near, far, pathlib.Path(sys.argv[1]))


if __name__ == "__main__":
    main()
