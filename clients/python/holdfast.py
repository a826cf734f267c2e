"""A blocking client of the Holdfast daemon's agent socket: one file, the standard library only.

    import holdfast

    daemon = holdfast.Client()
    print(daemon.whoami().agent)
    signed = daemon.sign_action("refund.create", "https://payments.example",
                                resource="order/4711", params={"amount_minor": 4200})
    print(signed.jws)

There is no password and no key to configure: the daemon looks at the process behind the connection
and at the code it runs. Python 3.9 or later, Linux. It is one file, longer than others here, so that
an agent takes it along by copying it.
"""
from __future__ import annotations

import base64
import json
import os
import select
import socket
import threading
import time
from dataclasses import dataclass, fields

# An agent's measurement names each extension module it has mapped; `typing` would add one.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeVar

    _T = TypeVar("_T")

__all__ = ["Approval", "ApprovalPending", "Client", "Credential", "HoldfastError", "MeasuredFile",
           "Measurement", "SignedAction", "WhoAmI", "default_agent_socket"]

MAX_REPLY_HEAD = 8 * 1024  # bytes
MAX_REPLY_BODY = 8 * 1024 * 1024  # bytes; evidence is the largest
MAX_RETRY_AFTER = 86400  # seconds
MAX_IDLE = 30.0  # seconds; the daemon closes a connection that asks nothing for 60
_CHUNK = 64 * 1024


class HoldfastError(Exception):
    """The daemon refused, did not answer, or did not answer as agreed.

    status       of HTTP; 0 when there was no answer that can be read
    code         stable, for programs; docs/protocol.md lists the daemon's. Of this client are
                 daemon_unreachable, timeout, busy (all three retry "later") and malformed_reply
    detail       for people
    retry        "never", "later", or "reattest": connect again to be measured again, which the next
                 call does by itself
    retry_after  seconds; 0 when the daemon did not say
    """

    def __init__(self, status: int, code: str, detail: str, retry: str = "never",
                 retry_after: int = 0) -> None:
        super().__init__(status, code, detail, retry, retry_after)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry = retry
        self.retry_after = retry_after

    def __str__(self) -> str:
        answered = f" (HTTP {self.status})" if self.status else ""
        return f"{self.code}{answered}: {self.detail}"


class ApprovalPending(HoldfastError):
    """The action waits for operators: `approval` says how. Once Client.wait_approval says that it
    is approved, sign the same action again with its id; it is good for one use."""

    def __init__(self, approval: Approval) -> None:
        super().__init__(202, "approval_pending", f"{approval.approval} waits for operators", "later")
        self.approval = approval


# ── what the daemon answers; api/openapi.json has the same names ────────────────────────────────

@dataclass(frozen=True)
class MeasuredFile:
    path: str  # a label, never evidence
    sha256: str


@dataclass(frozen=True)
class Measurement:
    assurance: str  # "observed", "launched", "recorded", "enforced"
    digest: str
    executable: MeasuredFile
    mappings: tuple[MeasuredFile, ...]


@dataclass(frozen=True)
class WhoAmI:
    agent: str  # SPIFFE ID
    instance: str
    sponsor: str
    state: str  # "active", "suspended", "revoked", "retired"
    key_thumbprint: str  # RFC 7638
    custody: str
    fuse: str
    measurement: Measurement
    notes: tuple[str, ...]  # what these claims are not worth


@dataclass(frozen=True)
class Credential:
    spiffe_id: str
    chain_pem: str  # leaf, then the host's CA
    serial: str
    not_after: int  # Unix seconds
    renew_after: int  # Unix seconds: from then on, asking again issues a new one


@dataclass(frozen=True)
class SignedAction:
    jws: str  # compact; its alg is that of the agent's key
    sequence: int  # index of its record in the host's ledger


@dataclass(frozen=True)
class Approval:
    approval: str  # its id
    state: str  # "pending", "approved", "denied", "used", "expired"
    needed: int  # so many different operators
    approved: int  # so many have
    expires_at: int  # Unix seconds


