#!/usr/bin/env python3
"""What idle clients of GET /v1/events cost a service: memory each, and the latency of starts.
usage: SKALD_BIN=build/release/bin python3 tests/bench/idle_streams.py [CLIENTS]
Exit code 1: over 100 MB, or a start takes twice as long as without them."""
import http.client
import json
import os
import pathlib
import re
import resource
import socket
import statistics
import subprocess
import sys
import time

PORT = 18099
MOST_MB, MOST_TIMES_SLOWER = 100, 2
STARTS = 300


def started_demo():
    skald = str(pathlib.Path(os.environ["SKALD_BIN"]) / "skald")
    demo = subprocess.Popen(
        [skald, "--http-listen", f"127.0.0.1:{PORT}", "dev", "--demo", "vending", "--per-second",
         "1"], stderr=subprocess.PIPE, text=True)
    for line in demo.stderr:
        if re.search(r"started \d+", line):
            break
    children = subprocess.run(["pgrep", "-f", "-P", str(demo.pid), "skald serve"],
                              capture_output=True, text=True, check=True).stdout.split()
    return demo, int(children[0])


def memory_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def median_start_ms(word):
    api = http.client.HTTPConnection("127.0.0.1", PORT)
    times = []
    for i in range(STARTS):
        event = {"order_id": f"{word}-{i}", "slot": 1, "price_cents": 110}
        begin = time.monotonic()
        api.request("POST", "/v1/sagas", json.dumps({"definition": "vending", "input": event}),
                    {"Content-Type": "application/json"})
        answer = api.getresponse()
        answer.read()
        assert answer.status == 202, answer.status
        times.append((time.monotonic() - begin) * 1000)
    return statistics.median(times)


def idle_client(number):
    client = socket.create_connection(("127.0.0.1", PORT), timeout=60)
    saga = f"00000000-0000-5000-8000-{number:012}"  # nobody's: no event ever comes
    client.sendall(f"GET /v1/events?saga={saga} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return client


def main():
    clients = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    resource.setrlimit(resource.RLIMIT_NOFILE, (clients + 1000, clients + 1000))
    demo, service = started_demo()
    try:
        median_start_ms("warm")
        alone_ms, alone_mb = median_start_ms("alone"), memory_mb(service)
        streams = [idle_client(n) for n in range(clients)]
        assert all(b"200 OK" in s.recv(512) for s in streams)
        among_ms, among_mb = median_start_ms("among"), memory_mb(service)
    finally:
        demo.terminate()
        demo.wait()
    print(json.dumps({"clients": clients, "memory_mb": round(among_mb, 1),
                      "kib_each": round((among_mb - alone_mb) * 1024 / clients, 2),
                      "start_ms": round(among_ms, 2), "start_alone_ms": round(alone_ms, 2)}))
    return among_mb > MOST_MB or among_ms > MOST_TIMES_SLOWER * alone_ms


if __name__ == "__main__":
    sys.exit(main())
