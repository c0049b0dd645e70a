"""That the harness measures what it says: processor time and not elapsed time, of the server, for
messages that really came back. Nothing here depends on how fast the machine is."""

import ctypes
import os
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import contestants
import docs
import measure
import plot
import report
import results

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


def kernel_has_io_uring():
    io_uring_setup = 425
    parameters = ctypes.create_string_buffer(120)
    descriptor = ctypes.CDLL(None).syscall(io_uring_setup, 1, parameters)
    if descriptor >= 0:
        os.close(descriptor)
    return descriptor >= 0


@unittest.skipUnless(kernel_has_io_uring(), "the load generator needs io_uring")
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
       "failures": {"epoll": "it broke"},
       "samples": {"uring": [sample(0, 10.0), sample(1, 20.0), sample(2, 40.0)],
                   "event/uring": [sample(0, 11.0), sample(1, 24.0), sample(2, 44.0)],
                   "epoll": []}}
ENVIRONMENT = {"date": "today", "kernel": "6.1", "processor": "a processor", "processors": 2,
               "own_network": True, "congestion_control": "reno", "system_call_ns": 100,
               "wake_up_ns": 5000, "rounds": 3, "window_seconds": 0.1}
GOALS = [{"rows": "ping-*", "server": "event/uring", "against": "uring", "value": "figure",
          "at_most": at_most} for at_most in ("1.10", "1.09")]


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
            page = folder / "performance.md"
            page.write_text(f"before\n{docs.BEGIN}\nold\n{docs.END}\nafter\n", encoding="utf-8")
            docs.write(folder, ENVIRONMENT, [ROW], ["uring", "event/uring"], GOALS)
            text = page.read_text(encoding="utf-8")
            self.assertTrue(text.startswith("before\n") and text.endswith("\nafter\n"))
            self.assertNotIn("old", text)
            self.assertIn("1 of 2 are met", text)
            self.assertIn(docs.WARNING, text)
            self.assertTrue((folder / "performance.svg").exists())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
