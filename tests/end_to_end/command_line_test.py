#!/usr/bin/env python3
"""Bad input: each gives its exit code and one sentence that says what to do. And good output."""
import json
import os
import socket
import tempfile
import unittest

import program
from program import BIN, skald

POSTGRES = program.service_url("SKALD_TEST_POSTGRES")
KAFKA = program.service_url("SKALD_TEST_KAFKA")
NOWHERE = "postgresql://postgres@127.0.0.1:1/none"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def definition():
    done = program.subprocess.run([BIN / "vending_definitions", "vending"], capture_output=True,
                                  text=True, check=True)
    return json.loads(done.stdout)


class Database:
    """A database of our own in the test's PostgreSQL."""

    def __init__(self, name):
        self.name = f"{name}_{os.getpid()}"
        self.url = POSTGRES.rsplit("/", 1)[0] + "/" + self.name

    def psql(self, command):
        program.subprocess.run(["psql", "-q", POSTGRES, "-c", command], check=True)

    def __enter__(self):
        self.psql(f"create database {self.name}")
        return self.url

    def __exit__(self, *_):
        self.psql(f"drop database {self.name} with (force)")


class BadInput(unittest.TestCase):
    def refused(self, code, sentence, *words, **options):
        got, out, err = skald(*words, **options)
        self.assertEqual((got, out), (code, ""), err)
        self.assertIn("\nskald: ", "\n" + err)
        self.assertIn(sentence, err)

    def test_usage(self):
        self.refused(2, "did you mean serve?", "sevre")
        self.refused(2, "did you mean --origin?", "config", "show", "--orgin")
        self.refused(2, "see skald --help")
        self.refused(2, "give --postgres, or set SKALD_POSTGRES", "saga", "list")
        self.refused(2, "give --kafka, or set SKALD_KAFKA", "serve", "--postgres", POSTGRES)
        self.refused(2, "must be a whole number", "config", "show", "--workers", "many")
        self.refused(2, "workers = 0 must be 1 to 64", "serve", "--workers", "0", "--kafka", KAFKA,
                     "--postgres", POSTGRES)
        self.refused(2, "must be true or false", "config", "show", SKALD_TRACE_EVERY="maybe")
        self.refused(2, "must be debug, info, warn or error", "version", "--log-level", "loud")

    def test_settings_file(self):
        self.refused(2, "cannot be read; name another with --config", "version", "--config", "/no")
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write('\nkafak = "x"\n')
            file.flush()
            self.refused(2, f"file {file.name} line 2: there is no setting 'kafak'; did you mean "
                            "'kafka'?", "version", "--config", file.name)

    def test_kafka_properties(self):
        tail = ("event", "tail", "x", "--kafka", KAFKA, "--timeout", "1s")
        self.refused(2, "name another with --kafka-properties", *tail, "--kafka-properties", "/no")
        for line, sentence in (
                ("nonsense", "line 2 must be name=value"),
                ("acks = 1", "the property acks is not for this file"),
                ("ssl.nothing = 1", "ssl.nothing cannot be set"),
                ("ssl.ca.location = /no/ca.pem", "ssl.ca.location failed")):
            with tempfile.NamedTemporaryFile("w", suffix=".properties") as file:
                file.write(f"# how to connect\n{line}\nsecurity.protocol = ssl\n")
                file.flush()
                code, _, err = skald(*tail, SKALD_KAFKA_PROPERTIES=file.name)
                self.assertIn(code, (2, 5), line)
                self.assertIn(sentence, err)

    def test_kafka_over_tls(self):
        tls_client_hello = b"\x16\x03"
        with socket.create_server(("127.0.0.1", 0)) as server, tempfile.NamedTemporaryFile(
                "w", suffix=".properties") as file:
            file.write("security.protocol = ssl\n")
            file.flush()
            process = program.subprocess.Popen(
                [program.SKALD, "event", "tail", "x", "--kafka",
                 f"127.0.0.1:{server.getsockname()[1]}", "--kafka-properties", file.name],
                stderr=program.subprocess.DEVNULL, env=program.clean_environment())
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            server.settimeout(60)
            connection, _ = server.accept()
            with connection:
                connection.settimeout(60)
                self.assertEqual(connection.recv(2), tls_client_hello)

    def test_unreachable_postgres(self):
        for words in (["saga", "list"], ["migrate", "orchestrator"], ["serve", "--kafka", KAFKA],
                      ["relay", "--kafka", KAFKA], ["bench", "relay", "--kafka", KAFKA],
                      ["definition", "list"],
                      ["dev", "--demo", "vending", "--once", "1"]):
            self.refused(5, "127.0.0.1:1", *words, "--postgres", NOWHERE)
            self.refused(5, "name another with --postgres URL", *words, "--postgres", NOWHERE)

    def test_unreachable_kafka(self):
        nobody = f"127.0.0.1:{free_port()}"
        with Database("cli_kafka") as url:
            skald("migrate", "orchestrator", "--postgres", url)
            for words in (["serve"], ["relay"], ["dev", "--demo", "vending", "--once", "1"]):
                self.refused(5, f"Kafka at {nobody} did not answer within 10000 ms: check the "
                                "address", *words, "--postgres", url, "--kafka", nobody)

    def test_database_without_tables(self):
        with Database("cli_empty") as url:
            for words in (["saga", "list"], ["definition", "list"], ["serve", "--kafka", KAFKA]):
                self.refused(1, "skald migrate orchestrator", *words, "--postgres", url)

    def test_user_without_rights(self):
        with Database("cli_rights") as url:
            skald("migrate", "orchestrator", "--postgres", url)
            self.refused(6, "permission denied", "definition", "list", "--postgres",
                         f"{url}?options=-c%20role%3Dpg_monitor")

    def test_missing_initdb(self):
        with tempfile.TemporaryDirectory() as empty:
            self.refused(1, "initdb was not found: apt install postgresql, or give --postgres URL",
                         "dev", "--demo", "vending", "--once", "1",
                         SKALD_POSTGRES_BINARIES=empty)

    def test_wrong_definition(self):
        self.refused(2, "cannot be read; give a JSON file, or -", "definition", "validate", "/no")
        self.refused(2, "is not a definition that can run", "definition", "validate", "-",
                     stdin="{")
        unlimited = definition()
        del unlimited["steps"][0]["within_ms"]
        self.refused(2, "/steps/0", "definition", "validate", "-", stdin=json.dumps(unlimited))
        got, out, _ = skald("definition", "validate", "-", "--json", stdin=json.dumps(unlimited))
        self.assertEqual((got, json.loads(out)["mistakes"][0]["at"]), (2, "/steps/0/within_ms"))
        with Database("cli_definition") as url:
            skald("migrate", "orchestrator", "--postgres", url)
            self.refused(2, "/steps/0", "definition", "register", "-", "--postgres", url,
                         stdin=json.dumps(unlimited))

    def test_unproven_definition_needs_a_reason(self):
        weak = definition()
        for step in weak["steps"]:
            step["no_fence"] = True
        weak = json.dumps(weak)
        with Database("cli_unproven") as url:
            skald("migrate", "orchestrator", "--postgres", url)
            self.refused(1, "--accept-risk REASON", "definition", "register", "-", "--postgres",
                         url, stdin=weak, seconds=240)
            code, out, err = skald("definition", "register", "-", "--accept-risk", "only a test",
                                   "--postgres", url, "--json", stdin=weak, seconds=240)
            self.assertEqual(code, 0, err)
            self.assertTrue(json.loads(out)["verdict"].startswith("violation"), out)
            listed = json.loads(skald("definition", "list", "--postgres", url, "--json")[1])
            self.assertEqual(listed[0]["risk_accepted"], "only a test")

    def test_demo_faster_than_the_broker_in_memory(self):
        self.refused(2, "use --kafka for more", "dev", "--demo", "vending", "--per-second", "1000")

    def test_what_is_not_there(self):
        with Database("cli_absent") as url:
            skald("migrate", "orchestrator", "--postgres", url)
            self.refused(3, "`skald saga list` shows all", "saga", "show", "x", "--postgres", url)
            self.refused(3, "`skald definition list` shows all", "definition", "show", "x",
                         "--postgres", url)

    def test_dropping_tables_needs_yes(self):
        self.refused(2, "--yes", "migrate", "orchestrator", "down", "--postgres", POSTGRES)


