"""The bounds in bounds.tsv, and what a count says about them."""

import csv
import dataclasses
import math
import pathlib

FILE = pathlib.Path(__file__).with_name("bounds.tsv")
COLUMNS = ("driver", "transport", "connections", "what", "at_most")
INSTRUCTIONS = "instructions"

INSTRUCTIONS_ROOM = 1.05  # Of a bound that is set, over what was counted.
LOOSE = 0.9               # A bound of which less than this is used holds nothing any more.

# Runs differ by some system calls at the start and the end of a server. Where a driver has a thread
# of its own, the kernel chooses whether that or the loop gets on, at each wake-up and, as strace
# stops them there, at each call; each time the other may have gone to sleep meanwhile, or not.
STRAY_CALLS = 32
STRAY_CALLS_EACH_TURN = {"worker": {1: 1, 64: 32}}  # By the number of connections.


@dataclasses.dataclass(frozen=True)
class Case:
    driver: str
    transport: str
    connections: int

    def __str__(self):
        plural = "s" if self.connections > 1 else ""
        return f"{self.driver}/{self.transport}, {self.connections} connection{plural}"

    def stray(self, what, messages):
        """By how much a count of so many messages may be off."""
        if what == INSTRUCTIONS:
            return 0
        each_turn = STRAY_CALLS_EACH_TURN.get(self.driver, {}).get(self.connections, 0)
        return STRAY_CALLS + messages // self.connections * each_turn


@dataclasses.dataclass(frozen=True)
class Finding:
    what: str
    number: int     # What all messages cost together.
    messages: int
    stray: float    # By how much that may be off.
    at_most: float  # For each message; 0 where bounds.tsv has nothing of that name.

    @property
    def each(self):
        return self.number / self.messages

    @property
    def is_over(self):
        return self.number - self.stray > self.at_most * self.messages

    @property
    def is_loose(self):
        return self.number + self.stray < self.at_most * self.messages * LOOSE


def number_text(what, number):
    return f"{number:,.0f}" if what == INSTRUCTIONS else f"{number:.4f}"


def findings(case, counts, messages, limits):
    """One for each thing that is bounded (limits: what -> at most) or was counted for messages."""
    found = [Finding(what, counts.get(what, 0), messages, case.stray(what, messages),
                     limits.get(what, 0)) for what in sorted({*counts, *limits})]
    return [each for each in found if each.at_most > 0 or each.is_over]


def without_stray(case, what, calls, messages):
    """Where all turns are alike, each makes a whole number of calls."""
    turns = messages // case.connections
    whole = round(calls / turns) * turns
    return whole if abs(calls - whole) <= case.stray(what, messages) else calls


def limits_for(case, counts, messages):
    """What to bound a count with."""
    limits = {}
    for what, number in counts.items():
        if what == INSTRUCTIONS:
            limits[what] = math.ceil(number / messages * INSTRUCTIONS_ROOM / 10) * 10
        elif number > STRAY_CALLS and (calls := without_stray(case, what, number, messages)) > 0:
            limits[what] = round(calls / messages, 4)
    return limits


def read(path=FILE):
    """Case -> what -> at most, for each message."""
    limits = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            case = Case(row["driver"], row["transport"], int(row["connections"]))
            limits.setdefault(case, {})[row["what"]] = float(row["at_most"])
    return limits


def write(limits, path=FILE):
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, delimiter="\t", lineterminator="\n")
        lines.writerow(COLUMNS)
        for case in sorted(limits, key=dataclasses.astuple):
            for what, at_most in sorted(limits[case].items()):
                lines.writerow([*dataclasses.astuple(case), what, f"{at_most:g}"])
