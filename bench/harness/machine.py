"""The machine: which processors to use, how many descriptors there are, a network of our own."""

import ctypes
import datetime
import fcntl
import json
import os
import pathlib
import platform
import resource
import socket
import struct
import subprocess

INSIDE = "WSKRUN_BENCH_NETWORK"  # Set for the harness that runs in a network of its own.

# Of the own network only. Pacing, which some hosts' congestion control does, would be measured too.
NETWORK_SETTINGS = {
    "net.ipv4.tcp_congestion_control": "reno",
    "net.ipv4.ip_local_port_range": "10000 65000",
    "net.core.somaxconn": "4096",
}


def enter_own_network(arguments):
    """Starts the harness again in a network namespace, or returns where that is not allowed."""
    if INSIDE in os.environ:
        set_up_network()
        return
    command = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
        os.execvpe(command[0], [*command, *arguments], {**os.environ, INSIDE: "own"})


def set_up_network():
    interface_up("lo")
    for name, value in NETWORK_SETTINGS.items():
        pathlib.Path("/proc/sys", *name.split(".")).write_text(value, encoding="ascii")


def interface_up(name):
    get_flags, set_flags, up = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", name.encode(), 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, get_flags, request))[1]
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sH14x", name.encode(), flags | up))


def sysctl(name):
    return pathlib.Path("/proc/sys", *name.split(".")).read_text(encoding="ascii").strip()


def siblings_of(processor):
    path = pathlib.Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")
    found = set()
    if not path.exists():
        return {processor}
    for part in path.read_text(encoding="ascii").strip().split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def choose_processors():
    """One for the servers and one for the generator, of different cores where there are such."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise SystemExit("bench: two processors are needed, one for the server under test")
    generator = allowed[0]
    apart = [each for each in allowed[1:] if each not in siblings_of(generator)]
    return (apart or allowed[1:])[0], generator


def allowed_processors():
    return len(os.sched_getaffinity(0))


def server_processors(count, server, generator):
    """So many of them for a server. The generator's is the last: where the server gets all, the two
    share it."""
    others = sorted(os.sched_getaffinity(0) - {server, generator})
    return set([server, *others, generator][:count])


def allow_descriptors(wanted):
    """Raises the limit as far as it goes up to `wanted`, and returns what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limits in ((wanted, max(hard, wanted)), (min(hard, wanted), hard)):
        if soft >= wanted:
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        except (ValueError, OSError):
            continue
        soft = limits[0]
    return soft


def available_memory_bytes():
    for line in pathlib.Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def has_io_uring():
    """Containers often forbid it."""
    io_uring_setup = 425
    parameters = ctypes.create_string_buffer(120)
    descriptor = ctypes.CDLL(None).syscall(io_uring_setup, 1, parameters)
    if descriptor >= 0:
        os.close(descriptor)
    return descriptor >= 0


def die_with_parent():
    """For a child process, between fork and exec: no server outlives a harness that was killed."""
    pr_set_pdeathsig, sigkill = 1, 9
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, sigkill)


def processor_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def describe(generator_program, processors):
    costs = subprocess.run([generator_program, "--machine", *map(str, processors)],
                           capture_output=True, text=True, check=True).stdout
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "kernel": platform.release(),
        "processor": processor_name(),
        "processors": os.cpu_count(),
        "own_network": INSIDE in os.environ,
        "congestion_control": sysctl("net.ipv4.tcp_congestion_control"),
        **json.loads(costs),
    }
