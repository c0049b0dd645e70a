"""Flame graphs, drawn by Brendan Gregg's flamegraph.pl, which Debian has in libdevel-nytprof-perl.
Only what it draws is kept, not the program that it puts into each picture, which is not ours."""

import os
import pathlib
import subprocess
import tempfile
from xml.etree import ElementTree

import stacks

PROGRAM = pathlib.Path("/usr/share/perl5/Devel/NYTProf/flamegraph.pl")
LEAST_SHARE = 0.001  # Of the width; what is narrower is part of its caller.
WIDTH = 1200

COLOURS = {stacks.KERNEL: "rgb(240,170,110)", stacks.LIBRARY: "rgb(190,194,200)",
           stacks.SERVER: "rgb(130,190,110)", "net": "rgb(110,170,230)", "wsk": "rgb(150,150,235)",
           "nt": "rgb(110,205,205)"}
OTHER = "rgb(215,220,228)"
LEGEND = ("orange: kernel, blue: net, violet: wsk, turquoise: nt, green: the driver, grey: libraries "
          "and the rest")

SVG = "http://www.w3.org/2000/svg"
PROGRAM_PARTS = {f"{{{SVG}}}script", f"{{{SVG}}}style"}
PROGRAM_TEXTS = {"details", "unzoom", "search", "matched"}  # By their id.


def palette(places):
    """What flamegraph.pl reads as palette.map."""
    named = {"": "the whole", **places}
    return "".join(f"{name}->{COLOURS.get(place, OTHER)}\n" for name, place in named.items())


def still(picture):
    """The SVG without its program and what only that uses. What a frame is stays in its title."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(picture)
    for parent in root.iter():
        for child in list(parent):
            if child.tag in PROGRAM_PARTS or child.get("id") in PROGRAM_TEXTS:
                parent.remove(child)
        for name in [each for each in parent.attrib if each.startswith("on")]:
            del parent.attrib[name]
    return ElementTree.tostring(root, encoding="unicode") + "\n"


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
        drawn = subprocess.run(command, input=lines, cwd=folder, capture_output=True, text=True,
                               check=True, env={**os.environ, "PERL_HASH_SEED": "0"})
        return still(drawn.stdout)
