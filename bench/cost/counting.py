"""What messages cost a server in instructions and system calls: a run with them less the same run
without. Each count is a Counter, name -> number."""

import collections
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import lockstep
import processes

WARM_UP_TURNS = 16              # Until every cache holds what it will.
TURNS = {1: 256, 64: 64}        # By the number of connections.
WRITTEN_SECONDS = 30

CALL = re.compile(r"^ *(\d+) +(\w+)$", re.MULTILINE)
NAME = re.compile(r"c?fn=(\(\d+\))(?: (.*))?$")


def parse_strace(text):
    """The table of `strace -c -U calls,name`."""
    return collections.Counter({name: int(calls) for calls, name in CALL.findall(text)
                                if name != "total"})


def parse_callgrind(text):
    """Each function's own instructions. A name is written once and is a number from then on; the
    line after calls= is what the called one has counted already."""
    names, counts = {}, collections.Counter()
    function, is_of_called = None, False
    for line in text.splitlines():
        if match := NAME.match(line):
            names.setdefault(match[1], match[2])
            if line.startswith("fn="):
                function = names[match[1]]
        elif line.startswith("calls="):
            is_of_called = True
        elif line[:1] in "+-*0123456789" and line:
            if not is_of_called:
                counts[function] += int(line.split()[-1])
            is_of_called = False
    return counts


class Instructions:
    """In user mode, by callgrind. It does not know io_uring."""
    title = "instructions"
    transports = ("epoll",)

    @staticmethod
    def reason_not_to():
        return None if shutil.which("valgrind") else "valgrind is not there"

    @staticmethod
    def command(output):
        return ("valgrind", "--tool=callgrind", "--vgdb=no", f"--callgrind-out-file={output}")

    @staticmethod
    def read(output):
        return parse_callgrind(output.read_text(encoding="utf-8", errors="replace"))


class SystemCalls:
    """By strace, which in a container may not be allowed."""
    title = "system-calls"
    transports = ("epoll", "uring")

    @staticmethod
    def reason_not_to():
        if not shutil.which("strace"):
            return "strace is not there"
        attempt = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True,
                                 text=True, check=False)
        return None if attempt.returncode == 0 else f"strace fails: {attempt.stderr.strip()}"

    @staticmethod
    def command(output):
        """With the server a child of ours and not of strace's (-D)."""
        return ("strace", "-D", "-f", "-c", "-U", "calls,name", "-o", str(output))

    @staticmethod
    def read(output):
        """strace writes when the server has ended already."""
        until = time.monotonic() + WRITTEN_SECONDS
        while not (text := output.read_text(encoding="ascii")).endswith("total\n"):
            if time.monotonic() > until:
                raise processes.Failure(f"strace has written no table: {text}")
            time.sleep(lockstep.PAUSE_SECONDS)
        return parse_strace(text)


def messages(connections):
    return connections * TURNS[connections]


def count_run(kind, command, mode, connections, **turns):
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder, "counts")
        with lockstep.Lockstep([*kind.command(output), *command], mode, connections) as server:
            server.run(**turns)
        return kind.read(output)


def count(kind, command, mode, connections):
    """What messages(connections) cost together."""
    turns = TURNS[connections]
    counts = count_run(kind, command, mode, connections, turns=WARM_UP_TURNS + turns)
    counts.subtract(count_run(kind, command, mode, connections, turns=WARM_UP_TURNS,
                              without_messages=turns))
    return counts