# ── the client ──────────────────────────────────────────────────────────────────────────────────

def default_agent_socket() -> str:
    """$HOLDFAST_SOCKET, else /run/holdfast/agent.sock."""
    return os.environ.get("HOLDFAST_SOCKET") or "/run/holdfast/agent.sock"


class Client:
    """May be shared by threads, and used again after os.fork(): each thread of each process has a
    connection of its own, because the daemon refuses bytes of any process but the one it measured.

    timeout    seconds one answer may take
    retry_for  seconds to go on asking after 429 and 503, as Retry-After says; 0 = do not
    """

    def __init__(self, socket_path: str | None = None, *, timeout: float = 70.0,
                 retry_for: float = 0.0) -> None:
        self.socket_path = socket_path or default_agent_socket()
        self.timeout = timeout
        self.retry_for = retry_for
        self._of_thread = threading.local()

    def whoami(self) -> WhoAmI:
        members = _json(self._call("GET", "/v1/whoami"))
        measurement = _measurement(_expect(members.get("measurement"), dict, "measurement"))
        return _record(WhoAmI, members, measurement=measurement,
                       notes=tuple(_list(members, "notes", str)))

    def credential(self) -> Credential:
        """The current one; from its half life on a new one."""
        return _record(Credential, _json(self._call("POST", "/v1/credential", {})))

    def sign_action(self, action: str, audience: str, *, resource: str | None = None,
                    params: Mapping[str, Any] | None = None, params_sha256: str | None = None,
                    on_behalf_of: str | None = None, approval: str | None = None) -> SignedAction:
        """Integers only in `params`, amounts in minor units; or `params_sha256` instead of it.
        Raises ApprovalPending where operators must approve it first."""
        said = {"action": action, "audience": audience, "resource": resource, "params": params,
                "params_sha256": params_sha256, "on_behalf_of": on_behalf_of, "approval": approval}
        request = {name: value for name, value in said.items() if value is not None}
        reply = self._call("POST", "/v1/actions", request)
        if reply.status == 202:
            raise ApprovalPending(_record(Approval, _json(reply)))
        return _record(SignedAction, _json(reply))

    def wait_approval(self, approval: str, wait_s: int = 60) -> Approval:
        """Comes back when it is decided, or after 0 to 60 seconds; `timeout` must be longer."""
        target = f"/v1/approvals/{approval}/wait"
        return _record(Approval, _json(self._call("POST", target, {"wait_s": wait_s})))

    def evidence(self, nonce: bytes, verifier: str) -> bytes:
        """The verifier's 16 to 64 bytes and its id; what comes back is for it, as it came."""
        text = base64.urlsafe_b64encode(nonce).rstrip(b"=").decode("ascii")
        return self._call("POST", "/v1/evidence", {"nonce": text, "verifier": verifier}).body

    def crl(self) -> bytes:
        """The host's certificate revocation list, DER."""
        return self._call("GET", "/v1/crl").body

    def tombstone(self, name: str) -> str:
        """Of an agent that has ended, by its name: compact JWS."""
        # It becomes a part of the request's first line.
        if not (name.isascii() and name.replace("-", "").isalnum()):
            raise ValueError(f"not an agent's name: {name!r}")
        return self._call("GET", f"/v1/tombstones/{name}").body.decode("ascii", "replace")

    def openapi(self) -> dict[str, Any]:
        return _json(self._call("GET", "/v1/openapi.json"))

    def close(self) -> None:
        """Closes this thread's connection; those of other threads end with their threads."""
        connection = self._take_connection()
        if connection is not None:
            connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, method: str, target: str, body: Mapping[str, Any] | None = None) -> _Reply:
        request = _request(method, target, body)
        give_up = time.monotonic() + self.retry_for
        while True:
            try:
                return _checked(self._exchange(request))
            except HoldfastError as error:
                pause = max(error.retry_after, 1)
                may = error.status in (429, 503) and error.retry == "later"
                if not may or time.monotonic() + pause > give_up:
                    raise
            time.sleep(pause)

    def _exchange(self, request: bytes) -> _Reply:
        deadline = time.monotonic() + self.timeout
        try:
            connection = self._connection()
            reply = connection.exchange(request, deadline)
        except socket.timeout:
            raise _unanswered("timeout", "the daemon did not answer in time") from None
        except BlockingIOError:
            raise _unanswered("busy", "the daemon has too many callers waiting") from None
        except OSError as cause:
            what = f"{self.socket_path}: {cause.strerror or cause}"
            raise _unanswered("daemon_unreachable", what) from cause
        if reply.keep_alive:
            self._of_thread.connection = connection
        else:
            connection.close()
        return reply

    def _connection(self) -> _Connection:
        kept = self._take_connection()
        if kept is not None and kept.is_usable():
            return kept
        if kept is not None:
            kept.close()
        return _connect(self.socket_path)

    def _take_connection(self) -> _Connection | None:
        # Nobody else finds it while it is in use: a signal handler that asks meanwhile, or whoever
        # goes on after an exception, would be given the rest of an answer to somebody else.
        connection = getattr(self._of_thread, "connection", None)
        self._of_thread.connection = None
        return connection


