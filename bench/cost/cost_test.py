"""That what valgrind and strace write is read aright, and that a bound is one."""

import pathlib
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "harness"))

# pylint: disable=wrong-import-position
import bounds
import counting

STRACE = """    calls syscall
--------- ----------------
     1024 sendto
       12 rt_sigtimedwait
--------- ----------------
     1036 total
"""

CALLGRIND = """# callgrind format
positions: line
events: Ir
summary: 127

ob=(1) /lib/libwskrun.so
fl=(1) loop.cc
fn=(1) run
10 5
+2 7
cfn=(2) serve
calls=3 40
* 100
-1 1

fn=(2)
fi=(2) inlined.h
40 90
fe=(1)
41 10

fn=(3) (below main)
0 14
totals: 127
"""

CASE = bounds.Case("event", "epoll", 64)
WORKER = bounds.Case("worker", "epoll", 64)
MESSAGES = 6400  # A hundred turns.
INSTRUCTIONS = bounds.INSTRUCTIONS


def verdict(number, at_most, what="sendto", case=CASE):
    [found] = bounds.findings(case, {what: number}, MESSAGES, {what: at_most})
    return found.is_over, found.is_loose


class Reading(unittest.TestCase):
    def test_strace(self):
        self.assertEqual(counting.parse_strace(STRACE), {"sendto": 1024, "rt_sigtimedwait": 12})

    def test_callgrind_without_what_a_function_calls(self):
        self.assertEqual(counting.parse_callgrind(CALLGRIND),
                         {"run": 13, "serve": 100, "(below main)": 14})

    def test_bounds_are_read_as_they_were_written(self):
        limits = {CASE: {"sendto": 1.0, INSTRUCTIONS: 3150.0}, WORKER: {"futex": 0.0632}}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "bounds.tsv")
            bounds.write(limits, path)
            self.assertEqual(bounds.read(path), limits)


class Judging(unittest.TestCase):
    def test_instructions_have_no_room_but_the_bound(self):
        self.assertEqual(verdict(MESSAGES * 100, 100, INSTRUCTIONS), (False, False))
        self.assertEqual(verdict(MESSAGES * 100 + 1, 100, INSTRUCTIONS), (True, False))

    def test_a_bound_far_above_is_loose(self):
        self.assertEqual(verdict(MESSAGES * 89, 100, INSTRUCTIONS), (False, True))
        self.assertEqual(verdict(MESSAGES // 2, 1), (False, True))

    def test_a_few_calls_are_stray_and_one_each_turn_is_not(self):
        self.assertEqual(verdict(MESSAGES + bounds.STRAY_CALLS, 1), (False, False))
        self.assertEqual(verdict(MESSAGES + 100, 1), (True, False))

    def test_wake_ups_of_threads_are_stray_and_one_each_message_is_not(self):
        self.assertEqual(verdict(MESSAGES // 2, 0.0625, "futex", WORKER), (False, False))
        self.assertEqual(verdict(MESSAGES, 0.0625, "futex", WORKER), (True, False))

    def test_a_call_without_a_bound_is_over(self):
        [found] = bounds.findings(CASE, {"write": MESSAGES, "mmap": 3}, MESSAGES, {})
        self.assertEqual((found.what, found.is_over), ("write", True))

    def test_a_bound_is_set_with_room_for_instructions_and_without_stray_calls(self):
        counts = {INSTRUCTIONS: MESSAGES * 3000, "sendto": MESSAGES + 3, "mmap": 3,
                  "epoll_wait": 102}
        self.assertEqual(bounds.limits_for(CASE, counts, MESSAGES),
                         {INSTRUCTIONS: 3150, "sendto": 1, "epoll_wait": 0.0156})

    def test_what_is_not_alike_in_every_turn_is_bounded_as_counted(self):
        self.assertEqual(bounds.limits_for(CASE, {"futex": 450}, MESSAGES), {"futex": 0.0703})
        self.assertEqual(bounds.limits_for(WORKER, {"futex": 450}, MESSAGES), {"futex": 0.0625})


if __name__ == "__main__":
    unittest.main()
