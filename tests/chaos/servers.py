"""PostgreSQL of the fault tests' own, to be broken on purpose."""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess

import pgwire
from processes import Process, free_port, until


def postgres_binaries():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                   key=lambda p: float(p.parent.name), reverse=True)
    for folder in found:
        if (folder / "initdb").exists():
            return folder
    raise SystemExit("chaos: initdb was not found: install the package postgresql")


class Postgres:
    """A server in a folder of its own. `standby_of`: a streaming copy of another."""

    def __init__(self, folder, fsync=True, standby_of=None, stream_port=None,
                 environment=None):
        self.folder, self.port = pathlib.Path(folder), free_port()
        self.binaries, self.process, self.environment = postgres_binaries(), None, environment
        self.options = [f"fsync={'on' if fsync else 'off'}", "max_connections=100",
                        "listen_addresses=127.0.0.1", "wal_level=replica", "max_wal_senders=4"]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.user = "postgres" if os.getuid() == 0 else None
        if self.user:
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
        data = self.folder / "data"
        if standby_of:
            self._run("pg_basebackup", "-h", "127.0.0.1", "-p", standby_of.port, "-U", "postgres",
                      "-D", data, "-R", "-X", "stream", "-C", "-S", "standby", "-c", "fast")
            self.options.append("hot_standby=on")
            with open(data / "postgresql.auto.conf", "a") as f:
                f.write(f"primary_conninfo = 'host=127.0.0.1 port={stream_port} "
                        "user=postgres application_name=standby'\n")
        else:
            self._run("initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8",
                      "--locale=C", "-D", data)

    def _as_user(self):
        return ["setpriv", f"--reuid={self.user}", "--clear-groups"] if self.user else []

    def _run(self, program, *words):
        done = subprocess.run([*self._as_user(), str(self.binaries / program), *map(str, words)],
                              cwd="/", capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"chaos: {program} failed: {done.stderr}")

    def start(self, *more):
        settings = [w for o in [*self.options, *more] for w in ("-c", o)]
        self.process = Process([*self._as_user(), self.binaries / "postgres", "-D",
                                self.folder / "data", "-p", self.port, "-k", self.folder,
                                *settings], self.folder / "log", env=self.environment, cwd="/")
        until("PostgreSQL answers", self.answers, 60, 0.05)
        return self

    def answers(self):
        try:
            pgwire.ask(self.url(), "select 1", 2)
            return True
        except (OSError, pgwire.PgError):
            return False

    def crash(self):  # as a power cut of the process: no checkpoint, recovery at the next start
        self.process.end(signal.SIGQUIT)

    def stop_fast(self):
        self.process.end(signal.SIGINT)

    def promote(self):
        self._run("pg_ctl", "promote", "-D", self.folder / "data", "-w")

    def url(self, database="postgres", port=None):
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/{database}"

    def ask(self, sql, database="postgres"):
        return pgwire.ask(self.url(database), sql)

    def end(self):
        if self.process:
            self.process.end(signal.SIGQUIT)


class SharedPostgres:
    """A server that somebody else runs: for cases that do not break it."""

    def __init__(self, url):
        self.base = url.rsplit("/", 1)[0]

    def url(self, database="postgres", port=None):
        return f"{self.base}/{database}"

    def ask(self, sql, database="postgres"):
        return pgwire.ask(self.url(database), sql)

    def end(self):
        pass


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
