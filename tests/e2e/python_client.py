"""What tests/e2e/python-client.sh has a recognised agent do with the Python client.

    python_client.py FOLDER-OF-HOLDFAST.PY STEP [ARGUMENT…]

A step says in a line what held; what did not is an exception. Which connection was used is told by
whoami().instance: the daemon gives each connection a name of its own.
"""
import importlib
import os
import signal
import sys
import threading

sys.path.insert(0, sys.argv[1])
import holdfast  # noqa: E402

ACTION, AUDIENCE = "refund.create", "https://payments.example"
IN_FLIGHT = 16  # requests of one agent that the daemon answers at a time


def require(holds, what):
    if not holds:
        raise SystemExit(f"FAILED: {what}")


def sign(client, number=1):
    return client.sign_action(ACTION, AUDIENCE, resource=f"order/{number}",
                              params={"amount_minor": number, "note": "Grüße"}, on_behalf_of="care")


def refused(question, status, code, retry="never"):
    try:
        answer = question()
    except holdfast.HoldfastError as error:
        got = (error.status, error.code, error.retry)
        require(got == (status, code, retry), f"{got} instead of {(status, code, retry)}: {error}")
        print(f"refused: {error.status} {error.code}, retry {error.retry}")
        return error
    raise SystemExit(f"FAILED: not refused with {code}: {answer}")


def in_child(work):
    """Forks; true if work() ended well in the child."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            work()
            sys.stdout.flush()
        except BaseException as error:
            print(error, file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# ── the steps ───────────────────────────────────────────────────────────────────────────────────

def methods(folder, nonce):
    client = holdfast.Client()
    me = client.whoami()
    require(me.agent.endswith("/agent/python-agent") and me.state == "active", me)
    require(me.measurement.assurance == "observed" and me.measurement.mappings, me.measurement)
    credential = client.credential()
    require(credential.spiffe_id == me.agent and credential.renew_after < credential.not_after,
            credential)
    require(client.credential().serial == credential.serial, "another credential before half life")
    signed = sign(client)
    require(signed.jws.count(".") == 2, signed)
    require(sign(client).sequence > signed.sequence, "the sequence goes on")
    evidence = client.evidence(bytes.fromhex(nonce), "https://verifier.example")
    require("/v1/actions" in client.openapi()["paths"], "the daemon describes itself")
    require(client.whoami().instance == me.instance, "all of it over one connection")
    for name, content in (("credential.pem", credential.chain_pem.encode()),
                          ("action.jws", signed.jws.encode()), ("evidence.json", evidence)):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    print(f"whoami, credential, sign_action, evidence, openapi: {me.agent}, one connection")


def refusals():
    client = holdfast.Client()
    instance = client.whoami().instance
    refused(lambda: client.sign_action("Not An Action", AUDIENCE), 400, "malformed_request")
    refused(lambda: client.sign_action(ACTION, AUDIENCE, params={"amount": 0.5}), 400,
            "malformed_request")
    refused(lambda: client.evidence(bytes(15), "verifier"), 400, "malformed_request")
    refused(lambda: client.sign_action("payout.create", AUDIENCE), 403, "action_not_allowed")
    refused(lambda: client.sign_action(ACTION, "https://elsewhere.example"), 403,
            "action_not_allowed")
    require(client.whoami().instance == instance, "these refusals keep the connection")
    refused(lambda: client.sign_action(ACTION, AUDIENCE, params={"note": "x" * 70_000}), 413,
            "body_too_large")
    require(client.whoami().instance != instance, "this one ends it, and the next call connects")
    nobody = holdfast.Client("/nonexistent/agent.sock")
    refused(nobody.whoami, 0, "daemon_unreachable", "later")


def code():
    """A module that maps more code makes it another measurement; connecting again is measured."""
    client = holdfast.Client()
    before = client.whoami().measurement
    for name in ("mmap", "termios", "resource", "_lsprof", "_uuid", "_ctypes"):
        importlib.import_module(name)
    refused(lambda: sign(client), 403, "measurement_changed", "reattest")
    after = client.whoami().measurement
    require(len(after.mappings) > len(before.mappings) and after.digest != before.digest, after)
    print(f"measured again: {len(before.mappings)} mappings, then {len(after.mappings)}")


def forks():
    client = holdfast.Client()
    mine = client.whoami().instance
    seen = os.pipe()

    def child():
        os.write(seen[1], client.whoami().instance.encode())
        sign(client)

    require(in_child(child), "the child was not served")
    require(os.read(seen[0], 100).decode() not in ("", mine), "the child used its parent's connection")
    require(client.whoami().instance == mine, "the parent lost its connection")
    sign(client)
    print("the child of a connected agent connects by itself, and the parent's connection goes on")


def inherits():
    """What a client that does not notice the fork would get."""
    client = holdfast.Client()
    client.whoami()

    def child():
        client._of_thread.connection._owner = holdfast._this_process()
        refused(lambda: sign(client), 403, "foreign_sender")

    require(in_child(child), "an inherited connection is not refused")


def threads():
    client = holdfast.Client()
    instances = [client.whoami().instance]

    def work():
        instances.append(client.whoami().instance)
        sign(client)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    require(len(set(instances)) == 5, f"one connection for each thread: {instances}")
    print("four threads, four more connections")


def busy(chip):
    """The chip stands still: of one agent's requests, 16 wait for it, and the next is told so."""
    client, errors = holdfast.Client(), []
    connected = threading.Barrier(IN_FLIGHT + 2)

    def work():
        client.whoami()
        connected.wait()
        try:
            sign(client)
        except holdfast.HoldfastError as error:
            errors.append(error)

    workers = [threading.Thread(target=work) for _ in range(IN_FLIGHT + 1)]
    for worker in workers:
        worker.start()
    os.kill(chip, signal.SIGSTOP)
    try:
        connected.wait()
        for worker in workers:
            worker.join()
    finally:
        os.kill(chip, signal.SIGCONT)
    told = sorted({(error.status, error.retry, error.retry_after) for error in errors})
    require(told == [(429, "later", 1), (503, "later", 2)], f"told: {told}, {errors}")
    too_many = sum(error.status == 429 for error in errors)
    print(f"refused: {too_many} with 429, {len(errors) - too_many} with 503, each with Retry-After")


def patient(chip):
    """Asked for, the client waits as long as Retry-After says and asks again."""
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        os.kill(chip, signal.SIGCONT)
        sleep(seconds)

    sleep, holdfast.time.sleep = holdfast.time.sleep, pause
    client = holdfast.Client(retry_for=60)
    client.whoami()
    os.kill(chip, signal.SIGSTOP)
    sign(client)
    require(pauses and pauses[0] == 2, f"pauses: {pauses}")
    print(f"signed after {len(pauses)} times 503")


def restart():
    """Told by lines on standard input how the daemon is."""
    client = holdfast.Client()
    for line in sys.stdin:
        if line == "gone\n":
            refused(lambda: sign(client), 0, "daemon_unreachable", "later")
        else:
            sign(client)
            print(f"signed: the daemon is {line.strip()}")
        sys.stdout.flush()


def suspended():
    client = holdfast.Client()
    require(client.whoami().state == "suspended", "whoami tells an agent that it is suspended")
    for question in (client.credential, lambda: sign(client),
                     lambda: client.evidence(bytes(16), "verifier")):
        refused(question, 403, "agent_suspended", "later")


STEPS = {step.__name__: step for step in (methods, refusals, code, forks, inherits, threads, busy,
                                          patient, restart, suspended)}
_, _, step, *arguments = sys.argv
STEPS[step](*(int(each) if each.isdecimal() else each for each in arguments))
