"""That the harness measures what it says: processor time and not elapsed time, of the server, for
messages that really came back. Nothing here depends on how fast the machine is."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
import xml.etree.ElementTree

import contestants
import docs
import flame
import growth
import machine
import measure
import pictures
import plot
import processes
import profiling
import report
import results
import stacks

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else contestants.BENCH.parent / "build/release")
GENERATOR = str(BUILD / "bin/bench_generator")
measure.WINDOW_SECONDS = 0.2  # So long that a busy machine lets everybody run in between.

# One row of each kind.
ROWS = {row["name"]: row for row in measure.rows_of(GENERATOR)}
ROW_NAMES = ("ping-64-1", "connect-64", "stream-in-1", "stream-out-1", "udp-in-64", "udp-out-64")

# Echo servers whose cost is known: the one computes, the other sleeps, for so long before each echo.
COST_US = 5000
SERVER = """
import socket, time
listener = socket.create_server(("127.0.0.1", 0))
print("listening on 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
peer, _ = listener.accept()
peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while message := peer.recv(64):
    {before}
    peer.sendall({answer})
"""
COMPUTE = f"""end = time.process_time_ns() + {COST_US * 1000}
    while time.process_time_ns() < end: pass"""
SLEEP = f"time.sleep({COST_US / 1e6})"


def python_server(before, answer="message"):
    code = SERVER.format(before=before, answer=answer)
    return contestants.Contestant("python", (("echo", (sys.executable, "-c", code)),))


def run(row_name, servers, rounds=1):
    plan = measure.Plan(GENERATOR, processors(), rounds, 1)
    row_run = measure.RowRun(plan, ROWS[row_name], servers)
    row_run.run()
    return row_run


def processors():
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[-1], allowed[0]


def built_contestants():
    """Without those servers whose library is not there."""
    return [each for each in contestants.find(BUILD)
            if all(pathlib.Path(command[0]).exists() for _, command in each.commands)]


@unittest.skipUnless(machine.has_io_uring(), "the load generator needs io_uring")
class Measuring(unittest.TestCase):
    def one_sample(self, server):
        found = run("ping-64-1", [server])
        self.assertEqual(found.failures, {})
        return found.results["python"][0]

    def failure(self, server):
        found = run("ping-64-1", [server])
        self.assertEqual(found.results["python"], [])
        return found.failures["python"]

    def test_every_server_serves_every_row_it_is_for(self):
        servers = built_contestants()
        self.assertIn("event/uring", [each.name for each in servers])
        for name in ROW_NAMES:
            with self.subTest(row=name):
                found = run(name, servers)
                self.assertEqual(found.failures, {})
                for server, samples in found.results.items():
                    self.assertEqual(len(samples), 1, server)
                    self.assertGreater(samples[0]["count"], 0, server)
                    self.assertGreater(samples[0]["server_load"], 0, server)
                    self.assertGreater(samples[0]["generator_load"], 0, server)

    def test_what_the_server_computes_is_in_the_figure(self):
        sample = self.one_sample(python_server(COMPUTE))
        # The window may begin in the middle of a message, which then counts as a whole one.
        whole_messages = sample["count"] - 1
        self.assertGreaterEqual(sample["figure"] * sample["count"], COST_US * whole_messages)
        self.assertGreater(whole_messages, 0)

    def test_what_the_server_waits_is_not_in_the_figure_but_in_the_latency(self):
        sample = self.one_sample(python_server(SLEEP))
        self.assertLess(sample["figure"], COST_US / 2)
        self.assertGreaterEqual(sample["p50_us"], COST_US)

    def test_an_echo_of_other_bytes_is_a_failure(self):
        self.assertIn("not what was sent", self.failure(python_server("pass", "bytes(64)")))

    def test_a_server_that_hangs_up_is_a_failure(self):
        self.assertIn("python", run("ping-64-1", [python_server("break")]).failures)

    def test_a_server_that_does_not_start_is_a_failure(self):
        command = (sys.executable, "-c", "print('no port is free')")
        reason = self.failure(contestants.Contestant("python", (("echo", command),)))
        self.assertIn("did not start: no port is free", reason)


def sample(number, figure):
    return {"round": number, "figure": figure, "per_second": 1e6 / figure, "mib_per_second": 1.0,
            "p50_us": figure, "p99_us": figure, "p999_us": figure, "server_user": 0.25,
            "server_system": 0.75, "others_load": 0.5}


ROW = {"name": "ping-64-1", "title": "ping-pong 64 B, <1 connection>", "unit": "us CPU per message",
       "growth": "", "connections": 1, "bytes": 64, "processors": 1, "failures": {"epoll": "it broke"},
       "samples": {"uring": [sample(0, 10.0), sample(1, 20.0), sample(2, 40.0)],
                   "event/uring": [sample(0, 11.0), sample(1, 24.0), sample(2, 44.0)],
                   "epoll": []}}
ENVIRONMENT = {"date": "today", "kernel": "6.1", "processor": "a processor", "processors": 2,
               "own_network": True, "congestion_control": "reno", "system_call_ns": 100,
               "wake_up_ns": 5000, "rounds": 3, "window_seconds": 0.1}
GOALS = [{"rows": "ping-*", "server": "event/uring", "against": "uring", "value": "figure",
          "at_most": at_most} for at_most in ("1.10", "1.09")]



POINTS = [{**ROW, "name": f"grow-connections-{count}", "title": f"64 B, {count} connections",
           "growth": "connections", "connections": count, "failures": {},
           "samples": {name: [sample(0, figure)] for name in ("uring", "event/uring")}}
          for count, figure in ((1, 20.0), (16000, 80.0))]
GROWTH = {"rounds": 1, "servers": ["uring", "event/uring"], "rows": POINTS}
PROFILE = {"title": "ping-pong 64 B, 64 connections", "seconds": 3, "failures": {}, "servers": {
    "event/uring": {"figure": 4.0, "without_perf": 3.9, "others_load": 0.5, "samples": 400,
                    "parts": {"kernel: send": 300, "runtime: wsk": 100},
                    "stacks": [["wskrun-loop0;wsk::send", 100],
                               ["wskrun-loop0;wsk::send;tcp_sendmsg", 300]],
                    "places": {"wsk::send": "wsk", "tcp_sendmsg": stacks.KERNEL}}}}
RUN = {"environment": ENVIRONMENT, "servers": ["uring", "event/uring"], "rows": []}


def written(folder, run):
    """What becomes of a page of old figures."""
    page = folder / "performance.md"
    old = [f"{begin}\nold {what}\n{end}\n" for what, (begin, end) in (
        ("figures", docs.FIGURES), ("profile", docs.PROFILE), ("growth", docs.GROWTH))]
    page.write_text("before\n" + "".join(old) + "after\n", encoding="utf-8")
    docs.write(folder, run, GOALS)
    return page.read_text(encoding="utf-8")


class Reporting(unittest.TestCase):
    def test_a_ratio_is_the_median_of_those_of_single_rounds(self):
        found = results.summaries(ROW)["event/uring"]
        self.assertEqual(found["figure"], 24.0)
        self.assertAlmostEqual(found["ratio"], 1.1)
        self.assertAlmostEqual(found["ratio_most"], 1.2)
        self.assertEqual((found["least"], found["most"]), (11.0, 44.0))
        self.assertEqual(found["user_share"], 0.25)

    def test_a_goal_is_met_or_missed(self):
        self.assertEqual([met for _, _, _, met in results.judge(GOALS, [ROW])], [True, False])

    def test_the_table_has_every_server_and_every_failure(self):
        text = report.terminal_row(ROW)
        for expected in ("event/uring", "1.20", "epoll failed: it broke", "50% of a processor"):
            self.assertIn(expected, text)

    def test_the_plot_is_an_svg(self):
        root = xml.etree.ElementTree.fromstring(plot.draw(ENVIRONMENT, [ROW]))
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        self.assertIn("event/uring", "".join(root.itertext()))

    def test_the_documentation_gets_the_figures_between_its_marks(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            text = written(folder, {**RUN, "rows": [ROW]})
            self.assertTrue(text.startswith("before\n") and text.endswith("\nafter\n"))
            self.assertNotIn("old figures", text)
            self.assertIn("1 of 2 are met", text)
            self.assertIn(docs.WARNING, text)
            self.assertTrue((folder / "performance.svg").exists())


class Growing(unittest.TestCase):
    def test_its_rows_are_left_out_of_the_table(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            text = written(folder, {**RUN, "rows": [ROW], "growth": GROWTH})
            figures, growing = text.split(docs.GROWTH[0])
            self.assertIn(ROW["title"], figures)
            self.assertNotIn(POINTS[1]["title"], figures)
            self.assertNotIn(POINTS[1]["title"], (folder / "performance.svg").read_text())
            self.assertIn("| 16000 | 80.0 |", growing)

    def test_the_generator_has_a_set_of_them_for_each_panel(self):
        for dimension in growth.PANELS:
            values = [row[dimension] for row in ROWS.values() if row["growth"] == dimension]
            self.assertEqual(values, sorted(set(values)))
            self.assertEqual(values[0], 64 if dimension == "bytes" else 1)

    def test_the_plot_has_a_line_for_each_server_and_says_where_processors_are_shared(self):
        picture = growth.draw(ENVIRONMENT, GROWTH["rows"])
        words = "".join(xml.etree.ElementTree.fromstring(picture).itertext())
        for expected in ("event/uring", "16000", growth.PANELS["connections"]):
            self.assertIn(expected, words)
        self.assertNotIn(growth.SHARED, words)
        shared = [{**row, "shares_processor": True} for row in POINTS]
        self.assertIn(growth.SHARED, growth.draw(ENVIRONMENT, shared))

    def test_labels_keep_apart_and_inside(self):
        bottom = growth.TOP + growth.HEIGHT
        placed = growth.labels([(bottom, "a"), (bottom - 1, "b"), (50, "c")])
        heights = [y for y, _ in placed]
        self.assertEqual([name for _, name in placed], ["c", "b", "a"])
        self.assertLessEqual(heights[-1], bottom)
        self.assertGreaterEqual(heights[-1] - heights[-2], growth.LABEL_STEP)

    def test_only_what_takes_a_number_of_processors_gets_more_than_one(self):
        server = contestants.Contestant("uring", (("echo", ("uring", "echo")),))
        driver = contestants.Contestant("event/uring", (("echo", contestants.driver_command(
            pathlib.Path("build"), "event", "echo", "uring")),))
        self.assertEqual(server.command("echo"), ("uring", "echo"))
        self.assertIsNone(server.command("echo", 2))
        self.assertIn("--processors 2 ", " ".join(driver.command("echo", 2)))
        self.assertIn("--processors 1 ", " ".join(driver.command("echo")))

    def test_the_generators_processor_is_the_last_that_a_server_gets(self):
        with unittest.mock.patch("os.sched_getaffinity", return_value={0, 1, 2}):
            self.assertEqual(machine.server_processors(1, 1, 0), {1})
            self.assertEqual(machine.server_processors(2, 1, 0), {1, 2})
            self.assertEqual(machine.server_processors(3, 1, 0), {0, 1, 2})


def kernel(*names):
    """Frames, the innermost last as one reads them."""
    return [stacks.Frame(name, stacks.KERNEL) for name in reversed(names)]


SYSTEM_CALL = ("entry_SYSCALL_64_after_hwframe", "do_syscall_64")
SEND = (*SYSTEM_CALL, "__do_sys_io_uring_enter", "io_send", "sock_sendmsg", "tcp_sendmsg")
DELIVERY = (*SEND, "__tcp_transmit_skb", "__local_bh_enable_ip", "do_softirq", "tcp_v4_rcv")

PERF_TEXT = """wskrun-loop0 
\tffffffff82026060 __tcp_transmit_skb ([kernel.kallsyms])
\tffffffff8200ec5b tcp_sendmsg ([kernel.kallsyms])
\t            2b95 [unknown] (/usr/lib/x86_64-linux-gnu/liburing.so.2.3)
\t           3adf9 wskrun::net::UringLoop::wait (/build/lib/libwskrun.so)

system-thread 
\t           891f4 start_thread (/usr/lib/x86_64-linux-gnu/libc.so.6)

"""
ADDR2LINE_TEXT = """0x000000000003adf9
std::mutex::unlock()
/usr/include/c++/12/bits/std_mutex.h:118
wskrun::net::UringLoop::wait(std::optional<int>)
/home/x/src/net/uring/loop.cc:153 (discriminator 2)
operator()
src/net/event_loop.cc:52
0x000000000003adfa
??
??:0
"""


class Profiling(unittest.TestCase):
    def sources(self):
        with unittest.mock.patch.object(stacks.Sources, "ask",
                                        return_value=stacks.read_addr2line(ADDR2LINE_TEXT)):
            return stacks.Sources("/build", stacks.parse(PERF_TEXT))

    def test_samples_are_read_as_perf_prints_them(self):
        first, second = stacks.parse(PERF_TEXT)
        self.assertEqual(first[0], "wskrun-loop0")
        self.assertEqual(len(first[1]), 4)
        self.assertEqual(second, ("system-thread", [
            (0x891f4, "start_thread", "/usr/lib/x86_64-linux-gnu/libc.so.6")]))

    def test_a_stack_has_the_functions_that_were_inlined_with_their_rooms(self):
        _, frames = stacks.parse(PERF_TEXT)[0]
        self.assertEqual([(each.name, each.place) for each in stacks.resolve(frames, self.sources())],
                         [("__tcp_transmit_skb", "kernel"), ("tcp_sendmsg", "kernel"),
                          ("[liburing.so.2.3]", "library"), ("net::UringLoop::wait", "net"),
                          ("lambda in event_loop.cc", "net")])

    def test_names_are_short(self):
        for long, short in (
                ("wskrun::net::StreamCore::send(wskrun::net::SendOp&)", "net::StreamCore::send"),
                ("void wskrun::wsk::(anonymous namespace)::f<std::pair<int, int> >(int) const",
                 "wsk::f"),
                ("wskrun::net::Basic<A<B>, (wskrun::net::Blocking)1>::under() const",
                 "net::Basic::under"),
                ("auto wskrun::nt::upcall<int (void*), void*>(int (*)(void*)) [clone .constprop.0]",
                 "nt::upcall"),
                ("wskrun::nt::Dpc::start()::{lambda(void*)#1}::_FUN(void*)", "lambda in a.cc"),
                ("operator()", "lambda in a.cc"),
                ("std::operator==", "std::operator=="),
                ("tcp_ack.constprop.0", "tcp_ack"),
                ("pthread_mutex_lock@@GLIBC_2.2.5", "pthread_mutex_lock"),
                ("[unknown]", "[unknown]")):
            self.assertEqual(stacks.short_name(long, "src/nt/a.cc"), short)

    def test_time_in_the_kernel_belongs_to_the_call_it_is_a_part_of(self):
        for names, part in (
                (SYSTEM_CALL, "system calls: entry, exit, rest"),
                ((*SYSTEM_CALL, "__do_sys_io_uring_enter", "io_issue_sqe", "fget"), "io_uring"),
                ((*SYSTEM_CALL, "__x64_sys_epoll_wait", "do_epoll_wait", "ep_poll"), "epoll"),
                ((*SYSTEM_CALL, "__x64_sys_sendto", "__sys_sendto", "fget"), "send"),
                ((*SYSTEM_CALL, "__sys_recvfrom", "tcp_recvmsg", "memcpy"), "receive"),
                ((*SEND, "__tcp_transmit_skb"), "send"), (DELIVERY, "delivery to the peer"),
                ((*DELIVERY, "sock_def_readable", "io_poll_wake"), "scheduling and waking"),
                ((*DELIVERY, "asm_sysvec_apic_timer_interrupt", "x"), "interrupts, page faults"),
                (("ret_from_fork",), "other")):
            self.assertEqual(stacks.part_of(kernel(*names)), f"kernel: {part}", names)
            self.assertIn(f"kernel: {part}", stacks.PARTS)

    def test_time_in_the_process_belongs_to_the_innermost_function(self):
        def part(name, place):
            return stacks.part_of([stacks.Frame(name, place), stacks.Frame("wait", "net")])

        self.assertEqual(part("finish", "wsk"), "runtime: wsk")
        self.assertEqual(part("Echo", stacks.SERVER), stacks.THE_SERVER)
        self.assertEqual(part("memcpy", stacks.LIBRARY), stacks.LIBRARIES)
        self.assertEqual(part("pthread_mutex_lock", stacks.LIBRARY), stacks.LOCKS)
        self.assertEqual(part("__GI___pthread_mutex_unlock_usercnt", stacks.LIBRARY), stacks.LOCKS)
        self.assertEqual(stacks.part_of([]), stacks.ELSEWHERE)
        for room in stacks.ROOMS:
            self.assertIn(f"runtime: {room}", stacks.PARTS)

    def test_equal_stacks_are_one_and_small_ones_their_callers(self):
        thread = [("t", kernel("a", "b"))] * 97 + [("t", kernel("a", "b", "c"))] * 2 + [
            ("t", kernel("a", "d", "e"))]
        whole = stacks.collapse(thread)
        self.assertEqual(whole, {("t", "a", "b"): 97, ("t", "a", "b", "c"): 2,
                                 ("t", "a", "d", "e"): 1})
        self.assertEqual(stacks.prune(whole, 0.02), {("t", "a", "b"): 97, ("t", "a", "b", "c"): 2,
                                                     ("t", "a"): 1})
        self.assertEqual(stacks.prune(whole, 0.5), {("t", "a", "b"): 99, ("t", "a"): 1})

    def test_the_table_adds_up_to_the_processor_time_that_was_measured(self):
        lines = report.profile_lines(PROFILE)
        self.assertEqual(lines[0], ("ns per message", "event/uring"))
        cells = dict(lines[1:])
        self.assertEqual(cells.pop("all"), "4,000")
        self.assertEqual(cells.pop("all, without perf"), "3,900")
        self.assertEqual(cells, {"kernel: send": "3,000", "runtime: wsk": "1,000"})

    def test_a_perf_that_does_not_record_is_a_failure_with_its_words(self):
        refused = (sys.executable, "-c", "import sys; sys.exit('no permission')")
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.object(
                profiling, "RECORD", refused):
            recording = profiling.Recording(-1, pathlib.Path(folder, "perf.data"))
            try:
                with self.assertRaisesRegex(processes.Failure, "no permission"):
                    recording.begin()
            finally:
                recording.close()

    def test_without_perf_there_is_a_sentence_instead(self):
        with unittest.mock.patch("shutil.which", return_value=None):
            profile = profiling.run(None, ROWS.values(), [], BUILD)
        self.assertIn("left out: there is no perf", report.terminal_profile(profile))
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("old profile", written(pathlib.Path(folder), {**RUN, "profile": profile}))

    def test_samples_without_the_kernel_are_a_failure(self):
        hidden = ("t", [(1 << 63, stacks.UNKNOWN, stacks.UNKNOWN)])
        user = ("t", [(1, "main", "/bin/x")])
        named = ("t", [(1 << 63, "tcp_ack", "[kernel.kallsyms]")])
        for samples in ([hidden] * profiling.FEWEST_SAMPLES, [user] * profiling.FEWEST_SAMPLES,
                        [named]):
            with self.assertRaises(processes.Failure):
                profiling.check(samples)
        profiling.check([named] * profiling.FEWEST_SAMPLES)

    @unittest.skipUnless(flame.PROGRAM.exists(), "no flamegraph.pl")
    def test_a_flame_graph_is_an_svg_of_sensible_size(self):
        picture = dict(pictures.flames(PROFILE))["flame-event.svg"]
        words = "".join(xml.etree.ElementTree.fromstring(picture).itertext())
        self.assertIn("4,000 ns each", words)
        self.assertIn("tcp_sendmsg (3,000 ns, 75.00%)", words)
        self.assertIn(flame.COLOURS["wsk"], picture)

    def test_of_a_flame_graph_the_drawing_is_kept_and_not_the_program(self):
        picture = flame.still(
            f'<svg xmlns="{flame.SVG}" onload="init()"><!-- of others --><style>g {{}}</style>'
            '<script>function init() {}</script><text id="search">Search</text>'
            '<g onclick="zoom()"><title>run (5 ns)</title><rect width="9"/></g></svg>')
        self.assertEqual(picture, f'<svg xmlns="{flame.SVG}"><g><title>run (5 ns)</title>'
                                  '<rect width="9" /></g></svg>\n')
        self.assertLess(len(picture), 300_000)

    def test_a_file_is_drawn_again_without_measuring(self):
        row = {**ROW, "failures": {}}
        run = {**RUN, "rows": [row], "growth": GROWTH, "profile": PROFILE}
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            file = folder / "results.json"
            file.write_text(json.dumps(run), encoding="utf-8")
            harness = str(contestants.BENCH / "harness")
            shown = subprocess.run([sys.executable, "-B", harness, "--from", str(file), "--build",
                                    "/nothing"], capture_output=True, text=True, check=True).stdout
            for expected in (ROW["title"], POINTS[1]["title"], "kernel: send"):
                self.assertIn(expected, shown)
            text = written(folder, json.loads(file.read_text(encoding="utf-8")))
            self.assertNotIn("old", text)
            self.assertIn("| kernel: send | 3,000 |", text)
            self.assertTrue((folder / "performance-growth.svg").exists())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
