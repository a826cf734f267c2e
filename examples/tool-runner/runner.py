"""tool-runner: runs tools for a model, and has each call signed before it is run.

JSON-RPC over standard input and output, a line a message, as the Model Context Protocol's stdio
transport has it; of its methods, what a tool needs: initialize, ping, tools/list, tools/call.

The runner is the agent. A tool is a process of its own that inherits everything, $HOLDFAST_SOCKET
included, and still has no say: launched with `signers = leader`, only the runner can sign. Launched,
nobody is at its standard input: the same lines go over the socket tools.sock in its own folder.
"""
import contextlib
import json
import os
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)  # python -I leaves it out
import holdfast  # noqa: E402

AUDIENCE = "https://tools.example"
TOOLS = {
    "count_words": "counts the words of `text`",
    "sign_by_itself": "asks the daemon for a signature, and tells how that went",
}
MAX_MESSAGE = 64 * 1024  # bytes of a line
MAX_OUTPUT = 64 * 1024  # bytes a tool may say
TOOL_SECONDS = 30

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602


class Wrong(Exception):
    """A message that gets a JSON-RPC error."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def initialize(_daemon, _params):
    return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
            "serverInfo": {"name": "tool-runner", "version": "1"}}


def ping(_daemon, _params):
    return {}


def list_tools(_daemon, _params):
    return {"tools": [{"name": name, "description": text, "inputSchema": {"type": "object"}}
                      for name, text in TOOLS.items()]}


def call_tool(daemon, params):
    name, arguments = params.get("name"), params.get("arguments", {})
    if not isinstance(name, str) or name not in TOOLS or not isinstance(arguments, dict):
        raise Wrong(INVALID_PARAMS, "no such tool, or arguments that are no object")
    try:
        signed = daemon.sign_action("tool.call", AUDIENCE, resource=f"tool/{name}", params=arguments)
    except (holdfast.HoldfastError, ValueError) as error:
        return outcome(f"not run, because it was not signed: {error}", failed=True)
    text, failed = run_tool(name, arguments)
    return {**outcome(text, failed),
            "_meta": {"holdfast/sequence": signed.sequence, "holdfast/jws": signed.jws}}


def run_tool(name, arguments):
    program = [sys.executable, "-I", "-S", "-B", os.path.join(HERE, "tools", f"{name}.py")]
    try:
        done = subprocess.run(program, input=json.dumps(arguments).encode(), stdout=subprocess.PIPE,
                              timeout=TOOL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"ended after {TOOL_SECONDS} s", True
    if len(done.stdout) > MAX_OUTPUT:
        return f"said more than {MAX_OUTPUT} bytes", True
    return done.stdout.decode(errors="replace"), done.returncode != 0


def outcome(text, failed):
    return {"content": [{"type": "text", "text": text}], "isError": failed}


METHODS = {"initialize": initialize, "ping": ping, "tools/list": list_tools, "tools/call": call_tool}


def answer(daemon, line):
    """The reply to one line; None to a notification."""
    message = None
    try:
        message = read_message(line)
        if "id" not in message:
            return None
        method = METHODS.get(message["method"])
        if method is None:
            raise Wrong(METHOD_NOT_FOUND, "no such method")
        said = {"result": method(daemon, message.get("params", {}))}
    except Wrong as wrong:
        said = {"error": {"code": wrong.code, "message": str(wrong)}}
    return {"jsonrpc": "2.0", "id": message.get("id") if message else None, **said}


def read_message(line):
    if len(line) > MAX_MESSAGE:
        raise Wrong(PARSE_ERROR, f"a message has at most {MAX_MESSAGE} bytes")
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise Wrong(PARSE_ERROR, "not JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("method"), str) \
            or not isinstance(message.get("params", {}), dict):
        raise Wrong(INVALID_REQUEST, "not a request")
    return message


def lines(stream):
    """A line longer than MAX_MESSAGE comes as its beginning, one byte too long; its rest is dropped."""
    while line := stream.readline(MAX_MESSAGE + 1):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_MESSAGE)
        yield line


def serve(daemon, requests, replies):
    for line in lines(requests):
        reply = answer(daemon, line)
        if reply is not None:
            replies.write(json.dumps(reply).encode() + b"\n")
            replies.flush()


def serve_folder(daemon, folder):
    """One caller after the other."""
    path = os.path.join(folder, "tools.sock")
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            # A caller that goes away in the middle is no reason to end.
            with connection, contextlib.suppress(OSError), connection.makefile("rwb") as stream:
                serve(daemon, stream, stream)


def main():
    daemon = holdfast.Client(retry_for=10)
    folder = os.environ.get("HOLDFAST_DATA")  # there when it was launched
    if folder:
        serve_folder(daemon, folder)
    serve(daemon, sys.stdin.buffer, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
