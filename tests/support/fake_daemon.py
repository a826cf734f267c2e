"""A daemon for tests of its clients: says what it is told to say, and remembers what it was asked."""
import contextlib
import dataclasses
import json
import os
import socket
import struct
import tempfile
import threading

CREDENTIALS = struct.Struct("iII")  # struct ucred: pid, uid, gid


@dataclasses.dataclass(frozen=True)
class Asked:
    connection: int  # the first is 1
    connected_by: int  # pid, as the kernel noted it at connect()
    sent_by: frozenset  # pids of the senders of its chunks
    method: str
    target: str
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


def reply(status=200, members=None, **headers):
    """A well-formed answer; headers as Retry_After=2."""
    body = b"{}" if members is None else json.dumps(members).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def problem(status, code, retry="never", **headers):
    members = {"status": status, "code": code, "detail": f"because of {code}", "retry": retry}
    return reply(status, members, **headers)


class FakeDaemon:
    """Answers are bytes, or functions that are given the connection and the request. When there are
    none left, `otherwise`, a function from request to answer, is asked."""

    def __init__(self, *answers, otherwise=lambda asked: reply()):
        self.answers = list(answers)
        self.otherwise = otherwise
        self.asked = []
        self._folder = tempfile.TemporaryDirectory(prefix="holdfast-fake.")
        self.path = os.path.join(self._folder.name, "agent.sock")
        self._open = []
        self._listener = socket.socket(socket.AF_UNIX)
        # Before anybody connects: what is sent before accept() must name its sender, too.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._listener.bind(self.path)
        self._listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # shutdown() wakes whoever waits in accept() or recv(); close() would not.
        for each in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._folder.cleanup()

    def _accept(self):
        number = 0
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                number += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(number, connection), daemon=True).start()

    def _serve(self, number, connection):
        with contextlib.suppress(OSError):
            while (asked := self._read(number, connection)) is not None:
                self.asked.append(asked)
                answer = self.answers.pop(0) if self.answers else self.otherwise(asked)
                if callable(answer):
                    answer = answer(connection, asked)
                if answer is None:
                    break
                connection.sendall(answer)
        connection.close()

    @staticmethod
    def _read(number, connection):
        connected_by, _, _ = CREDENTIALS.unpack(
            connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size))
        received, senders, wanted = b"", set(), None
        while wanted is None or len(received) < wanted:
            chunk, labels, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(CREDENTIALS.size))
            if not chunk:
                return None
            senders.update(CREDENTIALS.unpack(label[2])[0] for label in labels)
            received += chunk
            head, blank, _ = received.partition(b"\r\n\r\n")
            if blank and wanted is None:
                request, *lines = head.decode("ascii").split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in lines)
                wanted = len(head) + 4 + int(headers.get("content-length", 0))
        method, target, _ = request.split(" ")
        return Asked(number, connected_by, frozenset(senders), method, target, headers,
                     received[len(head) + 4:])
