#!/usr/bin/env -S python3 -B
"""clients/python/holdfast.py: what it asks, what it makes of the answers, when it asks again."""
import base64
import dataclasses
import inspect
import json
import os
import pathlib
import pickle
import sys
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "clients/python"), str(ROOT / "tests/support")]
import holdfast  # noqa: E402
from fake_daemon import FakeDaemon, problem, reply  # noqa: E402

FILE = {"path": "/usr/bin/agent", "sha256": "ab" * 32}
WHOAMI = {"agent": "spiffe://host/agent/a", "instance": "01", "sponsor": "s@example.org",
          "state": "active", "key_thumbprint": "kid", "custody": "tpm", "fuse": "counter",
          "measurement": {"assurance": "observed", "digest": "cd" * 32, "executable": FILE,
                          "mappings": [FILE, FILE]},
          "notes": ["pid reuse not excluded"]}
CREDENTIAL = {"spiffe_id": "spiffe://host/agent/a", "chain_pem": "PEM", "serial": "0a",
              "not_after": 2000, "renew_after": 1000}
SIGNED = {"jws": "h.p.s", "sequence": 7}


def without(members, name):
    return {key: value for key, value in members.items() if key != name}


class Methods(unittest.TestCase):
    def ask(self, answer, question):
        """What a method makes of one answer, and what it asked."""
        with FakeDaemon(answer) as daemon, holdfast.Client(daemon.path) as client:
            return question(client), daemon.asked[0]

    def test_whoami_is_read_whole(self):
        me, asked = self.ask(reply(200, WHOAMI), lambda client: client.whoami())
        self.assertEqual((asked.method, asked.target, asked.body), ("GET", "/v1/whoami", b""))
        self.assertEqual((me.agent, me.state, me.notes),
                         (WHOAMI["agent"], "active", ("pid reuse not excluded",)))
        self.assertEqual(me.measurement.executable, holdfast.MeasuredFile(**FILE))
        self.assertEqual(len(me.measurement.mappings), 2)

    def test_credential(self):
        credential, asked = self.ask(reply(200, CREDENTIAL), lambda client: client.credential())
        self.assertEqual((asked.method, asked.target, asked.body), ("POST", "/v1/credential", b"{}"))
        self.assertEqual(dataclasses.asdict(credential), CREDENTIAL)

    def test_sign_action_says_what_it_was_given_and_nothing_else(self):
        everything = {"action": "refund.create", "audience": "a", "resource": "order/4711",
                      "params": {"note": "Grüße", "amount_minor": 4200}, "on_behalf_of": "care"}
        signed, asked = self.ask(reply(200, SIGNED), lambda c: c.sign_action(**everything))
        self.assertEqual((asked.method, asked.target), ("POST", "/v1/actions"))
        self.assertEqual(asked.headers["content-type"], "application/json")
        self.assertEqual(asked.json(), everything)
        self.assertEqual(signed, holdfast.SignedAction("h.p.s", 7))
        _, asked = self.ask(reply(200, SIGNED),
                            lambda c: c.sign_action("a.b", "c", params_sha256="ef" * 32))
        self.assertEqual(asked.json(),
                         {"action": "a.b", "audience": "c", "params_sha256": "ef" * 32})

    def test_empty_params_are_said_too(self):
        _, asked = self.ask(reply(200, SIGNED), lambda c: c.sign_action("a.b", "c", params={}))
        self.assertEqual(asked.json()["params"], {})

    def test_what_is_no_json_is_not_sent(self):
        with FakeDaemon() as daemon, holdfast.Client(daemon.path) as client:
            for params in ({"a": float("nan")}, {"a": "\ud800"}):
                with self.assertRaises(ValueError):
                    client.sign_action("a.b", "c", params=params)
            self.assertEqual(daemon.asked, [])

    def test_an_action_that_waits_for_operators_is_no_signature(self):
        waiting = {"approval": "ap-1", "state": "pending", "needed": 2, "approved": 0,
                   "expires_at": 9, "document": "{}"}
        with self.assertRaises(holdfast.ApprovalPending) as raised:
            self.ask(reply(202, waiting), lambda client: client.sign_action("a.b", "c"))
        self.assertEqual(raised.exception.approval, holdfast.Approval("ap-1", "pending", 2, 0, 9))
        self.assertEqual((raised.exception.code, raised.exception.retry),
                         ("approval_pending", "later"))
        now, asked = self.ask(reply(200, {**waiting, "state": "approved"}),
                              lambda client: client.wait_approval("ap-1", 5))
        self.assertEqual(now.state, "approved")
        self.assertEqual((asked.target, asked.json()), ("/v1/approvals/ap-1/wait", {"wait_s": 5}))
        _, asked = self.ask(reply(200, SIGNED),
                            lambda client: client.sign_action("a.b", "c", approval="ap-1"))
        self.assertEqual(asked.json()["approval"], "ap-1")

    def test_evidence_is_given_on_as_it_came(self):
        nonce = bytes(range(16))
        answer = b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"b": 1 }'
        evidence, asked = self.ask(answer, lambda client: client.evidence(nonce, "verifier"))
        self.assertEqual(evidence, b'{"b": 1 }')
        self.assertEqual(asked.target, "/v1/evidence")
        self.assertEqual(asked.json()["verifier"], "verifier")
        self.assertNotIn("=", asked.json()["nonce"])
        self.assertEqual(base64.urlsafe_b64decode(asked.json()["nonce"] + "=="), nonce)

    def test_what_is_said_of_ended_agents_is_given_on_as_it_came(self):
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\x30\x02\x05\x00"
        listed, asked = self.ask(answer, lambda client: client.crl())
        self.assertEqual(listed, b"\x30\x02\x05\x00")
        self.assertEqual(asked.target, "/v1/crl")
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na.b.c"
        stone, asked = self.ask(answer, lambda client: client.tombstone("bot-1"))
        self.assertEqual(stone, "a.b.c")
        self.assertEqual(asked.target, "/v1/tombstones/bot-1")
        for name in ("", "a/b", "a b", "a\r\nX: y", "\u00e9"):
            with self.assertRaises(ValueError):
                holdfast.Client("/nonexistent").tombstone(name)

    def test_methods_and_names_are_those_of_the_openapi_document(self):
        document = json.loads((ROOT / "api/openapi.json").read_text())
        offered = {operation["operationId"] for path in document["paths"].values()
                   for operation in path.values() if "agent" in operation["tags"]}
        public = {name for name, _ in inspect.getmembers(holdfast.Client, inspect.isfunction)
                  if not name.startswith("_")}
        self.assertEqual(public - {"close"}, offered)
        schemas = document["components"]["schemas"]
        asked = set(inspect.signature(holdfast.Client.sign_action).parameters) - {"self"}
        self.assertEqual(asked, set(schemas["Action"]["properties"]))
        for kind, schema in ((holdfast.WhoAmI, "WhoAmI"), (holdfast.Measurement, "Measurement"),
                             (holdfast.MeasuredFile, "MeasuredFile"),
                             (holdfast.Credential, "Credential"), (holdfast.SignedAction, "Signed"),
                             (holdfast.Approval, "Approval")):
            read = {field.name for field in dataclasses.fields(kind)}
            self.assertLessEqual(read, set(schemas[schema]["required"]), schema)

    def test_members_of_a_later_daemon_are_left_alone(self):
        later = {**WHOAMI, "mood": 1, "measurement": {**WHOAMI["measurement"], "more": []}}
        me, _ = self.ask(reply(200, later), lambda client: client.whoami())
        self.assertEqual(me.agent, WHOAMI["agent"])

    def test_a_missing_or_mistyped_member_is_no_answer(self):
        wrong = [without(SIGNED, "jws"), {**SIGNED, "sequence": "7"}, {**SIGNED, "sequence": True},
                 {**SIGNED, "sequence": 7.0}, {**SIGNED, "jws": None}]
        questions = [(members, lambda client: client.sign_action("a.b", "c")) for members in wrong]
        measured = WHOAMI["measurement"]
        for members in (without(WHOAMI, "measurement"), {**WHOAMI, "notes": [1]},
                        {**WHOAMI, "measurement": []}, {**WHOAMI, "notes": "none"},
                        {**WHOAMI, "measurement": without(measured, "executable")},
                        {**WHOAMI, "measurement": {**measured, "mappings": [FILE, 1]}}):
            questions.append((members, lambda client: client.whoami()))
        for members, question in questions:
            with self.subTest(members), self.assertRaises(holdfast.HoldfastError) as raised:
                self.ask(reply(200, members), question)
            self.assertEqual((raised.exception.code, raised.exception.retry),
                             ("malformed_reply", "never"))

    def test_the_socket_is_the_one_named_or_that_of_the_environment_or_the_default(self):
        for given, variable, chosen in (("/a", "/b", "/a"), (None, "/b", "/b"),
                                        (None, "", "/run/holdfast/agent.sock")):
            with mock.patch.dict(os.environ, {"HOLDFAST_SOCKET": variable}):
                self.assertEqual(holdfast.Client(given).socket_path, chosen)
        with mock.patch.dict(os.environ):
            os.environ.pop("HOLDFAST_SOCKET", None)
            self.assertEqual(holdfast.Client().socket_path, "/run/holdfast/agent.sock")


