"""What the samples come to: medians, spreads, ratios, and the goals that are met or missed."""

import csv
import fnmatch
import statistics

import contestants

VALUES = ("figure", "per_second", "mib_per_second", "p50_us", "p99_us", "p999_us")


def median_of(samples, value):
    found = [sample[value] for sample in samples if value in sample]
    return statistics.median(found) if found else None


def paired_ratios(samples, others, value="figure"):
    """Of each round's sample to the other's in the same round, seconds apart at most."""
    by_round = {sample["round"]: sample for sample in others}
    return [sample[value] / by_round[sample["round"]][value] for sample in samples
            if sample["round"] in by_round and value in sample
            and by_round[sample["round"]].get(value)]


def user_share(samples):
    """Of the processor time. The kernel samples it, so that only many windows together say much."""
    user = sum(sample["server_user"] for sample in samples)
    whole = user + sum(sample["server_system"] for sample in samples)
    return user / whole if whole > 0 else None


def summary(samples, reference):
    """The medians of everything, the spread of the figure, and how it compares."""
    figures = [sample["figure"] for sample in samples]
    ratios = paired_ratios(samples, reference)
    return {
        **{value: median_of(samples, value) for value in VALUES},
        "user_share": user_share(samples),
        "least": min(figures),
        "most": max(figures),
        "ratio": statistics.median(ratios) if ratios else None,
        "ratio_least": min(ratios, default=None),
        "ratio_most": max(ratios, default=None),
    }


def summaries(row):
    """name -> summary, of those that have samples."""
    reference = row["samples"].get(contestants.REFERENCE, [])
    return {name: summary(samples, reference) for name, samples in row["samples"].items()
            if samples}


def all_rows(run):
    """Those of the table and those of the growth plots."""
    return run["rows"] + run.get("growth", {"rows": []})["rows"]


def ns_of_a_sample(profiled):
    """What one of perf's samples stands for, of the processor time measured meanwhile."""
    return profiled["figure"] * 1000 / profiled["samples"]


def read_goals(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def reached(goal, row):
    """The value that the goal is about, or None when the row has not what it takes."""
    ours = row["samples"].get(goal["server"])
    if not ours:
        return None
    if goal["against"] == "-":
        return median_of(ours, goal["value"])
    ratios = paired_ratios(ours, row["samples"].get(goal["against"], []), goal["value"])
    return statistics.median(ratios) if ratios else None


def judge(goals, rows):
    """(row, goal, reached, is_met) for each goal and row that were measured."""
    judged = []
    for row in rows:
        for goal in goals:
            if not any(fnmatch.fnmatch(row["name"], each) for each in goal["rows"].split()):
                continue
            value = reached(goal, row)
            if value is not None:
                judged.append((row, goal, value, value <= float(goal["at_most"])))
    return judged
