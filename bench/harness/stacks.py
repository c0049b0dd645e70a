"""What perf sampled: from the text of `perf script` to stacks of functions, each with its place, and
to the part of the whole that a sample was in."""

import collections
import dataclasses
import os
import pathlib
import re
import subprocess

import contestants

ROOT = contestants.BENCH.parent
ROOMS = tuple(sorted(each.name for each in (ROOT / "src").iterdir() if each.is_dir()))

FRAME = re.compile(r"^\s+([0-9a-f]+) (.*) \(([^()]*)\)$")
LOWEST_KERNEL_ADDRESS = 1 << 63
UNKNOWN = "[unknown]"

# The places that a frame can be at: the kernel, a room of the runtime, the rest of the process.
KERNEL, LIBRARY, SERVER = "kernel", "library", "server"
SOURCES_OF_SERVERS = ("bench/drivers", "bench/servers", "examples")

# What the kernel does for a message, the innermost first: a send calls what delivers, which calls
# what wakes. A sample is in the first part of which its stack has a function.
KERNEL_PARTS = tuple((part, re.compile(pattern)) for part, pattern in (
    ("interrupts, page faults", r"(asm_|__)?sysvec_|asm_common_interrupt|asm_exc_|(__)?irq_exit"),
    ("scheduling and waking", r"(__)?schedule(_|$)|try_to_wake_up|sock_def_(readable|write_space)|"
                              r"__wake_up|wake_up_|(do_|__x64_sys_)?futex|finish_task_switch"),
    ("delivery to the peer", r"(__)?do_softirq|__local_bh_enable_ip|net_rx_action|tcp_v[46]_rcv"),
    ("send", r"(__)?(sock|inet6?|tcp|udp|__sys|__x64_sys)_send(msg|to)"),
    ("receive", r"(__)?(sock|inet6?|tcp|udp|__sys|__x64_sys)_recv(msg|from)"),
    ("io_uring", r"_*(do_sys_|x64_sys_)?io_"),
    ("epoll", r"ep_|do_epoll_|(__x64_sys|do_compat)?_?epoll_"),
    ("system calls: entry, exit, rest", r"entry_SYSCALL|do_syscall_|syscall_|__x64_sys_|"
                                        r"entry_SYSRETQ|exit_to_user_mode"),
))
LOCK = re.compile(r"_*(GI_+)?(pthread_(mutex|spin|rwlock)|lll)_")

OTHER_KERNEL = "kernel: other"
LOCKS = "libraries: locks"
LIBRARIES = "libraries: libc and others"
THE_SERVER = "the server or driver itself"
ELSEWHERE = "elsewhere"  # Code of the process without a name.

# Every part that there can be, in the order of a table.
PARTS = (*(f"kernel: {part}" for part in
           ("send", "delivery to the peer", "receive", "io_uring", "epoll",
            "system calls: entry, exit, rest", "scheduling and waking", "interrupts, page faults")),
         OTHER_KERNEL, *(f"runtime: {room}" for room in ("net", "wsk", "nt", "probe", "base")),
         *(f"runtime: {room}" for room in ROOMS
           if room not in ("net", "wsk", "nt", "probe", "base")),
         LOCKS, LIBRARIES, THE_SERVER, ELSEWHERE)


@dataclasses.dataclass(frozen=True)
class Frame:
    name: str
    place: str  # KERNEL, LIBRARY, SERVER, or the name of a room.


def parse(text):
    """(thread, frames) of each sample, a frame being (address, symbol, object), the innermost
    first. An address of the process's is an offset in its object; that of a caller, in the call."""
    samples = []
    for line in text.splitlines():
        if match := FRAME.match(line):
            samples[-1][1].append((int(match[1], 16), match[2], match[3]))
        elif line.strip():
            samples.append((line.strip(), []))
    return samples


def is_kernel(frame):
    return frame[0] >= LOWEST_KERNEL_ADDRESS


# --- names ---------------------------------------------------------------------------------------


def without(pattern, name):
    """Inner brackets first, until there are none."""
    while (shorter := re.sub(pattern, "", name)) != name:
        name = shorter
    return name


