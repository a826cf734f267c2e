#!/usr/bin/env -S python3 -B
"""clients/python/holdfast.py: which connection is used when, and by whom."""
import contextlib
import os
import pathlib
import signal
import socket
import sys
import threading
import time
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "clients/python"), str(ROOT / "tests/support")]
import holdfast  # noqa: E402
from fake_daemon import FakeDaemon, problem, reply  # noqa: E402


def in_child(work):
    """Forks; in the child, work() ends it. True if it ended without an exception."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            work()
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


class Served(unittest.TestCase):
    """Tests that have a daemon and a client of it."""

    def setUp(self):
        self.daemon = self.enter(FakeDaemon())
        self.client = self.enter(holdfast.Client(self.daemon.path, timeout=10))

    def enter(self, context):  # enterContext() came with Python 3.11
        self.addCleanup(context.__exit__, None, None, None)
        return context.__enter__()

    def connections(self):
        return [asked.connection for asked in self.daemon.asked]

    def once_interrupted(self, handler, answer):
        """An answer that comes when handler(come) calls come(). It is run by a signal, in the main
        program, which waits for that answer."""
        come = threading.Event()
        before = signal.signal(signal.SIGUSR1, lambda *_: handler(come.set))
        self.addCleanup(signal.signal, signal.SIGUSR1, before)

        def interrupt(*_):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
            come.wait(10)
            return reply(200, answer)

        return interrupt

    def refused(self, code):
        with self.assertRaises(holdfast.HoldfastError) as raised:
            self.client.openapi()
        self.assertEqual(raised.exception.code, code)
        return raised.exception


class Connections(Served):
    def test_requests_share_a_connection(self):
        for _ in range(3):
            self.client.openapi()
        self.assertEqual(self.connections(), [1, 1, 1])

    def test_a_refusal_that_keeps_the_connection_keeps_it(self):
        self.daemon.answers.append(problem(403, "action_not_allowed"))
        self.refused("action_not_allowed")
        self.client.openapi()
        self.assertEqual(self.connections(), [1, 1])

    def test_a_connection_the_daemon_ends_is_not_used_again(self):
        self.daemon.answers.append(problem(403, "measurement_changed", Connection="close"))
        self.refused("measurement_changed")
        self.client.openapi()
        self.assertEqual(self.connections(), [1, 2])

    def test_a_connection_that_ended_meanwhile_is_noticed_before_it_is_used(self):
        ended = threading.Event()

        def last_answer(connection, _):
            connection.sendall(reply())
            connection.shutdown(socket.SHUT_WR)
            ended.set()
            return b""

        self.daemon.answers.append(last_answer)
        self.client.openapi()
        self.assertTrue(ended.wait(10))
        self.client.openapi()
        self.assertEqual(self.connections(), [1, 2])

    def test_a_connection_idle_for_long_is_left_before_the_daemon_ends_it(self):
        now = time.monotonic()
        with mock.patch.object(holdfast.time, "monotonic", lambda: now):
            self.client.openapi()
        with mock.patch.object(holdfast.time, "monotonic", lambda: now + holdfast.MAX_IDLE):
            self.client.openapi()
        with mock.patch.object(holdfast.time, "monotonic", lambda: now + 2 * holdfast.MAX_IDLE + 0.1):
            self.client.openapi()
        self.assertEqual(self.connections(), [1, 1, 2])
        self.assertLess(holdfast.MAX_IDLE, 60)

    def test_bytes_nobody_asked_for_are_no_answer(self):
        ends = []
        self.daemon.answers.append(lambda connection, _: ends.append(connection) or reply())
        self.daemon.otherwise = lambda asked: reply(200, {"asked": "for"})
        self.client.openapi()
        ends[0].sendall(reply(200, {"asked": "by nobody"}))
        self.assertEqual(self.client.openapi(), {"asked": "for"})

    def test_each_thread_has_a_connection_of_its_own(self):
        self.client.openapi()
        for _ in range(2):
            thread = threading.Thread(target=self.client.openapi)
            thread.start()
            thread.join()
        self.client.openapi()
        self.assertEqual(self.connections(), [1, 2, 3, 1])

    def test_threads_get_the_answers_to_their_own_requests(self):
        self.daemon.otherwise = lambda asked: reply(200, {"jws": asked.json()["action"], "sequence": 1})
        wrong = []

        def ask(action):
            for _ in range(50):
                if self.client.sign_action(action, "x").jws != action:
                    wrong.append(action)

        threads = [threading.Thread(target=ask, args=(f"action.{n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((wrong, len(self.daemon.asked)), ([], 400))

    def test_a_signal_handler_that_asks_meanwhile_has_a_connection_of_its_own(self):
        self.client.openapi()
        inner = []

        def ask(come):
            inner.append(self.client.openapi())
            come()

        self.daemon.otherwise = lambda asked: reply(200, {"for": "the handler"})
        self.daemon.answers.append(self.once_interrupted(ask, {"for": "the main program"}))
        self.assertEqual(self.client.openapi(), {"for": "the main program"})
        self.assertEqual((inner, self.connections()), ([{"for": "the handler"}], [1, 1, 2]))


class Forks(Served):
    """The daemon refuses bytes of another process than the one that connected (foreign_sender)."""

    def each_by_itself(self):
        for asked in self.daemon.asked:
            self.assertEqual(asked.sent_by, {asked.connected_by})

    def test_a_child_connects_by_itself_and_the_parents_connection_goes_on(self):
        self.client.openapi()
        self.assertTrue(in_child(self.client.openapi))
        self.client.openapi()
        self.assertEqual(self.connections(), [1, 2, 1])
        self.each_by_itself()

    def test_a_grandchild_too(self):
        self.client.openapi()

        def child():
            self.client.openapi()
            assert in_child(self.client.openapi)
            self.client.openapi()

        self.assertTrue(in_child(child))
        self.assertEqual(self.connections(), [1, 2, 3, 2])
        self.each_by_itself()

    def test_a_child_with_the_same_pid_in_its_own_namespace_is_another_process(self):
        with mock.patch.object(holdfast.os, "getpid", lambda: 1):
            self.client.openapi()
            self.assertTrue(in_child(self.client.openapi))
        self.assertEqual(self.connections(), [1, 2])
        self.each_by_itself()

    def test_a_fork_that_python_was_not_told_of_is_noticed_by_its_pid(self):
        self.client.openapi()

        def asks_as_if_forked_in_c():
            holdfast._forks = 0
            self.client.openapi()

        self.assertTrue(in_child(asks_as_if_forked_in_c))
        self.assertEqual(self.connections(), [1, 2])
        self.each_by_itself()

    def test_a_fork_while_an_answer_is_awaited_leaves_it_to_the_parent(self):
        children, endings, got = [], [], None

        def fork(come):
            children.append(os.fork())
            if children != [0]:
                come()  # while the child alone waits for it
                endings.append(os.waitpid(children[0], 0)[1])

        self.daemon.answers.append(self.once_interrupted(fork, {"for": "the parent"}))
        try:
            got = self.client.openapi()
        except holdfast.HoldfastError as error:
            got = error.code
        finally:
            if children == [0]:
                os._exit(0 if got == "daemon_unreachable" else 1)
        self.assertEqual((got, endings), ({"for": "the parent"}, [0]))


if __name__ == "__main__":
    unittest.main()
