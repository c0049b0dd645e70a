"""Who is measured: the servers and drivers whose file says "bench: NAME MODE ..." in its head."""

import dataclasses
import pathlib
import re

BENCH = pathlib.Path(__file__).resolve().parent.parent
TRANSPORTS = ("uring", "epoll")
REFERENCE = "uring"  # Whom the others are compared with.
PROCESSORS = "PROCESSORS"  # In a command: how many processors the server may use.

DECLARATION = re.compile(r"^[ /*]*bench: (\w+)((?: \w+)+)$", re.MULTILINE)
MODE_NUMBERS = {"echo": 0, "sink": 1, "source": 2, "keep": 3, "udp": 0}  # As drivers get them, in "Mode".


@dataclasses.dataclass(frozen=True)
class Contestant:
    name: str           # "libuv", "event/epoll"
    commands: tuple     # (mode, command) pairs

    def command(self, mode, processors=1):
        """What to start for this mode and so many processors; None: it does not do that."""
        found = dict(self.commands).get(mode)
        if found is None or (processors > 1 and PROCESSORS not in found):
            return None
        return tuple(str(processors) if part == PROCESSORS else part for part in found)


def declarations(folder, suffixes):
    """(name, modes, stem) of each file in the order of the files' names."""
    for path in sorted(folder.iterdir()):
        if path.suffix not in suffixes:
            continue
        match = DECLARATION.search(path.read_text(encoding="utf-8"))
        if match is None:
            raise SystemExit(f"{path}: its head does not say 'bench: NAME MODE ...'")
        yield match[1], match[2].split(), path.stem


def server_command(build, stem, mode):
    return (str(build / "bench/servers" / stem), mode)


def driver_command(build, stem, mode, transport):
    return (str(build / "bin/wskrun"), "--transport", transport, "--processors", PROCESSORS,
            "--param", f"Mode={MODE_NUMBERS[mode]}", str(build / f"bench/drivers/bench_{stem}.so"))


def find(build):
    """All of them, the reference first."""
    commands = {}
    for name, modes, stem in declarations(BENCH / "servers", (".c", ".cc")):
        for mode in modes:
            commands.setdefault(name, []).append((mode, server_command(build, stem, mode)))
    for name, modes, stem in declarations(BENCH / "drivers", (".c", ".cpp")):
        for transport in TRANSPORTS:
            for mode in modes:
                commands.setdefault(f"{name}/{transport}", []).append(
                    (mode, driver_command(build, stem, mode, transport)))
    bare = [REFERENCE, "epoll"]
    names = bare + [name for name in commands if name not in bare]
    return [Contestant(name, tuple(commands[name])) for name in names]