class Output(unittest.TestCase):
    def test_json_alone_on_standard_output(self):
        with Database("cli_json") as url:
            for words, expected in (
                    (["migrate", "orchestrator"], list), (["migrate", "orchestrator"], list),
                    (["migrate", "orchestrator", "status"], list), (["config", "show"], list),
                    (["version"], dict), (["saga", "list"], []), (["definition", "list"], [])):
                code, out, err = skald(*words, "-o", "json", "--postgres", url)
                self.assertEqual(code, 0, err)
                parsed = json.loads(out)
                if isinstance(expected, list):
                    self.assertEqual(parsed, expected)
                else:
                    self.assertIsInstance(parsed, expected)

    def test_a_password_is_never_shown(self):
        secret = "postgresql://me:hunter2@127.0.0.1:1/db"
        for words in (["config", "show", "--origin"], ["saga", "list"]):
            _, out, err = skald(*words, "--postgres", secret)
            self.assertNotIn("hunter2", out + err)

    def test_no_colour_when_piped(self):
        self.assertNotIn("\x1b", skald("config", "show", TERM="xterm")[1])

    def test_migrations_up_down_up(self):
        for component in ("orchestrator", "participant", "outbox"):
            with self.subTest(component=component), Database("cli_migrate") as url:
                migrate = ["migrate", component, "--postgres", url, "--json"]
                first = json.loads(skald(*migrate)[1])
                self.assertGreater(len(first), 0)
                self.assertEqual(json.loads(skald(*migrate)[1]), [])
                down = json.loads(skald("migrate", component, "down", "--yes", "--postgres", url,
                                        "--json")[1])
                self.assertEqual([m["migration"] for m in down],
                                 [m["migration"] for m in reversed(first)])
                self.assertEqual(json.loads(skald(*migrate)[1]), first)


