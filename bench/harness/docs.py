"""Puts a run's figures into the documentation."""

import re

import plot
import report
import results

BEGIN = "<!-- figures: written by ./dev bench --docs -->"
END = "<!-- end of figures -->"


QUIET = 0.1  # Of a processor.
WARNING = ("**These figures are preliminary**: the machine was busy with other things, so that "
           "single cells may be off by a third or more.")


def figures(environment, rows, names, judged):
    missed = [each for each in judged if not each[3]]
    return "\n".join([
        BEGIN, "", *([WARNING, ""] if report.noise(rows) > QUIET else []),
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
        report.markdown(report.goal_lines(judged)), "", END])


def details(environment, rows):
    return "\n".join([
        "# The figures, load by load", "",
        "Written by `./dev bench --docs`; [performance](performance.md) says how to read it.", "",
        f"Measured {report.environment_text(environment)}.", "",
        "\n".join(map(report.markdown_row, rows))])


def write(folder, environment, rows, names, goals):
    page = folder / "performance.md"
    text = page.read_text(encoding="utf-8")
    found = re.search(re.escape(BEGIN) + ".*" + re.escape(END), text, re.DOTALL)
    if found is None:
        raise SystemExit(f"{page}: the marks around the figures are missing")
    new = figures(environment, rows, names, results.judge(goals, rows))
    page.write_text(text[:found.start()] + new + text[found.end():], encoding="utf-8")
    (folder / "performance-figures.md").write_text(details(environment, rows), encoding="utf-8")
    (folder / "performance.svg").write_text(plot.draw(environment, rows), encoding="utf-8")