# ── one connection ──────────────────────────────────────────────────────────────────────────────

_forks = 0


def _forked() -> None:
    global _forks
    _forks += 1


os.register_at_fork(after_in_child=_forked)


def _this_process() -> tuple[int, int]:
    # The pid alone does not do: in a new pid namespace, the child of process 1 can be process 1.
    return os.getpid(), _forks


def _connect(path: str) -> _Connection:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    opened.setblocking(False)
    try:
        opened.connect(path)  # at once or, with a full backlog, EAGAIN
    except BaseException:
        opened.close()
        raise
    return _Connection(opened)


class _Connection:
    """Of one thread of one process; closed when that thread ends."""

    def __init__(self, opened: socket.socket) -> None:
        self._owner = _this_process()
        self._socket = opened
        self._used_at = time.monotonic()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()  # never shutdown(), which would end it for the parent of a fork, too

    def is_usable(self) -> bool:
        """Ours, fresh and silent: what there is to read unasked is its end, or no answer to us."""
        if self._owner != _this_process() or time.monotonic() - self._used_at > MAX_IDLE:
            return False
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def exchange(self, request: bytes, deadline: float) -> _Reply:
        try:
            return self._answer_to(request, deadline)
        except BaseException:
            self.close()
            raise

    def _answer_to(self, request: bytes, deadline: float) -> _Reply:
        try:
            unsent = memoryview(request)
            while unsent:
                sent = self._when(select.POLLOUT, deadline).send(unsent)
                unsent = unsent[sent:]
        except (BrokenPipeError, ConnectionResetError):
            pass  # who refuses early answers before it has read everything: that answer counts
        received = bytearray()
        reply = None
        while reply is None:
            chunk = self._when(select.POLLIN, deadline).recv(_CHUNK)
            if not chunk:
                raise _unanswered("daemon_unreachable", "the daemon hung up without a whole answer")
            received += chunk
            reply = _read_reply(received)
        self._used_at = time.monotonic()
        return reply

    def _when(self, ready: int, deadline: float) -> socket.socket:
        """The socket, once it is ready. Waits here and not in send() or recv(), which a child forked
        by a signal handler would finish in its parent's place."""
        poll = select.poll()
        poll.register(self._socket, ready)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise socket.timeout
        if self._owner != _this_process():
            raise _unanswered("daemon_unreachable", "this process is a fork of the one that asked")
        return self._socket


# ── reading answers: the strict profile the daemon writes, and nothing else ─────────────────────

@dataclass(frozen=True)
class _Reply:
    status: int
    retry_after: int
    keep_alive: bool
    body: bytes


def _unanswered(code: str, what: str) -> HoldfastError:
    return HoldfastError(0, code, what, "later")


