"""The two processes of a measurement: the server under test and the generator that drives it."""

import json
import os
import re
import select
import signal
import subprocess
import time

import machine

START_SECONDS = 20
STOP_SECONDS = 30
ANSWER_SECONDS = 120
LISTENING = re.compile(r"listening on .*:(\d+)")


class Failure(Exception):
    """A server or the generator did not do what it should; the text says what."""


def start(command, processors, **streams):
    def in_child():
        machine.die_with_parent()
        os.sched_setaffinity(0, processors)

    # pylint: disable=consider-using-with
    return subprocess.Popen(command, preexec_fn=in_child, stderr=subprocess.STDOUT,
                            stdout=subprocess.PIPE, **streams)


def reap(process):
    """Kills it where it has not ended yet, and leaves no pipe open."""
    if process.poll() is None:
        process.kill()
    with process:
        pass


class Lines:
    """The lines that a process prints, each awaited with a deadline."""

    def __init__(self, process):
        self.pipe = process.stdout
        self.read = b""
        self.lines = []

    def more(self, until):
        """False: there is no more. Raises TimeoutError."""
        ready, _, _ = select.select([self.pipe], [], [], max(0, until - time.monotonic()))
        if not ready:
            raise TimeoutError
        some = os.read(self.pipe.fileno(), 65536)
        self.read += some
        return bool(some)

    def next(self, until):
        """None: there is none any more."""
        while b"\n" not in self.read:
            if not self.more(until):
                return None
        line, self.read = self.read.split(b"\n", 1)
        self.lines.append(line.decode("utf-8", "replace"))
        return self.lines[-1]

    def last(self):
        return " | ".join(self.lines[-4:]) or "it said nothing"


class Server:
    """Runs until stop(). Servers of ours end by the signal; wskrun unloads its driver first, and its
    exit status says whether that left nothing behind."""

    def __init__(self, command, processors):
        self.process = start(command, processors, stdin=subprocess.DEVNULL)
        self.lines = Lines(self.process)
        self.port = self.await_port()

    @property
    def pid(self):
        return self.process.pid

    def await_port(self):
        until = time.monotonic() + START_SECONDS
        try:
            while (line := self.lines.next(until)) is not None:
                if match := LISTENING.search(line):
                    return int(match[1])
        except TimeoutError:
            pass
        reap(self.process)
        raise Failure(f"the server did not start: {self.lines.last()}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        try:
            while self.lines.next(until) is not None:
                continue
            status = self.process.wait(timeout=STOP_SECONDS)
        except (TimeoutError, subprocess.TimeoutExpired):
            raise Failure(f"the server did not stop: {self.lines.last()}") from None
        finally:
            reap(self.process)
        if status not in (0, -signal.SIGTERM):
            raise Failure(f"the server ended with status {status}: {self.lines.last()}")


class Generator:
    """Ready when constructed: every connection has been served. measure() as often as wanted."""

    def __init__(self, program, row, server, processor):
        command = [program, "--row", row, "--port", str(server.port), "--pid", str(server.pid)]
        self.process = start(command, {processor}, stdin=subprocess.PIPE)
        self.lines = Lines(self.process)
        self.answer("ready")

    def answer(self, wanted=None):
        try:
            line = self.lines.next(time.monotonic() + ANSWER_SECONDS)
        except TimeoutError:
            line = None
        if line is None or (wanted or "{") != line[:len(wanted or "{")]:
            self.end()
            raise Failure(line or self.lines.last())
        return line

    def measure(self, warmup_seconds, window_seconds):
        self.process.stdin.write(f"{warmup_seconds} {window_seconds}\n".encode())
        self.process.stdin.flush()
        return json.loads(self.answer())

    def end(self):
        reap(self.process)
