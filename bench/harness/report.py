"""Tables: for the terminal, and as Markdown for the documentation."""

import statistics

import results
import stacks

HEADS = ("", "CPU", "least - most", "x uring", "least - most", "a second", "p50", "p99", "p99.9",
         "user")
MEMORY_HEADS = ("", "bytes", "least - most")


def number(value):
    """Three digits that count: 0.312, 4.51, 18.3, 1204."""
    if value is None:
        return "-"
    for limit, digits in ((1, 3), (10, 2), (100, 1)):
        if abs(value) < limit:
            return f"{value:.{digits}f}"
    return f"{value:,.0f}"


def time(us):
    if us is None:
        return "-"
    return f"{number(us)} us" if us < 1000 else f"{number(us / 1000)} ms"


def rate(row, each):
    if "KiB" in row["unit"]:
        return f"{each['mib_per_second']:,.0f} MiB"
    return f"{each['per_second']:,.0f}"


def is_memory(row):
    return "bytes" in row["unit"]


def heads(row):
    return MEMORY_HEADS if is_memory(row) else HEADS


def cells(row, name, each):
    spread = f"{number(each['least'])} - {number(each['most'])}"
    if is_memory(row):
        return (name, number(each["figure"]), spread)
    ratio_spread = f"{number(each['ratio_least'])} - {number(each['ratio_most'])}"
    return (name, number(each["figure"]), spread, number(each["ratio"]), ratio_spread,
            rate(row, each), time(each["p50_us"]), time(each["p99_us"]), time(each["p999_us"]),
            "-" if each["user_share"] is None else f"{each['user_share']:.0%}")


def columns(lines):
    """Text in columns, the first one to the left and the others to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                      for i, (cell, width) in enumerate(zip(line, widths))).rstrip()
            for line in lines]


def noise(rows):
    """How much of a window the machine did other things, in processors, at the median."""
    found = [sample["others_load"] for row in rows if not is_memory(row)
             for samples in row["samples"].values() for sample in samples]
    return statistics.median(found) if found else 0


def noise_text(rows):
    return f"the machine did other things meanwhile: {noise(rows):.0%} of a processor"


def row_lines(row):
    """The rows of the table, without what failed or was left out."""
    return [heads(row)] + [cells(row, name, each)
                           for name, each in results.summaries(row).items()]


def terminal_row(row):
    text = [f"{row['title']}: {row['unit']}"]
    if row.get("skipped"):
        return "\n".join([*text, f"  left out: {row['skipped']}"])
    text += [f"  {line}" for line in columns(row_lines(row))]
    text += [f"  {name} failed: {reason}" for name, reason in row["failures"].items()]
    if noise([row]) > 0.1:
        text.append(f"  {noise_text([row])}")
    return "\n".join(text)


def profile_lines(profile):
    """ns of each part for a message, and their sum."""
    servers = profile["servers"]
    ns_each = {name: results.ns_of_a_sample(each) for name, each in servers.items()}
    lines = [("ns per message", *servers)]
    for part in stacks.PARTS:
        if any(part in each["parts"] for each in servers.values()):
            lines.append((part, *(f"{ns_each[name] * each['parts'].get(part, 0):,.0f}"
                                  for name, each in servers.items())))
    for title, figure in (("all", "figure"), ("all, without perf", "without_perf")):
        lines.append((title, *(f"{each[figure] * 1000:,.0f}" for each in servers.values())))
    return lines


def terminal_profile(profile):
    text = [f"where the time goes: {profile['title']}"]
    if profile.get("skipped"):
        return "\n".join([*text, f"  left out: {profile['skipped']}"])
    if profile["servers"]:
        text += [f"  {line}" for line in columns(profile_lines(profile))]
    text += [f"  {name} is left out: {reason}" for name, reason in profile["failures"].items()]
    return "\n".join(text)


def terminal_run(run):
    parts = [terminal_row(row) for row in results.all_rows(run)]
    return "\n\n".join([*parts, *([terminal_profile(run["profile"])] if "profile" in run else [])])


def markdown(lines):
    return "\n".join("| " + " | ".join(line) + " |" for line in
                     (lines[0], ("---", *("--:" for _ in lines[0][1:])), *lines[1:]))


def markdown_row(row):
    text = f"### {row['title']}\n\n{row['unit']}\n\n"
    if row.get("skipped"):
        return f"{text}Left out: {row['skipped']}.\n"
    text += markdown(row_lines(row)) + "\n"
    return text + "".join(f"\n{name} failed: {reason}\n"
                          for name, reason in row["failures"].items())


def overview(rows, names):
    """One line a row, one column a server: the figure's median."""
    lines = [("", "unit", *names)]
    for row in rows:
        medians = {name: each["figure"] for name, each in results.summaries(row).items()}
        lines.append((row["title"], row["unit"].replace(" CPU", "").replace(" resident", ""),
                      *(number(medians.get(name)) for name in names)))
    return lines


def ratio_overview(rows, names):
    """The same for the ratios to the reference, of what is measured in time."""
    lines = [("x uring", *names)]
    for row in rows:
        if is_memory(row) or row.get("skipped"):
            continue
        ratios = {name: each["ratio"] for name, each in results.summaries(row).items()}
        lines.append((row["name"], *(number(ratios.get(name)) for name in names)))
    return lines


def goal_lines(judged):
    lines = [("load", "server", "goal", "reached", "")]
    for row, goal, value, is_met in judged:
        what = {"figure": "", "p99_us": "p99 "}[goal["value"]]
        against = "" if goal["against"] == "-" else f" x {goal['against']}"
        lines.append((row["title"], goal["server"], f"{what}{goal['at_most']}{against}",
                      number(value), "" if is_met else "missed"))
    return lines


def environment_text(environment):
    network = "in a network namespace of its own" if environment["own_network"] else (
        "in the machine's own network")
    return (f"{environment['date']}, Linux {environment['kernel']}, {environment['processor']}, "
            f"{environment['processors']} processors; loopback {network}, congestion control "
            f"{environment['congestion_control']}; a null system call costs "
            f"{environment['system_call_ns']:,.0f} ns and waking a thread on the other processor "
            f"{environment['wake_up_ns'] / 1000:,.1f} us")