class Refusals(unittest.TestCase):
    def refusal(self, *answers, **options):
        """The error a client ends with, how often it asked, how long it paused in between."""
        pauses = []
        with FakeDaemon(*answers) as daemon, holdfast.Client(daemon.path, **options) as client, \
                mock.patch.object(holdfast.time, "sleep", pauses.append):
            try:
                client.sign_action("a.b", "c")
                error = None
            except holdfast.HoldfastError as raised:
                error = raised
            return error, len(daemon.asked), pauses

    def test_a_refusal_says_status_code_and_what_to_do(self):
        error, asked, _ = self.refusal(problem(403, "measurement_changed", "reattest"))
        self.assertEqual((error.status, error.code, error.retry, error.retry_after),
                         (403, "measurement_changed", "reattest", 0))
        self.assertEqual(str(error), "measurement_changed (HTTP 403): because of measurement_changed")
        self.assertEqual(asked, 1)

    def test_a_refusal_can_be_handed_to_another_process(self):
        error, _, _ = self.refusal(problem(503, "keys_unavailable", "later", Retry_After=2))
        copy = pickle.loads(pickle.dumps(error))
        self.assertEqual((copy.status, copy.code, copy.detail, copy.retry, copy.retry_after),
                         (503, "keys_unavailable", error.detail, "later", 2))

    def test_the_status_counts_where_the_body_says_nothing(self):
        for body in (b"", b"<html>", b"[]", b"\xff", b'{"code": 7}', b"[" * 100_000):
            answer = b"HTTP/1.1 503 X\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            error, _, _ = self.refusal(answer)
            self.assertEqual((error.status, error.code, error.retry), (503, "http_503", "later"))

    def test_nothing_is_asked_again_unless_that_was_asked_for(self):
        for status in (429, 503):
            error, asked, pauses = self.refusal(problem(status, "busy", "later", Retry_After=2))
            self.assertEqual((error.status, error.retry_after, asked, pauses), (status, 2, 1, []))

    def test_429_and_503_are_asked_again_after_retry_after(self):
        error, asked, pauses = self.refusal(
            problem(429, "busy", "later", Retry_After=3),
            problem(503, "keys_unavailable", "later"),
            reply(200, SIGNED), retry_for=10)
        self.assertIsNone(error)
        self.assertEqual((asked, pauses), (3, [3, 1]))

    def test_no_longer_than_it_was_asked_for(self):
        error, asked, pauses = self.refusal(problem(503, "unavailable", "later", Retry_After=11),
                                            retry_for=10)
        self.assertEqual((error.retry_after, asked, pauses), (11, 1, []))

    def test_what_will_stay_refused_is_not_asked_again(self):
        for answer in (problem(403, "agent_revoked"), problem(403, "x", "later", Retry_After=1),
                       problem(503, "not_durable", "never", Retry_After=1), problem(500, "internal")):
            error, asked, pauses = self.refusal(answer, reply(200, SIGNED), retry_for=10)
            self.assertIsNotNone(error)
            self.assertEqual((asked, pauses), (1, []))

    def test_a_retry_after_that_is_no_number_of_seconds_is_one(self):
        for value, read in (("86400", 86400), ("86401", 1), ("-1", 1), ("1.5", 1), ("soon", 1),
                            ("9" * 5000, 1)):
            error, _, _ = self.refusal(problem(503, "unavailable", "later", Retry_After=value))
            self.assertEqual(error.retry_after, read, value)


if __name__ == "__main__":
    unittest.main()
