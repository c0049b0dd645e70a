"""Where a message's time goes: perf samples a server while the generator measures it."""

import contextlib
import os
import pathlib
import select
import shutil
import statistics
import subprocess
import tempfile
import time

import flame
import measure
import processes
import stacks

ROW = "ping-64-64"
SERVERS = ("uring", "epoll", "event/uring", "event/epoll", "worker/uring")

WARMUP_SECONDS = 0.2
WINDOW_SECONDS = 1
ROUNDS = 5
FEWEST_SAMPLES = 200
ANSWER_SECONDS = 20

# The clock of the server's processor, since virtual machines often have no counter of cycles; a
# frequency that no timer has. Not that of the process: perf would stop and start it at each change
# of threads, which made a driver with a thread of its own a fifth dearer.
#
# Callers are found by the tables for unwinding, in a copy of the stack's top. With frame pointers
# that would be cheaper, but they need another build: this way it is the measured build that is
# profiled, and functions of libc have callers, too.
RECORD = ("perf", "record", "-e", "cpu-clock", "-F", "997", "--call-graph", "dwarf,8192")
SCRIPT = ("perf", "script", "--no-inline", "-F", "comm,ip,sym,dso")

FORBIDDEN = ("perf sees the kernel's part as root, or with kernel.perf_event_paranoid=0 and "
             "kernel.kptr_restrict=0")


def reason_to_leave_out():
    if shutil.which("perf") is None:
        return "there is no perf (Debian: linux-perf)"
    if shutil.which("addr2line") is None:
        return "there is no addr2line (Debian: binutils)"
    return None


class Recording:
    """perf, waiting. What a processor does between begin() and end() is recorded."""

    def __init__(self, processor, file):
        orders, self.orders = os.pipe()
        self.answers, answers = os.pipe()
        command = [*RECORD, "--cpu", str(processor), "--output", str(file), "--delay", "-1",
                   f"--control=fd:{orders},{answers}"]
        beside = os.sched_getaffinity(0) - {processor}
        self.process = processes.start(command, beside, stdin=subprocess.DEVNULL,
                                       pass_fds=(orders, answers))
        self.lines = processes.Lines(self.process)
        os.close(orders)
        os.close(answers)

    def order(self, what):
        """Returns when perf has done it."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.orders, f"{what}\n".encode())
        ready, _, _ = select.select([self.answers], [], [], ANSWER_SECONDS)
        if not ready or not os.read(self.answers, 64):
            raise processes.Failure(f"perf does not record ({self.last_words()}). {FORBIDDEN}")

    def last_words(self):
        with contextlib.suppress(TimeoutError):
            while self.lines.next(time.monotonic() + 1) is not None:
                continue
        return self.lines.last()

    def begin(self):
        self.order("enable")

    def end(self):
        self.order("stop")
        if self.process.wait(timeout=ANSWER_SECONDS) != 0:
            raise processes.Failure(f"perf failed: {self.last_words()}")

    def close(self):
        processes.reap(self.process)
        os.close(self.orders)
        os.close(self.answers)


def read(file, pid):
    """The samples of that process."""
    done = subprocess.run([*SCRIPT, "--input", str(file), f"--pid={pid}"], capture_output=True,
                          text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise processes.Failure(f"perf script failed: {done.stderr.strip()}")
    return stacks.parse(done.stdout)


def check(samples):
    """That they are enough, and that the kernel's part is among them, with names."""
    if len(samples) < FEWEST_SAMPLES:
        raise processes.Failure(f"perf took only {len(samples)} samples")
    kernel = [frame for _, frames in samples for frame in frames if stacks.is_kernel(frame)]
    if not kernel or all(symbol == stacks.UNKNOWN for _, symbol, _ in kernel):
        raise processes.Failure(FORBIDDEN)


def summary(samples, build):
    """What is kept of them: the parts, and the stacks for the flame graph."""
    sources = stacks.Sources(build, samples)
    resolved = [(thread, stacks.resolve(frames, sources)) for thread, frames in samples]
    collapsed = stacks.prune(stacks.collapse(resolved), flame.LEAST_SHARE)
    kept = {name for stack in collapsed for name in stack}
    threads = {thread: "thread" for thread, _ in samples}
    return {"samples": len(samples), "parts": stacks.shares(resolved),
            "stacks": [[";".join(stack), count] for stack, count in sorted(collapsed.items())],
            "places": {**threads, **{frame.name: frame.place for _, frames in resolved
                                     for frame in frames if frame.name in kept}}}


def us_per_message(windows):
    count = sum(each["count"] for each in windows)
    return sum(each["figure"] * each["count"] for each in windows) / count


class Profile:
    """A server with its generator, and what its windows have brought."""

    def __init__(self, plan, row, command):
        self.processor = plan.processors[0]
        self.pair = measure.Pair(plan, row, command)
        self.without_perf = []
        self.windows = []
        self.samples = []

    def measure(self):
        """One window without perf, and one with."""
        generator = self.pair.generator
        self.without_perf.append(generator.measure(WARMUP_SECONDS, WINDOW_SECONDS))
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "perf.data")
            with contextlib.closing(Recording(self.processor, file)) as recording:
                recording.begin()
                self.windows.append(generator.measure(0, WINDOW_SECONDS))
                recording.end()
            self.samples += read(file, self.pair.server.pid)

    def result(self, build):
        check(self.samples)
        return {"figure": us_per_message(self.windows),
                "without_perf": us_per_message(self.without_perf),
                "others_load": statistics.median(each["others_load"] for each in self.windows),
                **summary(self.samples, build)}


class Run:
    """All servers side by side, and windows that go round them, as in a row of the table."""

    def __init__(self, plan, row, contestants, build):
        self.commands = {each.name: each.command(row["mode"]) for each in contestants
                         if each.name in SERVERS}
        self.plan, self.row, self.build = plan, row, build
        self.failures = {}
        self.profiles = {}

    @contextlib.contextmanager
    def failing(self, name):
        try:
            yield
        except (processes.Failure, OSError, subprocess.SubprocessError) as failure:
            self.failures.setdefault(name, str(failure))

    def each(self, act):
        for name in self.commands:
            if name not in self.failures:
                with self.failing(name):
                    act(name)

    def start(self, name):
        self.profiles[name] = Profile(self.plan, self.row, self.commands[name])

    def run(self):
        """name -> its profile, of those that did not fail"""
        results = {}
        try:
            self.each(self.start)
            for _ in range(ROUNDS):
                self.each(lambda name: self.profiles[name].measure())
            self.each(lambda name: results.update(
                {name: self.profiles[name].result(self.build)}))
        finally:
            for name, profile in self.profiles.items():
                with self.failing(name):
                    profile.pair.stop()
        return {name: results[name] for name in SERVERS if name in results}


def run(plan, rows, contestants, build):
    """What "profile" is in the JSON file: servers: name -> its profile; failures: name -> why not."""
    row = next(row for row in rows if row["name"] == ROW)
    result = {"title": row["title"], "seconds": ROUNDS * WINDOW_SECONDS, "servers": {},
              "failures": {}}
    if reason := reason_to_leave_out():
        return {**result, "skipped": reason}
    profiled = Run(plan, row, contestants, build)
    return {**result, "servers": profiled.run(), "failures": profiled.failures}
