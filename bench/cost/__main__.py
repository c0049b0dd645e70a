#!/usr/bin/env python3
"""Counts what a message costs the drivers in bench/drivers, in instructions and system calls, and
holds it against bench/cost/bounds.tsv. Nothing here measures time."""

import argparse
import collections
import fnmatch
import pathlib
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(BENCH / "harness"))

# pylint: disable=wrong-import-position
import bounds
import contestants
import counting
import machine
import processes

SKIPPED = 77
FUNCTIONS_SHOWN = 12
SET_ROUNDS = 3
KINDS = {kind.title: kind for kind in (counting.Instructions, counting.SystemCalls)}


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="./dev cost",
        description="Counts what a message costs a driver in instructions and system calls, and "
                    "fails where that is more than its bound; docs/performance.md says how.")
    parser.add_argument("--count", choices=KINDS, help="these only")
    parser.add_argument("--driver", metavar="GLOB", default="*",
                        help="only the drivers in bench/drivers whose name matches")
    parser.add_argument("--set", action="store_true",
                        help="make what is counted now the bounds, with 5 % of room for "
                             "instructions and none for system calls")
    parser.add_argument("--build", type=pathlib.Path, default=BENCH.parent / "build/release",
                        help=argparse.SUPPRESS)
    return parser.parse_args()


def drivers(glob):
    """driver -> the mode in which it answers messages."""
    found = {}
    for _, modes, driver in contestants.declarations(BENCH / "drivers", (".c", ".cpp")):
        mode = next((each for each in modes if each in ("echo", "udp")), None)
        if mode is not None and fnmatch.fnmatch(driver, glob):
            found[driver] = mode
    return found


def cases(kind, driver):
    for transport in kind.transports:
        if transport == "uring" and not machine.has_io_uring():
            print(f"{driver}/{transport} is left out: the kernel does not allow io_uring")
            continue
        for connections in counting.TURNS:
            yield bounds.Case(driver, transport, connections)


def count(arguments, kind, case, mode):
    command = contestants.driver_command(arguments.build, case.driver, mode, case.transport)
    server = contestants.Contestant(str(case), ((mode, command),))
    return counting.count(kind, server.command(mode), mode, case.connections)


def summed(kind, counts):
    """What has a bound: each system call by its name, but no single function."""
    return {bounds.INSTRUCTIONS: counts.total()} if kind is counting.Instructions else counts


def is_counted_by(kind, what):
    return (what == bounds.INSTRUCTIONS) == (kind is counting.Instructions)


def print_profile(counts, messages):
    print("  its functions, each without what it calls:")
    for function, number in counts.most_common(FUNCTIONS_SHOWN):
        print(f"  {number / messages:10,.0f}  {function}")


def check(arguments, kind, case, mode, limits):
    """Prints what was counted. Returns what is wrong with it, in sentences."""
    counts, messages = count(arguments, kind, case, mode), counting.messages(case.connections)
    limits = {what: at_most for what, at_most in limits.items() if is_counted_by(kind, what)}
    complaints = []
    print(case)
    for each in bounds.findings(case, summed(kind, counts), messages, limits):
        number, at_most = (bounds.number_text(each.what, n) for n in (each.each, each.at_most))
        hint = "  LOOSE: tighten it by `./dev cost --set`" if each.is_loose else ""
        print(f"  {number:>10}  {each.what} for each message, at most {at_most}{hint}")
        if each.is_over:
            complaints.append(f"{case}: {number} {each.what} for each message, over its bound of "
                              f"{at_most}")
    if complaints and kind is counting.Instructions:
        print_profile(counts, messages)
    return complaints


def set_limits(arguments, kind, case, mode, limits):
    """The most of several counts, for what is not exact."""
    messages, most = counting.messages(case.connections), collections.Counter()
    for _ in range(SET_ROUNDS):
        most |= summed(kind, count(arguments, kind, case, mode))
    others = {what: at_most for what, at_most in limits.items() if not is_counted_by(kind, what)}
    found = bounds.limits_for(case, most, messages)
    print(case, *(f"{what} {at_most:g}" for what, at_most in sorted(found.items())), sep="  ")
    return {**others, **found}


def run(arguments, kind, chosen):
    """Returns what is wrong, in sentences."""
    limits, complaints = bounds.read(), []
    for driver, mode in chosen.items():
        for case in cases(kind, driver):
            if arguments.set:
                limits[case] = set_limits(arguments, kind, case, mode, limits.get(case, {}))
            else:
                complaints += check(arguments, kind, case, mode, limits.get(case, {}))
    if arguments.set:
        bounds.write(limits)
    return complaints


def main():
    arguments = parse_arguments()
    chosen = drivers(arguments.driver)
    complaints, skipped = [], []
    for kind in [KINDS[arguments.count]] if arguments.count else KINDS.values():
        if reason := kind.reason_not_to() if chosen else "no such driver answers messages":
            print(f"{kind.title} are not counted: {reason}")
            skipped.append(kind)
        else:
            complaints += run(arguments, kind, chosen)
    if complaints:
        print("\n".join(["", *complaints, "", "Find out what costs more: the profile above, or "
                         "`strace -f` for system calls. If it is worth it, raise the bound by "
                         "`./dev cost --set` in the same commit, and say there why."]))
        return 1
    return SKIPPED if skipped else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except processes.Failure as failure:
        sys.exit(f"cost: failed: {failure}")
