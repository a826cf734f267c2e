"""python-agent: asks who it is, keeps a credential fresh, and signs what it does.

It holds no key and no password. A line of JSON per step on standard output. It ends with 0 once it has
signed as much as it was told to, with 1 when it is refused for good; what may pass (a daemon that
restarts, a chip that is busy) it waits for.

Launched by Holdfast it has a folder of its own: a verifier's question that is laid there, as
challenge.json {"nonce", "verifier"}, is answered with evidence.json beside it.
"""
import argparse
import base64
import json
import os
import sys
import time

# All modules come before the first request: the daemon measures which code is mapped, and one that
# maps more of it later would make this another measurement.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # python -I leaves it out
import holdfast  # noqa: E402

WAIT = 5  # seconds, where the daemon names none: it is away, or an operator has suspended this agent


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--actions", type=int, default=3, metavar="N", help="how many to sign")
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="pause between them")
    parser.add_argument("--action", default="report.publish", help="what to do")
    parser.add_argument("--audience", default="https://reports.example", help="who is to act on it")
    return parser.parse_args()


def say(step, **members):
    print(json.dumps({"step": step, **members}), flush=True)


class Agent:
    def __init__(self, options):
        self.options = options
        self.daemon = holdfast.Client(retry_for=10)  # rides out 429 and 503, as Retry-After says
        self.renew_after = 0
        self.folder = os.environ.get("HOLDFAST_DATA")  # there when it was launched

    def introduce_itself(self):
        me = self.daemon.whoami()
        say("whoami", agent=me.agent, state=me.state, custody=me.custody,
            assurance=me.measurement.assurance, notes=me.notes)

    def keep_credential_fresh(self):
        """From the half life on, asking again gives a new one."""
        if time.time() < self.renew_after:
            return
        credential = self.daemon.credential()
        self.renew_after = credential.renew_after
        say("credential", serial=credential.serial, not_after=credential.not_after,
            renew_after=credential.renew_after, chain_pem=credential.chain_pem)

    def answer_verifier(self):
        """One question at a time: it is gone once it is answered."""
        question = self.folder and os.path.join(self.folder, "challenge.json")
        if not question or not os.path.exists(question):
            return
        with open(question, encoding="utf-8") as file:
            asked = json.load(file)
        nonce = base64.urlsafe_b64decode(asked["nonce"] + "==")
        evidence = self.daemon.evidence(nonce, asked["verifier"])
        with open(os.path.join(self.folder, "evidence.json"), "wb") as file:
            file.write(evidence)
        os.remove(question)
        say("evidence", verifier=asked["verifier"])

    def act(self, number):
        self.keep_credential_fresh()
        signed = self.daemon.sign_action(self.options.action, self.options.audience,
                                         resource=f"report/{number}", params={"number": number})
        say("signed", number=number, sequence=signed.sequence, jws=signed.jws)

    def run(self):
        self.insist(self.introduce_itself)
        for number in range(1, self.options.actions + 1):
            self.insist(self.act, number)
            self.insist(self.answer_verifier)
            if number < self.options.actions:
                time.sleep(self.options.every)

    def insist(self, step, *arguments):
        """Until it is done, or refused for good."""
        while True:
            try:
                return step(*arguments)
            except holdfast.HoldfastError as error:
                say("refused", status=error.status, code=error.code, detail=error.detail,
                    retry=error.retry)
                if error.retry != "later":
                    raise
                time.sleep(error.retry_after or WAIT)


def main():
    try:
        Agent(read_options()).run()
    except holdfast.HoldfastError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