def _malformed(what: str) -> HoldfastError:
    return HoldfastError(0, "malformed_reply", f"the daemon's answer is not as agreed: {what}")


def _request(method: str, target: str, body: Mapping[str, Any] | None) -> bytes:
    head = f"{method} {target} HTTP/1.1\r\nHost: holdfast\r\n"
    content = b""
    if body is not None:
        content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return head.encode("ascii") + b"\r\n" + content


def _read_reply(received: bytearray) -> _Reply | None:
    """None while more is to come."""
    size = received.find(b"\r\n\r\n", 0, MAX_REPLY_HEAD)
    if size < 0:
        if len(received) >= MAX_REPLY_HEAD:
            raise _malformed("a head over 8 KiB")
        return None
    status_line, *lines = bytes(received[:size]).split(b"\r\n")
    status, headers = _status(status_line), _headers(lines)
    length = _number(headers.get(b"content-length", b""), MAX_REPLY_BODY)
    if length is None:
        raise _malformed("Content-Length")
    missing = length - (len(received) - size - 4)
    if missing < 0:
        raise _malformed("bytes after the body")
    if missing > 0:
        return None
    pause = headers.get(b"retry-after")
    retry_after = 0 if pause is None else _number(pause, MAX_RETRY_AFTER)
    return _Reply(status, 1 if retry_after is None else retry_after,
                  headers.get(b"connection", b"").lower() != b"close", bytes(received[size + 4:]))


def _status(line: bytes) -> int:
    """Of "HTTP/1.1 200 OK"; the reason phrase may be empty (RFC 9112, 4)."""
    version, _, rest = line.partition(b" ")
    code, _, _ = rest.partition(b" ")
    status = _number(code, 599)
    if version != b"HTTP/1.1" or len(code) != 3 or status is None or status < 200:
        raise _malformed("status line")
    return status


def _headers(lines: list[bytes]) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not name or not colon or name == b"transfer-encoding":
            raise _malformed("header line")
        if name == b"content-length" and name in headers:
            raise _malformed("two Content-Length")
        headers[name] = value.strip(b" \t")
    return headers


def _number(digits: bytes, highest: int) -> int | None:
    if not digits.isdigit() or len(digits) > 10 or int(digits) > highest:
        return None
    return int(digits)


def _checked(reply: _Reply) -> _Reply:
    if reply.status < 300:
        return reply
    later = "later" if reply.status in (429, 503) else "never"
    try:
        problem = _json(reply)
    except HoldfastError:
        problem = {}  # the status counts, whatever the body says

    def said(name: str, otherwise: str) -> str:
        value = problem.get(name)
        return value if isinstance(value, str) else otherwise

    raise HoldfastError(reply.status, said("code", f"http_{reply.status}"),
                        said("detail", "the daemon did not say why"), said("retry", later),
                        reply.retry_after)


def _json(reply: _Reply) -> dict[str, Any]:
    try:
        document = json.loads(reply.body.decode("utf-8"))
    except (ValueError, RecursionError):
        document = None
    return _expect(document, dict, "the body")


def _expect(value: Any, kind: type, what: str) -> Any:
    if type(value) is not kind:  # a bool is no int
        raise _malformed(f"{what} is no {kind.__name__}")
    return value


_TYPES = {"str": str, "int": int}


def _record(kind: type[_T], members: dict[str, Any], **read: Any) -> _T:
    """What a `kind` has of these members, and what was `read` already; others are left alone."""
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name not in read:
            read[field.name] = _expect(members.get(field.name), _TYPES[str(field.type)], field.name)
    return kind(**read)


def _list(members: dict[str, Any], name: str, of: type) -> list[Any]:
    return [_expect(value, of, name) for value in _expect(members.get(name), list, name)]


def _measurement(members: dict[str, Any]) -> Measurement:
    executable = _expect(members.get("executable"), dict, "executable")
    mappings = tuple(_record(MeasuredFile, file) for file in _list(members, "mappings", dict))
    return _record(Measurement, members, executable=_record(MeasuredFile, executable),
                   mappings=mappings)
