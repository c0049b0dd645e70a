"""How the cost of a message grows: a panel for connections, for bytes and for processors, a line for
each server."""

import math

import plot
import report
import results

SERVERS = ("uring", "epoll", "asio", "libuv", "event/uring", "event/epoll", "worker/uring")
ROUNDS = 6

# dimension -> the panel's title. Each row of the set says which dimension it is of.
PANELS = {"connections": "connections, 64 B", "bytes": "bytes of a message, 64 connections",
          "processors": "processors of the server, 64 B, 64 connections"}

LINES = {"uring": ("#cf222e", ""), "epoll": ("#cf222e", "5 3"), "asio": ("#8a8f98", ""),
         "libuv": ("#b08800", ""), "event/uring": ("#1f77b4", ""), "event/epoll": ("#1f77b4", "5 3"),
         "worker/uring": ("#7b5bb5", "")}
OTHER_LINE = ("#24292f", "")

LEFT, TOP, WIDTH, HEIGHT = 48, 40, 390, 250
LABEL_STEP = 13
MOST_OF_LINEAR = 10  # Where a panel's costs differ more than that, its scale is logarithmic.
SHARED = "hollow: the generator shares a processor with the server, there being no other"


class Scale:
    """Values to pixels, linear from nothing or logarithmic."""

    def __init__(self, least, most, begin, end, is_log):
        self.is_log = is_log
        self.least = self.turned(least) if is_log else 0
        self.most = max(self.turned(most), self.least + 1e-9)
        self.begin, self.end = begin, end

    def turned(self, value):
        return math.log(value) if self.is_log else value

    def at(self, value):
        share = (self.turned(value) - self.least) / (self.most - self.least)
        return self.begin + share * (self.end - self.begin)


def round_steps(most):
    """Where a linear scale has its marks: three to six of them."""
    rough = most / 6
    step = 10 ** math.floor(math.log10(rough))
    step *= next(factor for factor in (1, 2, 5, 10) if factor * step >= rough)
    return [index * step for index in range(1, int(most / step) + 1)]


def powers(least, most):
    """And where a logarithmic one has them: at 1, 10, 100 ... and 2 and 5 times those."""
    exponents = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    found = [factor * 10.0 ** exponent for exponent in exponents for factor in (1, 2, 5)]
    return [each for each in found if least <= each <= most]


def value_text(dimension, value):
    if dimension == "bytes" and value >= 1024:
        return f"{value // 1024} KiB"
    return f"{value}"


def lines_of(dimension, rows):
    """name -> (value, summary, whether the generator shares a processor) of each point."""
    found = {}
    for row in rows:
        for name, each in results.summaries(row).items():
            found.setdefault(name, []).append(
                (row[dimension], each, row.get("shares_processor", False)))
    return found


def labels(ends):
    """(y, name) of lines' ends, moved apart so far that each can be read."""
    placed = []
    for y, name in sorted(ends):
        placed.append((max(y, placed[-1][0] + LABEL_STEP) if placed else y, name))
    overlap = placed[-1][0] - (TOP + HEIGHT)
    return [(y - max(0, overlap), name) for y, name in placed]


def axes(dimension, values, marks, x, y):
    parts = [plot.text(0, 12, PANELS[dimension], "t"),
             plot.text(0, 26, "us CPU per message" + (", logarithmic" if y.is_log else ""), "s")]
    for mark in marks:
        at = y.at(mark)
        parts += [f'<path d="M{LEFT} {at:.1f}h{WIDTH}" stroke="#d8dee4"/>',
                  plot.text(LEFT - 6, at + 4, f"{mark:g}", "n")]
    for value in values:
        at = x.at(value)
        parts += [f'<path d="M{at:.1f} {TOP + HEIGHT}v4" stroke="#24292f"/>',
                  f'<text x="{at:.1f}" y="{TOP + HEIGHT + 17}" text-anchor="middle">'
                  f'{value_text(dimension, value)}</text>']
    parts.append(f'<path d="M{LEFT} {TOP + HEIGHT}h{WIDTH}" stroke="#24292f"/>')
    return parts


def line(points, name, x, y):
    colour, dashes = LINES.get(name, OTHER_LINE)
    places = [(x.at(value), y.at(each["figure"]), each, shares) for value, each, shares in points]
    path = "L".join(f"{at_x:.1f} {at_y:.1f}" for at_x, at_y, _, _ in places)
    parts = [f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.6" '
             f'stroke-dasharray="{dashes}"/>']
    for at_x, at_y, each, shares in places:
        parts += [f'<path d="M{at_x:.1f} {y.at(each["least"]):.1f}V{y.at(each["most"]):.1f}" '
                  f'stroke="{colour}" stroke-opacity=".35"/>',
                  f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="2.6" stroke="{colour}" '
                  f'fill="{"#fff" if shares else colour}"/>']
    return parts


def panel(dimension, rows):
    found = lines_of(dimension, rows)
    if dimension == "processors":  # A server that can use only one has no line.
        found = {name: each for name, each in found.items() if len(each) > 1} or found
    points = [point for each in found.values() for point in each]
    values = sorted({value for value, _, _ in points})
    least = min(each["least"] for _, each, _ in points)
    most = max(each["most"] for _, each, _ in points)
    is_log = most / least > MOST_OF_LINEAR
    x = Scale(values[0], values[-1], LEFT + 10, LEFT + WIDTH - 10, True)
    y = Scale(least, most, TOP + HEIGHT, TOP, is_log)
    parts = axes(dimension, values, powers(least, most) if is_log else round_steps(most), x, y)
    for name, each in found.items():
        parts += line(each, name, x, y)
    ends = [(y.at(each[-1][1]["figure"]), name) for name, each in found.items()]
    for at, name in labels(ends):
        parts.append(f'<g fill="{LINES.get(name, OTHER_LINE)[0]}">'
                     f'{plot.text(LEFT + WIDTH + 6, at + 4, name, "l")}</g>')
    if any(shares for _, _, shares in points):
        parts.append(plot.text(LEFT, TOP + HEIGHT + 34, SHARED, "s"))
    return parts


def draw(environment, rows):
    """The whole picture, as text."""
    measured = [row for row in rows if results.summaries(row)]
    panels = [(dimension, of_it) for dimension in PANELS
              if (of_it := [row for row in measured if row["growth"] == dimension])]
    body = []
    for index, (dimension, of_it) in enumerate(panels):
        left = 16 + index % plot.PANELS_A_LINE * plot.PANEL_WIDTH
        top = plot.TOP_HEIGHT + index // plot.PANELS_A_LINE * (TOP + HEIGHT + 52)
        body.append(f'<g transform="translate({left} {top})">')
        body += panel(dimension, of_it)
        body.append("</g>")
    lines_of_panels = -(-len(panels) // plot.PANELS_A_LINE)
    return plot.page("Server CPU as the load grows", report.environment_text(environment), body,
                     plot.TOP_HEIGHT + lines_of_panels * (TOP + HEIGHT + 52))


def lines(rows, dimension, names):
    """The table of a panel: one line a value, one column a server, the figure's median."""
    table = [(dimension, *names)]
    for row in rows:
        if row["growth"] != dimension or row.get("skipped"):
            continue
        medians = {name: each["figure"] for name, each in results.summaries(row).items()}
        table.append((value_text(dimension, row[dimension]),
                      *(report.number(medians.get(name)) for name in names)))
    return table
