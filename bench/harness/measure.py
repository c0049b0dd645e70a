"""The order of things: all servers of a row run side by side, and the row's windows go round them,
so that whatever the machine does meanwhile befalls them all."""

import contextlib
import dataclasses
import json
import subprocess

import machine
import processes

WARMUP_SECONDS = 0.04
WINDOW_SECONDS = 0.1
MEMORY_UNIT = "bytes resident per connection"


def rows_of(generator):
    """What can be measured, in the order of the table."""
    listed = subprocess.run([generator, "--list"], capture_output=True, text=True, check=True)
    return json.loads(listed.stdout)


@dataclasses.dataclass
class Plan:
    generator: str
    processors: tuple  # Of the servers, of the generator.
    rounds: int        # Windows of each server and row, in all.
    starts: int        # How often the servers are started for them.


class Pair:
    """A server and its generator, ready to be measured."""

    def __init__(self, plan, row, command):
        self.server = processes.Server(
            command, machine.server_processors(row["processors"], *plan.processors))
        try:
            self.generator = processes.Generator(plan.generator, row["name"], self.server,
                                                 plan.processors[1])
        except processes.Failure:
            with contextlib.suppress(processes.Failure):
                self.server.stop()
            raise

    def measure(self):
        return self.generator.measure(WARMUP_SECONDS, WINDOW_SECONDS)

    def stop(self):
        self.generator.end()
        self.server.stop()


def shares_processor(plan, row):
    """Whether the generator has to share one with the server: where the server gets all."""
    return plan.processors[1] in machine.server_processors(row["processors"], *plan.processors)


class RowRun:
    """One row, measured with all who can do it. results: name -> samples, a sample being what the
    generator said and the number of its round; failures: name -> what went wrong."""

    def __init__(self, plan, row, contestants):
        self.plan = plan
        self.row = row
        self.contestants = [each for each in contestants if self.command(each)]
        self.results = {each.name: [] for each in self.contestants}
        self.failures = {}
        self.pairs = {}

    def is_memory(self):
        return self.row["unit"] == MEMORY_UNIT

    def servers_at_once(self):
        return 1 if self.is_memory() else len(self.contestants)

    def run(self):
        try:
            for start in range(self.plan.starts):
                if self.is_memory():
                    self.measure_one_by_one(start)
                else:
                    self.measure_side_by_side(start)
        finally:
            self.stop_all()

    @contextlib.contextmanager
    def failing(self, name):
        """A failure takes its server out of the row, and nothing else."""
        try:
            yield
        except processes.Failure as failure:
            self.failures.setdefault(name, str(failure))

    def command(self, contestant):
        return contestant.command(self.row["mode"], self.row["processors"])

    def start_one(self, contestant):
        if contestant.name in self.failures:
            return
        with self.failing(contestant.name):
            self.pairs[contestant.name] = Pair(self.plan, self.row, self.command(contestant))

    def measure_one(self, name, number):
        if name not in self.pairs or name in self.failures:
            return
        with self.failing(name):
            self.results[name].append({"round": number, **self.pairs[name].measure()})

    def stop_all(self):
        for name, pair in self.pairs.items():
            with self.failing(name):
                pair.stop()
        self.pairs = {}

    def measure_side_by_side(self, start):
        for contestant in self.contestants:
            self.start_one(contestant)
        rounds = range(start * self.plan.rounds // self.plan.starts,
                       (start + 1) * self.plan.rounds // self.plan.starts)
        for number in rounds:
            order = [each.name for each in self.contestants]
            for name in order if number % 2 == 0 else reversed(order):
                self.measure_one(name, number)
        self.stop_all()

    def measure_one_by_one(self, start):
        for contestant in self.contestants:
            self.start_one(contestant)
            self.measure_one(contestant.name, start)
            self.stop_all()
