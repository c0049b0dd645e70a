#!/usr/bin/env python3
"""The benchmark: what a received byte costs a driver on wskrun, beside bare io_uring and others."""

import argparse
import dataclasses
import fnmatch
import json
import pathlib
import sys
import time

import contestants
import docs
import growth
import machine
import measure
import pictures
import profiling
import report
import results

ROOT = contestants.BENCH.parent
PARTS = {"table": "the loads of the table", "growth": "how the cost of a message grows",
         "profile": "where a message's time goes, with flame graphs; needs perf"}
SPARE_DESCRIPTORS = 200
BYTES_PER_IDLE_CONNECTION = 20_000  # Of the kernel's memory and ours, for both ends, at most.


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description="Measures what the server spends of its processor for each message, KiB or "
                    "connection; docs/performance.md says how to read it.")
    parser.add_argument("--quick", action="store_true", help="the main rows, in two minutes")
    parser.add_argument("--only", metavar="GLOB", action="append", default=[],
                        help="only the loads whose name matches, such as 'ping-64-*'")
    parser.add_argument("--servers", metavar="GLOB", action="append", default=[],
                        help="only the servers whose name matches, such as 'event/*'; bare "
                             "io_uring always runs, to compare with")
    for part, what in PARTS.items():
        parser.add_argument(f"--{part}", dest="parts", action="append_const", const=part,
                            help=f"only {what}, and what else is asked for like this")
    parser.add_argument("--rounds", type=int, help="windows of each server and load")
    parser.add_argument("--list", action="store_true", help="the loads and servers there are")
    parser.add_argument("--docs", action="store_true",
                        help="write the figures into docs/performance.md")
    parser.add_argument("--from", metavar="FILE", dest="from_file", type=pathlib.Path,
                        help="measure nothing: show, or write, the figures of that JSON file")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release",
                        help=argparse.SUPPRESS)
    return parser.parse_args()


def matches(name, globs):
    return not globs or any(fnmatch.fnmatch(name, each) for each in globs)


def wanted_parts(arguments):
    """Of "table", "growth" and "profile", what to measure. Loads that are named, or the quick ones,
    are all there is to measure then."""
    if arguments.parts:
        return arguments.parts
    if arguments.quick:
        return ["table"]
    return ["table", "growth"] if arguments.only else ["table", "growth", "profile"]


def choose_rows(arguments, generator):
    """(rows of the table, rows of the growth plots)"""
    rows = [row for row in measure.rows_of(generator) if matches(row["name"], arguments.only)]
    table = [row for row in rows if not row["growth"]
             and (row["is_main"] or arguments.only or not arguments.quick)]
    return table, [row for row in rows if row["growth"]]


def choose_contestants(arguments):
    return [each for each in contestants.find(arguments.build)
            if each.name == contestants.REFERENCE or matches(each.name, arguments.servers)]


def reason_to_leave_out(row, at_once, descriptors):
    needed = row["connections"] + SPARE_DESCRIPTORS
    if needed > descriptors:
        return (f"it needs {needed:,} descriptors in a process, and the system allows "
                f"{descriptors:,}")
    if row["processors"] > machine.allowed_processors():
        return f"it needs {row['processors']} processors"
    if row["connections"] * at_once * BYTES_PER_IDLE_CONNECTION > machine.available_memory_bytes():
        return "there is not enough free memory"
    return None


def measure_row(row, plan, chosen, descriptors):
    row = {**row, "samples": {}, "failures": {}}
    run = measure.RowRun(plan, row, chosen)
    if reason := reason_to_leave_out(row, run.servers_at_once(), descriptors):
        return {**row, "skipped": reason}
    run.run()
    return {**row, "samples": run.results, "failures": run.failures}


def measure_rows(rows, plan, chosen, descriptors):
    measured = []
    for row in rows:
        measured.append(measure_row(row, plan, chosen, descriptors))
        print(report.terminal_row(measured[-1]) + "\n", flush=True)
    return measured


def measure_growth(rows, plan, chosen, descriptors):
    chosen = [each for each in chosen if each.name in growth.SERVERS]
    plan = dataclasses.replace(plan, rounds=min(plan.rounds, growth.ROUNDS), starts=1)
    rows = [{**row, "shares_processor": measure.shares_processor(plan, row)} for row in rows]
    return {"rounds": plan.rounds, "servers": [each.name for each in chosen],
            "rows": measure_rows(rows, plan, chosen, descriptors)}


def measure_all(arguments):
    generator = str(arguments.build / "bin/bench_generator")
    processors = machine.choose_processors()
    table, growing = choose_rows(arguments, generator)
    chosen = choose_contestants(arguments)
    descriptors = machine.allow_descriptors(
        max((row["connections"] for row in table + growing), default=0) + SPARE_DESCRIPTORS)
    rounds = arguments.rounds or (5 if arguments.quick else 20)
    plan = measure.Plan(generator, processors, rounds, 1 if rounds < 10 else 2)
    environment = {**machine.describe(generator, processors), "rounds": rounds,
                   "window_seconds": measure.WINDOW_SECONDS}
    print(report.environment_text(environment) + "\n", flush=True)
    run = {"environment": environment, "servers": [each.name for each in chosen], "rows": []}
    parts = wanted_parts(arguments)
    if "table" in parts:
        run["rows"] = measure_rows(table, plan, chosen, descriptors)
    if "growth" in parts and growing:
        run["growth"] = measure_growth(growing, plan, chosen, descriptors)
    if "profile" in parts:
        run["profile"] = profiling.run(plan, measure.rows_of(generator), chosen, arguments.build)
        print(report.terminal_profile(run["profile"]) + "\n", flush=True)
    return run


def print_end(run, goals):
    if not run["rows"]:
        return
    print("\n".join(report.columns(report.ratio_overview(run["rows"], run["servers"]))) + "\n")
    judged = results.judge(goals, run["rows"])
    if judged:
        print("\n".join(report.columns(report.goal_lines(judged))) + "\n")


def save(run, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(run, indent=1), encoding="utf-8")
    names = ["results.json"]
    for name, picture in pictures.of(run):
        (folder / name).write_text(picture, encoding="utf-8")
        names.append(name)
    print(f"all of it is in {folder}: {', '.join(names)}")


def list_all(arguments):
    table, growing = choose_rows(arguments, str(arguments.build / "bin/bench_generator"))
    for row in table + growing:
        print(f"{row['name']:22} {row['title']}")
    print()
    for each in contestants.find(arguments.build):
        print(f"{each.name:22} {' '.join(mode for mode, _ in each.commands)}")


def main():
    arguments = parse_arguments()
    if arguments.list:
        return list_all(arguments)
    begin = time.monotonic()
    goals = results.read_goals(contestants.BENCH / "goals.tsv")
    if arguments.from_file:
        run = json.loads(arguments.from_file.read_text(encoding="utf-8"))
        print(report.terminal_run(run) + "\n")
    else:
        machine.enter_own_network([sys.executable, "-B", *sys.argv])
        run = measure_all(arguments)
    print_end(run, goals)
    if not arguments.from_file:
        save(run, arguments.build / "bench")
        print(f"it took {(time.monotonic() - begin) / 60:.1f} minutes")
    if arguments.docs:
        docs.write(ROOT / "docs", run, goals)
    failed = [f"{row['name']}: {name}: {reason}" for row in results.all_rows(run)
              for name, reason in row["failures"].items()]
    for each in failed:
        print(f"bench: failed: {each}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
