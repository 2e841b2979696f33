"""Callers of the HTTP API: without a key, with the wrong one, slow ones, very many of them."""
import http.client
import json
import resource
import socket
import time

from cases import Group
from installation import Place
from processes import free_port, pause, until
from report import percentile

ROW = "API: no key, wrong role, idempotency key with another body, slow client, 5,000 SSE clients"
STREAMS, SLOW, CALLS = 5_000, 300, 300
MOST_TIMES_SLOWER, TRIES = 2, 3


def run(around, report, wanted):
    group = Group(ROW, report, wanted)
    place = Place(around)
    try:
        group.run("refusals: 401, 403, 404, 409, 413, 431 and what is no HTTP", place,
                  lambda: with_api(place, refusals))
        group.run(f"{SLOW} clients that send a byte a second", place,
                  lambda: with_api(place, slow_clients))
        group.run(f"{STREAMS} clients of the event stream", place,
                  lambda: with_api(place, many_streams))
        group.run("PostgreSQL away for 3 s: 503, never a hang", place,
                  lambda: with_api(place, database_away))
    finally:
        place.end()


class Api:
    def __init__(self, place):
        self.place, self.port = place, free_port()
        self.service = place.serve(SKALD_HTTP_LISTEN=f"127.0.0.1:{self.port}")
        self.keys = {role: self.new_key(role) for role in ("viewer", "operator")}
        self.no = 0

    def new_key(self, role):
        name = f"{role}-{self.port}"
        code, out, err = self.place.skald("-o", "json", "key", "create", name, "--role", role)
        if code:
            raise RuntimeError(err)
        return json.loads(out)["key"]

    def ask(self, method, path, body=None, role="operator", seconds=30, headers=()):
        """(status, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            sent = dict(headers)
            if role is not None:
                sent["Authorization"] = f"Bearer {self.keys.get(role, role)}"
            if body is not None:
                sent["Content-Type"] = "application/json"
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def start(self, price=110, key=None, **how):
        self.no += key is None
        order = key or f"{self.place.word}-api-{self.port}-{self.no}"
        event = {"order_id": order, "slot": 1, "price_cents": price}
        return self.ask("POST", "/v1/sagas?wait=20s&until=started" if how.pop("wait", False)
                        else "/v1/sagas", json.dumps({"definition": "vending", "input": event}),
                        **how)

    def p99_ms(self):
        """Of starts, one after the other; every one must be accepted."""
        times = []
        for _ in range(CALLS):
            begun = time.monotonic()
            status, body = self.start()
            if status != 202:
                raise RuntimeError(f"a start was answered {status}: {body[:200]}")
            times.append((time.monotonic() - begun) * 1000)
            self.place.expected += 1
        return percentile(times, 0.99)


def with_api(place, body):
    api = Api(place)
    try:
        until("the API answers", lambda: answers(api), 30)
        wrong, note = body(place, api)
        if api.service.over():
            wrong.append(f"the service ended: {api.service.said()}")
        return wrong + place.drain(), [], note
    finally:
        api.service.end()


def answers(api):
    """And knows the keys, which it reads every few seconds."""
    try:
        return all(api.ask("GET", "/v1/sagas", role=role)[0] == 200 for role in api.keys)
    except OSError:
        return False


def refusals(place, api):
    order = f"{place.word}-again"
    cases = [("no key", 401, lambda: api.start(role=None)),
             ("an unknown key", 401, lambda: api.start(role="not-a-key")),
             ("a viewer who starts", 403, lambda: api.start(role="viewer")),
             ("a viewer who cancels", 403, lambda: api.ask(
                 "POST", f"/v1/sagas/{order}/actions/cancel", '{"reason": "x"}', "viewer")),
             ("an operator who retires a definition", 403, lambda: api.ask(
                 "POST", "/v1/definitions/vending/versions/1/retire", '{"reason": "x"}')),
             ("a start", 200, lambda: api.start(key=order, wait=True)),
             ("the same start again", 200, lambda: api.start(key=order, wait=True)),
             ("the same key with another input", 409, lambda: api.start(220, order)),
             ("a saga that is not there", 404, lambda: api.ask("GET", "/v1/sagas/nobody")),
             ("a path that climbs", 404, lambda: api.ask("GET", "/v1/sagas/../../etc/passwd")),
             ("a body of 2 MiB", 413, lambda: api.ask("POST", "/v1/sagas", "x" * (2 << 20))),
             ("headers of 64 KiB", 431, lambda: api.ask(
                 "GET", "/v1/sagas", headers={"X-Long": "y" * (64 << 10)}.items())),
             ("what is not JSON", 400, lambda: api.ask("POST", "/v1/sagas", "{")),
             ("depth 10,000", 400, lambda: api.ask("POST", "/v1/sagas", "[" * 10_000))]
    place.expected += 1
    wrong = []
    for name, status, call in cases:
        try:
            got = call()[0]
        except (ConnectionError, http.client.HTTPException) as e:
            got = type(e).__name__
        # A server may close on a client that still sends what is too large.
        if got != status and not (status in (413, 431) and isinstance(got, str)):
            wrong.append(f"{name}: {got} instead of {status}")
    with socket.create_connection(("127.0.0.1", api.port), 10) as s:
        s.sendall(bytes(range(256)) * 4)
        s.settimeout(40)
        said = s.recv(64)
    if said and not said.startswith(b"HTTP/1.1 400"):
        wrong.append(f"what is no HTTP is answered {said[:20]}")
    return wrong, f"{len(cases) + 1} kinds"


def slower(api, among):
    """Are others more than twice as slow among them? The machine is shared: the best of some."""
    notes = []
    for _ in range(TRIES):
        alone = api.p99_ms()
        with among():
            beside = api.p99_ms()
        notes.append((beside / alone, alone, beside))
        if beside <= MOST_TIMES_SLOWER * alone:
            break
    times, alone, beside = min(notes)
    wrong = [] if times <= MOST_TIMES_SLOWER else [f"others' p99 is {times:.1f} times as long"]
    return wrong, f"others' p99 {beside:.0f} ms, alone {alone:.0f} ms"


class Clients:
    """Open connections that have sent what they were told, for as long as the block lasts."""

    def __init__(self, port, first_bytes, answer=b""):
        self.port, self.first_bytes, self.answer, self.all = port, first_bytes, answer, []

    def __enter__(self):
        for n in range(len(self.first_bytes)):
            client = socket.create_connection(("127.0.0.1", self.port), 60)
            client.sendall(self.first_bytes[n])
            self.all.append(client)
        for client in self.all if self.answer else ():
            if self.answer not in client.recv(512):
                raise RuntimeError("a client of the event stream was refused")
        return self

    def __exit__(self, *_):
        for client in self.all:
            client.close()


def slow_clients(_, api):
    class Dripping(Clients):
        def __enter__(self):
            super().__enter__()
            for _ in range(3):
                pause(1)
                for client in self.all:
                    client.sendall(b"G")
            return self
    return slower(api, lambda: Dripping(api.port, [b"POST /v1/sagas HTTP/1.1\r\nX-Slow: "] * SLOW))


def many_streams(_, api):
    most = STREAMS + 1_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < most:
        return [], f"not reached: only {hard} descriptors are allowed"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(most, soft), hard))
    asked = [f"GET /v1/events?saga=00000000-0000-5000-8000-{n:012} HTTP/1.1\r\nHost: localhost\r\n"
             f"Authorization: Bearer {api.keys['viewer']}\r\n\r\n".encode()
             for n in range(STREAMS)]
    try:
        return slower(api, lambda: Clients(api.port, asked, b"200 OK"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def database_away(place, api):
    postgres = place.around.postgres
    postgres.stop_fast()
    wrong, slowest = [], 0.0
    try:
        for path, allowed in (("/v1/sagas/nobody", {503}), ("/v1/sagas", {503}), ("/livez", {200})):
            begun = time.monotonic()
            status = api.ask("GET", path)[0]
            slowest = max(slowest, time.monotonic() - begun)
            if status not in allowed:
                wrong.append(f"{path} is answered {status} while the database is away")
        pause(3)
    finally:
        postgres.start()
    until("the API answers again", lambda: api.ask("GET", "/v1/sagas/nobody")[0] == 404, 30)
    return wrong, f"slowest answer {slowest:.1f} s"