class Service(unittest.TestCase):
    def serve(self, url, prefix, **environment):
        """A service that runs; it has said so."""
        process = program.subprocess.Popen(
            [program.SKALD, "serve"], stderr=program.subprocess.PIPE, text=True,
            env=program.clean_environment(SKALD_POSTGRES=url, SKALD_KAFKA=KAFKA,
                                          SKALD_PREFIX=prefix, **environment))
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        said = ""
        for line in process.stderr:
            said += line
            if "serves topics" in line:
                return process
        self.fail("the service ended: " + said)

    def test_systemd_is_told(self):
        with Database("cli_notify") as url, tempfile.TemporaryDirectory() as folder, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            skald("migrate", "orchestrator", "--postgres", url)
            systemd.bind(folder + "/notify")
            systemd.settimeout(60)
            service = self.serve(url, f"notify-{os.getpid()}", NOTIFY_SOCKET=folder + "/notify")
            self.assertIn(b"READY=1", systemd.recv(1000))
            service.terminate()
            self.assertIn(b"STOPPING=1", systemd.recv(1000))
            self.assertEqual(service.wait(60), 0)

    def test_a_definition_is_stored_activated_and_started(self):
        prefix = f"cli-{os.getpid()}"
        event = json.dumps({"order_id": "order-1", "slot": 1, "price_cents": 110})
        with Database("cli_service") as url:
            here = {"SKALD_POSTGRES": url, "SKALD_KAFKA": KAFKA, "SKALD_PREFIX": prefix}
            skald("migrate", "orchestrator", **here)
            service = self.serve(url, prefix)
            start = ["saga", "start", "vending", "--data", event, "--json"]
            self.assertEqual(skald(*start, **here)[0], 3, "started without an active definition")
            code, _, err = skald("definition", "register", "-", stdin=json.dumps(definition()),
                                 **here)
            self.assertEqual(code, 0, err)
            code, _, err = skald("definition", "activate", "vending", "--horizon", "30d", **here)
            self.assertEqual(code, 4)
            self.assertIn("The horizon is 30 days and must be at least 38", err)
            code, _, err = skald("definition", "activate", "vending", **here)
            self.assertEqual(code, 0, err)
            for bad in ("{}", "[]", "nonsense", "@/no/such/file"):
                self.assertEqual(skald("saga", "start", "vending", "--data", bad, **here)[0], 2)
            code, out, err = skald(*start, **here)
            self.assertEqual(code, 0, err)
            found = self.wait_for_saga("order-1", here)
            self.assertEqual(found["id"], json.loads(out)["id"])
            self.assertEqual((found["key"], found["phase"]), ("order-1", "running"))
            history = json.loads(skald("saga", "history", found["id"], "--json", **here)[1])
            self.assertEqual(history[0]["event"], "start")
            self.assertEqual(json.loads(history[0]["data"]), json.loads(event))
            service.terminate()
            self.assertEqual(service.wait(30), 0)

    def wait_for_saga(self, key, here):
        end = program.time.monotonic() + 60
        while program.time.monotonic() < end:
            code, out, _ = skald("saga", "show", key, "--json", **here)
            if code == 0:
                return json.loads(out)
        self.fail("the saga has not started")


if __name__ == "__main__":
    unittest.main()
