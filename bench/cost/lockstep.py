"""A server driven turn by turn, so that what it does depends on nobody's timing: it sleeps, is
stopped, gets a message on each connection, goes on, and answers them all before it sleeps again."""

import os
import pathlib
import random
import re
import signal
import socket
import struct
import time

import processes

MESSAGE_BYTES = 64
DEADLINE_SECONDS = 60
PAUSE_SECONDS = 0.0002

# A datagram says how many answers it wants and how large (bench/loads/udp.cc).
MESSAGES = {"echo": bytes(MESSAGE_BYTES),
            "udp": struct.pack("<HH", 1, MESSAGE_BYTES).ljust(MESSAGE_BYTES, b"\0")}
SOCKET_TYPES = {"echo": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}

# On one processor and without preemption by whom it wakes, a thread runs until it sleeps, so that
# the order of a driver's threads is the same each time.
AS_BATCH = ("chrt", "--batch", "0")


def threads_of(pid):
    """thread -> its state and how often it has lost and given up the processor."""
    threads = {}
    for folder in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            status = (folder / "status").read_text(encoding="ascii", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue  # It has ended.
        threads[folder.name] = (re.search(r"^State:\t(\w)", status, re.MULTILINE)[1],
                                *re.findall(r"ctxt_switches:\t(\d+)", status))
    return threads


def all_sleep(pid):
    """A thread that slept in both looks and has not run in between slept when the first look was
    over. If that is all of them, there was nobody left to wake another."""
    threads = threads_of(pid)
    return all(state == "S" for state, *_ in threads.values()) and threads_of(pid) == threads


def all_stand(pid):
    return all(state in "Tt" for state, *_ in threads_of(pid).values())


class Lockstep:
    def __init__(self, command, mode, connections):
        processor = random.choice(sorted(os.sched_getaffinity(0)))
        self.server = processes.Server([*AS_BATCH, *command], {processor})
        self.message = MESSAGES[mode]
        self.sockets = [socket.socket(socket.AF_INET, SOCKET_TYPES[mode])
                        for _ in range(connections)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        processes.reap(self.server.process)
        for each in self.sockets:
            each.close()

    def run(self, turns, without_messages=0):
        """Those without come last, and are the same but for the messages."""
        self.turn(self.connect)
        for _ in range(turns):
            self.turn(self.send)
            self.receive()
        for _ in range(without_messages):
            self.turn(lambda: None)
        self.turn(self.hang_up)
        self.wait_until(all_sleep)
        self.server.stop()

    def turn(self, action):
        """Does the action at a moment at which every thread of the server sleeps, and will see all
        of it when it runs again."""
        self.wait_until(all_sleep)
        os.kill(self.server.pid, signal.SIGSTOP)
        self.wait_until(all_stand)
        action()
        os.kill(self.server.pid, signal.SIGCONT)

    def wait_until(self, fact):
        until = time.monotonic() + DEADLINE_SECONDS
        while not fact(self.server.pid):
            if time.monotonic() > until or self.server.process.poll() is not None:
                raise processes.Failure(f"the server does not do its turns: {fact.__name__} never "
                                        f"holds; {self.server.lines.last()}")
            time.sleep(PAUSE_SECONDS)

    def connect(self):
        for each in self.sockets:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO,
                            struct.pack("ll", DEADLINE_SECONDS, 0))
            each.connect(("127.0.0.1", self.server.port))

    def send(self):
        for each in self.sockets:
            each.send(self.message)

    def receive(self):
        for each in self.sockets:
            try:
                answer = each.recv(MESSAGE_BYTES, socket.MSG_WAITALL)
            except OSError as error:
                raise processes.Failure(f"the server does not answer: {error}") from None
            if len(answer) != MESSAGE_BYTES:
                raise processes.Failure(f"the server answered with {len(answer)} bytes")

    def hang_up(self):
        for each in self.sockets:
            each.close()
