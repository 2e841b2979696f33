"""Child processes that never outlive the runner, and waiting for what they do."""
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

_libc = ctypes.CDLL(None, use_errno=True)
_never = threading.Event()


class Late(Exception):
    """Something did not happen in time."""


def pause(seconds):
    """Lets the faulty world go on; nothing is ever concluded from the time alone."""
    _never.wait(seconds)


def until(what, done, seconds, every=0.02):
    """Waits for done() to be true and returns what it gave."""
    end = time.monotonic() + seconds
    while True:
        answer = done()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Late(f"not within {seconds} s: {what}")
        pause(every)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def _die_with_parent():
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Process:
    def __init__(self, words, log, env=None, cwd=None, limits=None):
        self.words, self.log = [str(w) for w in words], pathlib.Path(log)

        def prepare():
            _die_with_parent()
            if limits:
                limits()
        with open(self.log, "ab") as out:
            self.popen = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=out, env=env, cwd=cwd, preexec_fn=prepare)

    @property
    def pid(self):
        return self.popen.pid

    def over(self):
        return self.popen.poll() is not None

    def killed(self):
        return self.popen.poll() == -signal.SIGKILL

    def send(self, number):
        if not self.over():
            self.popen.send_signal(number)

    def end(self, number=signal.SIGTERM, seconds=30):
        """The exit code; what does not end in time is killed."""
        self.send(number)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self.popen.wait()
            return None

    def said(self, lines=12):
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def clean_environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SKALD_")}
    return {**kept, "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", **more}


def run(words, env, seconds=120):
    """(exit code, standard output, standard error) of a command."""
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, env=env, timeout=seconds, preexec_fn=_die_with_parent)
    return done.returncode, done.stdout, done.stderr


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
