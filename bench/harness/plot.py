"""The figures as an SVG: a panel for each row, a bar for each server, a line at bare io_uring."""

import textwrap
from xml.sax.saxutils import escape

import contestants
import report
import results

PANELS_A_LINE = 2
PANEL_WIDTH = 560
NAME_WIDTH = 92
BAR_WIDTH = 330
BAR_HEIGHT = 12
BAR_STEP = 16
HEAD_HEIGHT = 34
TOP_HEIGHT = 74
SUBTITLE_CHARACTERS = 190  # Of a line.

COLOURS = (("event/", "#1f77b4"), ("irp/", "#17a2a2"), ("worker/", "#7b5bb5"),
           ("retain/", "#5b8c3a"), ("", "#8a8f98"))

STYLE = ("text{font:11px sans-serif;fill:#24292f}.t{font-weight:bold;font-size:12px}"
         ".h{font-size:16px;font-weight:bold}.n{text-anchor:end}.s{fill:#57606a}.l{fill:inherit}")


def colour_of(name):
    return next(colour for start, colour in COLOURS if name.startswith(start))


def text(x, y, content, style=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{escape(content)}</text>'


def bar(y, name, each, scale):
    left = NAME_WIDTH
    middle = y + BAR_HEIGHT / 2
    return [
        text(left - 6, y + BAR_HEIGHT - 2, name, "n"),
        f'<rect x="{left}" y="{y}" width="{each["figure"] * scale:.1f}" height="{BAR_HEIGHT}" '
        f'fill="{colour_of(name)}"/>',
        f'<path d="M{left + each["least"] * scale:.1f} {middle}H'
        f'{left + min(each["most"] * scale, BAR_WIDTH):.1f}" stroke="#24292f"/>',
        text(left + BAR_WIDTH + 8, y + BAR_HEIGHT - 2,
             report.number(each["figure"]) +
             (f"   x {report.number(each['ratio'])}" if each["ratio"] is not None else "")),
    ]


def panel_height(row):
    return HEAD_HEIGHT + BAR_STEP * len(results.summaries(row)) + 18


def panel(row):
    found = results.summaries(row)
    scale = BAR_WIDTH / (1.15 * max(max(each["figure"] for each in found.values()), 1e-9))
    parts = [text(0, 12, row["title"], "t"), text(0, 26, row["unit"], "s")]
    for index, (name, each) in enumerate(found.items()):
        parts += bar(HEAD_HEIGHT + index * BAR_STEP, name, each, scale)
    if contestants.REFERENCE in found:
        x = NAME_WIDTH + found[contestants.REFERENCE]["figure"] * scale
        bottom = HEAD_HEIGHT + BAR_STEP * len(found)
        parts.append(f'<path d="M{x:.1f} {HEAD_HEIGHT - 4}V{bottom}" stroke="#cf222e" '
                     'stroke-dasharray="3 2"/>')
    return parts


def draw(environment, rows):
    """The whole picture, as text."""
    rows = [row for row in rows if results.summaries(row)]
    body = []
    y = TOP_HEIGHT
    for start in range(0, len(rows), PANELS_A_LINE):
        line = rows[start:start + PANELS_A_LINE]
        for index, row in enumerate(line):
            body.append(f'<g transform="translate({16 + index * PANEL_WIDTH} {y})">')
            body += panel(row)
            body.append("</g>")
        y += max(map(panel_height, line))
    return page("Server CPU by load", report.environment_text(environment), body, y)


def page(title, subtitle, body, height):
    width = 16 + PANELS_A_LINE * PANEL_WIDTH
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">',
        f"<style>{STYLE}</style>", f'<rect width="{width}" height="{height}" fill="#fff"/>',
        text(16, 26, title, "h"),
        *(text(16, 44 + index * 14, line, "s")
          for index, line in enumerate(textwrap.wrap(subtitle, SUBTITLE_CHARACTERS))),
        *body, "</svg>", ""])
