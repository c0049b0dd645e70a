"""Flame graphs, drawn by Brendan Gregg's flamegraph.pl, which Debian has in libdevel-nytprof-perl."""

import os
import pathlib
import subprocess
import tempfile

import stacks

PROGRAM = pathlib.Path("/usr/share/perl5/Devel/NYTProf/flamegraph.pl")
LEAST_SHARE = 0.001  # Of the width; what is narrower is part of its caller.
WIDTH = 1200

COLOURS = {stacks.KERNEL: "rgb(240,170,110)", stacks.LIBRARY: "rgb(190,194,200)",
           stacks.SERVER: "rgb(130,190,110)", "net": "rgb(110,170,230)", "wsk": "rgb(150,150,235)",
           "nt": "rgb(110,205,205)"}
OTHER = "rgb(215,220,228)"
LEGEND = "orange: kernel, blue: net, violet: wsk, turquoise: nt, green: the driver, grey: libraries and the rest"


def palette(places):
    """What flamegraph.pl reads as palette.map."""
    named = {"": "the whole", **places}
    return "".join(f"{name}->{COLOURS.get(place, OTHER)}\n" for name, place in named.items())


def draw(title, collapsed, places, ns_each):
    """The picture as text. collapsed: [stack, count] pairs, a stack being names joined by ';';
    places: name -> place; ns_each: what one of the counts stands for."""
    lines = "".join(f"{stack} {count}\n" for stack, count in sorted(collapsed))
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "palette.map").write_text(palette(places),
                                                       encoding="utf-8")
        command = [str(PROGRAM), "--cp", f"--title={title}", f"--width={WIDTH}",
                   f"--minwidth={LEAST_SHARE * WIDTH}", "--fonttype=sans-serif", "--countname=ns",
                   f"--factor={ns_each}"]
        # Perl goes through its hashes in another order each time, unless told not to.
        return subprocess.run(command, input=lines, cwd=folder, capture_output=True, text=True,
                              check=True, env={**os.environ, "PERL_HASH_SEED": "0"}).stdout
