"""The pictures of a run, each with the name of its file."""

import subprocess
import sys

import flame
import growth
import plot
import results

FLAMES = {"event/uring": "flame-event.svg", "event/epoll": "flame-event-epoll.svg",
          "worker/uring": "flame-worker.svg"}


def of(run):
    """(name, SVG) of each that the run has the figures for."""
    if run["rows"]:
        yield "performance.svg", plot.draw(run["environment"], run["rows"])
    if "growth" in run:
        yield "performance-growth.svg", growth.draw(run["environment"], run["growth"]["rows"])
    if "profile" in run:
        yield from flames(run["profile"])


def flames(profile):
    for name, file in FLAMES.items():
        if name not in profile["servers"]:
            continue
        each = profile["servers"][name]
        title = f"{name}, {profile['title']}: {each['figure'] * 1000:,.0f} ns each"
        try:
            yield file, flame.draw(title, each["stacks"], each["places"],
                                   results.ns_of_a_sample(each))
        except (OSError, subprocess.SubprocessError) as error:
            print(f"bench: no flame graphs (Debian: libdevel-nytprof-perl): {error}",
                  file=sys.stderr)
            return