def short_name(name, file=""):
    """Without parameters, template arguments, our namespace and what the compiler adds."""
    if name.startswith(("operator()", "_FUN")):
        return f"lambda in {pathlib.PurePath(file).name}"
    name = re.sub(r" ?\[(clone|abi:)[^]]*\]|@.*", "", name.replace("(anonymous namespace)::", ""))
    name = without(r"\([^()]*\)", name)
    name = without(r"<[^<>]*>", name.replace("operator->", "operator")).replace(" const", "")
    name = re.sub(r"\.(constprop|isra|part|cold|lto_priv)(\.\d+)?|\bwskrun::", "", name)
    if "{lambda" in name:
        return f"lambda in {pathlib.PurePath(file).name}"
    return name.split(" ")[-1].replace(";", ":")  # Of a template's, the result comes first.


def place_of(file):
    """Of a source file; None: it is of no room's, as the standard library's headers."""
    if found := re.search(rf"(?:^|/)src/({'|'.join(ROOMS)})/", file):
        return found[1]
    return SERVER if any(f"{folder}/" in file for folder in SOURCES_OF_SERVERS) else None


class Sources:
    """Which functions an address is in, the innermost first, those inlined there among them: what
    one symbol of the optimised library hides."""

    def __init__(self, build, samples):
        by_object = collections.defaultdict(set)
        for _, frames in samples:
            for frame in frames:
                if not is_kernel(frame) and frame[2].startswith(f"{build}{os.sep}"):
                    by_object[frame[2]].add(frame[0])
        self.found = {name: self.ask(name, sorted(addresses))
                      for name, addresses in by_object.items()}

    @staticmethod
    def ask(name, addresses):
        asked = "".join(f"{each:#x}\n" for each in addresses)
        text = subprocess.run(["addr2line", "-a", "-i", "-f", "-C", "-e", name], input=asked,
                              capture_output=True, text=True, check=True).stdout
        return read_addr2line(text)

    def frames(self, frame):
        """None: it is not ours."""
        if frame[2] not in self.found:
            return None
        return self.found[frame[2]].get(frame[0], [])


def read_addr2line(text):
    """address -> frames: after each address, pairs of lines with a function and its source."""
    found = {}
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("0x"):
            frames = found[int(line, 16)] = []
            continue
        file = next(lines, "").rpartition(":")[0]
        if place := place_of(file):
            frames.append(Frame(short_name(line, file), place))
    return found


def resolve(frames, sources):
    """Frames with their names and places, the innermost first."""
    resolved = []
    for frame in frames:
        if is_kernel(frame):
            resolved.append(Frame(short_name(frame[1]), KERNEL))
        elif (ours := sources.frames(frame)) is not None:
            resolved += ours
        else:
            name = short_name(frame[1])
            if name == UNKNOWN:
                name = f"[{pathlib.PurePath(frame[2]).name}]"
            resolved.append(Frame(name, LIBRARY))
    return resolved


# --- parts ---------------------------------------------------------------------------------------


def kernel_part(frames):
    names = [frame.name for frame in frames if frame.place == KERNEL]
    for part, pattern in KERNEL_PARTS:
        if any(map(pattern.match, names)):
            return f"kernel: {part}"
    return OTHER_KERNEL


def part_of(frames):
    """Where the time of a sample goes: by the innermost function, and in the kernel by the call of
    which that one is a part."""
    if not frames:
        return ELSEWHERE
    innermost = frames[0]
    if innermost.place == KERNEL:
        return kernel_part(frames)
    if innermost.place == LIBRARY:
        return LOCKS if LOCK.match(innermost.name) else LIBRARIES
    return THE_SERVER if innermost.place == SERVER else f"runtime: {innermost.place}"


def shares(samples):
    """part -> how many of the samples."""
    return dict(collections.Counter(part_of(frames) for _, frames in samples))


# --- collapsed -----------------------------------------------------------------------------------


def collapse(samples):
    """(thread, function, function called ...) -> how many samples."""
    return collections.Counter((thread, *(frame.name for frame in reversed(frames)))
                               for thread, frames in samples)


def prune(collapsed, least):
    """The same, with what has less than that share of all samples counted as its caller's."""
    totals = collections.Counter()
    for stack, count in collapsed.items():
        for depth in range(1, len(stack) + 1):
            totals[stack[:depth]] += count
    enough = least * sum(collapsed.values())
    pruned = collections.Counter()
    for stack, count in collapsed.items():
        while len(stack) > 1 and totals[stack] < enough:
            stack = stack[:-1]
        pruned[stack] += count
    return pruned
