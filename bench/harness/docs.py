"""Puts a run's figures into the documentation."""

import re

import flame
import growth
import pictures
import report
import results


def marks(what):
    return f"<!-- {what}: written by ./dev bench --docs -->", f"<!-- end of {what} -->"


FIGURES, PROFILE, GROWTH = map(marks, ("figures", "profile", "growth"))
PICTURES = ("performance.svg", "performance-growth.svg", "flame-event.svg", "flame-worker.svg")

QUIET = 0.1  # Of a processor.
WARNING = ("**These figures are preliminary**: the machine was busy with other things, so that "
           "single cells may be off by a third or more.")


def figures(environment, rows, names, judged):
    missed = [each for each in judged if not each[3]]
    return "\n".join([
        *([WARNING, ""] if report.noise(rows) > QUIET else []),
        f"Measured {report.environment_text(environment)}. {environment['rounds']} windows of "
        f"{environment['window_seconds']:g} s for each server and load; at the median of them, "
        f"{report.noise_text(rows)}. [The figures, load by load](performance-figures.md) have the "
        "spread, the rates and the latencies.", "",
        "![A panel for each load, a bar for each server](performance.svg)", "",
        "### Medians", "", report.markdown(report.overview(rows, names)), "",
        "### Ratios to bare io_uring", "", report.markdown(report.ratio_overview(rows, names)), "",
        "### Goals", "",
        f"{len(judged) - len(missed)} of {len(judged)} are met. A ratio is the median of those of "
        "single rounds, in which the two were measured seconds apart.", "",
        report.markdown(report.goal_lines(judged))])


def details(environment, rows):
    return "\n".join([
        "# The figures, load by load", "",
        "Written by `./dev bench --docs`; [performance](performance.md) says how to read it.", "",
        f"Measured {report.environment_text(environment)}.", "",
        "\n".join(map(report.markdown_row, rows))])


def profile_figures(environment, profile):
    samples = [each["samples"] for each in profile["servers"].values()]
    is_noisy = max(each["others_load"] for each in profile["servers"].values()) > QUIET
    return "\n".join([
        *([WARNING, ""] if is_noisy else []),
        f"Measured {report.environment_text(environment)}. {profile['title']}, "
        f"{profile['seconds']} s each, {min(samples):,} to {max(samples):,} samples.", "",
        report.markdown(report.profile_lines(profile)),
        *(f"\n{name} is left out: {reason}.\n" for name, reason in profile["failures"].items()),
        "", f"Flame graphs of the samples; {flame.LEGEND}.", "",
        "![event on io_uring](flame-event.svg)", "", "![worker on io_uring](flame-worker.svg)"])


def growth_figures(environment, measured):
    rows = measured["rows"]
    left_out = [f"{row['title']} is left out: {row['skipped']}." for row in rows
                if row.get("skipped")]
    tables = [part for dimension, title in growth.PANELS.items()
              for part in (f"us CPU per message by {title}:", "",
                           report.markdown(growth.lines(rows, dimension, measured["servers"])), "")]
    return "\n".join([
        *([WARNING, ""] if report.noise(rows) > QUIET else []),
        f"Measured {report.environment_text(environment)}. {measured['rounds']} windows of "
        f"{environment['window_seconds']:g} s for each point; {report.noise_text(rows)}.", "",
        "![A panel for what grows, a line for each server](performance-growth.svg)", "",
        *tables, *left_out]).rstrip()


def replace(page, text, between, new):
    """The text with `new` between those marks."""
    begin, end = between
    found = re.search(re.escape(begin) + ".*" + re.escape(end), text, re.DOTALL)
    if found is None:
        raise SystemExit(f"{page}: the marks around {begin} are missing")
    return f"{text[:found.start()]}{begin}\n\n{new}\n\n{end}{text[found.end():]}"


def sections(run, goals):
    """(marks, text) of each part that was measured; the others stay as they are."""
    environment, rows = run["environment"], run["rows"]
    if rows:
        yield FIGURES, figures(environment, rows, run["servers"], results.judge(goals, rows))
    if run.get("profile", {}).get("servers"):
        yield PROFILE, profile_figures(environment, run["profile"])
    if "growth" in run:
        yield GROWTH, growth_figures(environment, run["growth"])


def write(folder, run, goals):
    page = folder / "performance.md"
    text = page.read_text(encoding="utf-8")
    for between, new in sections(run, goals):
        text = replace(page, text, between, new)
    page.write_text(text, encoding="utf-8")
    if run["rows"]:
        (folder / "performance-figures.md").write_text(details(run["environment"], run["rows"]),
                                                       encoding="utf-8")
    for name, picture in pictures.of(run):
        if name in PICTURES:
            (folder / name).write_text(picture, encoding="utf-8")
