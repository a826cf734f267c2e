#!/usr/bin/env -S python3 -B
"""clients/python/holdfast.py: which bytes are an answer, how large one may be, how long one may take."""
import pathlib
import socket
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "clients/python"), str(ROOT / "tests/support")]
import holdfast  # noqa: E402
from fake_daemon import FakeDaemon, problem, reply  # noqa: E402

MAX_HEAD = 8 * 1024
MAX_BODY = 8 * 1024 * 1024


def hangs_up_after(text):
    def answer(connection, _):
        connection.sendall(text)

    return answer


def answered(head, body=b"{}"):
    return b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body


class Replies(unittest.TestCase):
    def ask(self, *answers, timeout=10.0):
        """What evidence() gives for these answers: the bytes of a body, whatever they are."""
        with FakeDaemon(*answers) as daemon, \
                holdfast.Client(daemon.path, timeout=timeout) as client:
            return client.evidence(bytes(16), "verifier")

    def refused(self, *answers, **options):
        with self.assertRaises(holdfast.HoldfastError) as raised:
            self.ask(*answers, **options)
        self.assertEqual(raised.exception.status, 0)
        return raised.exception.code

    def test_header_names_are_read_in_any_case_and_a_reason_may_be_empty(self):
        self.assertEqual(self.ask(b"HTTP/1.1 200\r\ncontent-LENGTH:2\t\r\n\r\n{}"), b"{}")
        self.assertEqual(self.ask(b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n{}"), b"{}")

    def test_an_answer_in_pieces_is_put_together(self):
        def dripping(connection, _):
            for byte in answered(b"Content-Length: 2\r\n"):
                connection.sendall(bytes([byte]))
            return b""

        self.assertEqual(self.ask(dripping), b"{}")

    def test_no_shorter_prefix_is_taken_for_an_answer(self):
        whole = answered(b"Content-Length: 2\r\n")
        for size in range(len(whole)):
            self.assertEqual(self.refused(hangs_up_after(whole[:size])), "daemon_unreachable", size)

    def test_what_the_daemon_never_sends_is_refused(self):
        for text in (answered(b""), answered(b"Content-Length: -2\r\n"),
                     answered(b"Content-Length: +2\r\n"), answered(b"Content-Length: 0x2\r\n"),
                     answered(b"Content-Length: 2, 2\r\n"), answered(b"Content-Length: \xb2\r\n"),
                     answered(b"Content-Length: " + b"9" * 5000 + b"\r\n"),
                     answered(b"Content-Length: 2\r\nContent-Length: 2\r\n"),
                     answered(b"Transfer-Encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
                     answered(b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
                     answered(b"no colon\r\nContent-Length: 2\r\n"),
                     answered(b": no name\r\nContent-Length: 2\r\n"),
                     answered(b"Content-Length: 2\r\n", b"{}{}"),
                     b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                     b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}",
                     b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n{}",
                     b"HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\n{}",
                     b"HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\n{}",
                     b"SSH-2.0-OpenSSH\r\n\r\n", b"\r\n\r\n"):
            self.assertEqual(self.refused(text), "malformed_reply", text[:80])

    def test_a_body_has_at_most_8_mib(self):
        self.assertEqual(holdfast.MAX_REPLY_BODY, MAX_BODY)
        body = b"x" * MAX_BODY
        whole = self.ask(answered(b"Content-Length: %d\r\n" % MAX_BODY, body))
        self.assertEqual(len(whole), MAX_BODY)
        # Refused by its head: nothing of the body needs to come.
        self.assertEqual(self.refused(answered(b"Content-Length: %d\r\n" % (MAX_BODY + 1), b"")),
                         "malformed_reply")

    def test_a_head_has_at_most_8_kib(self):
        self.assertEqual(holdfast.MAX_REPLY_HEAD, MAX_HEAD)
        rest = len(answered(b"Content-Length: 2\r\nX: \r\n", b""))
        for extra, outcome in ((0, b"{}"), (1, "malformed_reply")):
            text = answered(b"Content-Length: 2\r\nX: " + b"x" * (MAX_HEAD - rest + extra) + b"\r\n")
            self.assertEqual(self.ask(text) if extra == 0 else self.refused(text), outcome)
        self.assertEqual(self.refused(b"HTTP/1.1 200 OK\r\nX: " + b"x" * MAX_HEAD), "malformed_reply")

    def test_a_body_that_is_no_json_object_is_no_answer(self):
        for body in (b"", b"[]", b"null", b"{", b"{}x", b'{"a": "\xff"}', "{}".encode("utf-16"),
                     b"[" * 100_000, b'{"a":' * 100_000, b'{"a": ' + b"9" * 10_000 + b"}"):
            with FakeDaemon(answered(b"Content-Length: %d\r\n" % len(body), body)) as daemon, \
                    holdfast.Client(daemon.path, timeout=10) as client, \
                    self.assertRaises(holdfast.HoldfastError) as raised:
                client.openapi()
            self.assertEqual(raised.exception.code, "malformed_reply", body[:20])

    def test_the_time_is_for_the_whole_answer_however_it_drips(self):
        stopped = threading.Event()

        def dripping(connection, _):
            while not stopped.wait(0.02):
                connection.sendall(b"H")

        try:
            self.assertEqual(self.refused(dripping, timeout=0.2), "timeout")
        finally:
            stopped.set()

    def test_an_answer_that_comes_too_late_is_not_that_to_the_next_request(self):
        late = threading.Event()

        def too_late(*_):
            late.wait(10)
            return reply(200, {"to": "the first"})

        with FakeDaemon(too_late, otherwise=lambda asked: reply(200, {"to": "the next"})) as daemon, \
                holdfast.Client(daemon.path, timeout=0.2) as client:
            with self.assertRaises(holdfast.HoldfastError) as raised:
                client.openapi()
            self.assertEqual((raised.exception.code, raised.exception.retry), ("timeout", "later"))
            late.set()
            client.timeout = 10.0
            self.assertEqual(client.openapi(), {"to": "the next"})
            self.assertEqual([asked.connection for asked in daemon.asked], [1, 2])

    def test_an_early_refusal_is_read_although_the_rest_could_not_be_sent(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(folder + "/sock")
            listener.listen()

            def refuse():
                connection, _ = listener.accept()
                kept.append(connection)
                connection.recv(1)
                connection.sendall(problem(413, "body_too_large", Connection="close"))
                connection.shutdown(socket.SHUT_RDWR)  # whoever still sends gets EPIPE

            kept = []
            threading.Thread(target=refuse, daemon=True).start()
            with holdfast.Client(listener.getsockname(), timeout=10) as client, \
                    self.assertRaises(holdfast.HoldfastError) as raised:
                client.sign_action("a.b", "c", params={"large": "x" * 4_000_000})
            self.assertEqual(raised.exception.code, "body_too_large")
            kept[0].close()

    def test_nobody_there_is_unreachable(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as deaf:
            deaf.bind(folder + "/deaf")
            for path in (folder + "/none", folder + "/deaf", "/x" * 100):
                with self.assertRaises(holdfast.HoldfastError) as raised:
                    holdfast.Client(path).whoami()
                self.assertEqual((raised.exception.code, raised.exception.retry),
                                 ("daemon_unreachable", "later"))

    def test_a_full_backlog_is_busy_and_not_waited_for(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(folder + "/sock")
            listener.listen(0)
            waiting = []
            try:
                with self.assertRaises(BlockingIOError):
                    while len(waiting) < 100:
                        waiting.append(socket.socket(socket.AF_UNIX))
                        waiting[-1].setblocking(False)
                        waiting[-1].connect(listener.getsockname())
                with self.assertRaises(holdfast.HoldfastError) as raised:
                    holdfast.Client(listener.getsockname()).whoami()
                self.assertEqual((raised.exception.code, raised.exception.retry), ("busy", "later"))
            finally:
                for each in waiting:
                    each.close()


if __name__ == "__main__":
    unittest.main()
