#!/usr/bin/env python3
"""Asks Holdfast the cases of Cedar's own integration tests, as far as they are in the subset.

  tests/judges/cedar/corpus.py CORPUS [--sample FILE BYTES]

CORPUS: a checkout of github.com/cedar-policy/cedar-integration-tests with corpus-tests.tar.gz
unpacked in it. $HOLDFAST_BIN/cedar-answers answers. Prints what was left out, and why; exits 1 where
an answer differs. --sample writes some of the cases, spread over the whole, as
tests/vectors/cedar/integration.jsonl has them.
"""
import argparse
import collections
import glob
import json
import os
import re
import subprocess
import sys

# A comment or a string, or the end of a policy.
TOKEN = re.compile(r'//[^\n\r]*|"(?:\\.|[^"\\])*"|;', re.S)


def policies_of(text):
    """Each policy with the name that Cedar gives it, which is its @id here."""
    begin = 0
    for number, end in enumerate(m.end() for m in TOKEN.finditer(text) if m.group() == ";"):
        policy = re.sub(r'@id\s*\(\s*"(?:\\.|[^"\\])*"\s*\)', "", text[begin:end])
        yield {"id": f"policy{number}", "text": f'@id("policy{number}")\n{policy.strip()}'}
        begin = end


def key_of(uid):
    return (uid["type"], uid["id"])


def spelled_out(value):
    """The tests written by hand leave it to the schema that {"type", "id"} is an entity."""
    if isinstance(value, list):
        return [spelled_out(element) for element in value]
    if not isinstance(value, dict) or "__entity" in value:
        return value
    if set(value) == {"type", "id"}:
        return {"__entity": value}
    return {name: spelled_out(member) for name, member in value.items()}


def closed(entities, attributes_of):
    """With all ancestors as parents."""
    plain = [{"uid": e["uid"].get("__entity", e["uid"]), "attrs": attributes_of(e["attrs"]),
              "parents": [p.get("__entity", p) for p in e["parents"]]} for e in entities]
    parents = {key_of(e["uid"]): e["parents"] for e in plain}
    for entity in plain:
        found, waiting = {}, list(entity["parents"])
        while waiting:
            parent = waiting.pop()
            if key_of(parent) not in found:
                found[key_of(parent)] = parent
                waiting += parents.get(key_of(parent), [])
        entity["parents"] = [found[key] for key in sorted(found)]
    return plain


def request_of(request):
    return {**{name: request[name].get("__entity", request[name])
               for name in ("principal", "action", "resource")},
            "context": request["context"],
            "answer": {"decision": request["decision"], "errors": sorted(request["errors"]),
                       "reason": sorted(request["reason"])}}


def case_of(corpus, path):
    with open(path, encoding="utf-8") as file:
        test = json.load(file)
    with open(os.path.join(corpus, test["policies"]), encoding="utf-8", newline="") as file:
        policies = list(policies_of(file.read()))
    with open(os.path.join(corpus, test["entities"]), encoding="utf-8") as file:
        is_by_hand = "/tests/" in path[len(corpus):]
        entities = closed(json.load(file), spelled_out if is_by_hand else lambda attrs: attrs)
    seen = {json.dumps(request_of(request), sort_keys=True) for request in test["requests"]}
    return {"policies": policies, "entities": entities,
            "requests": [json.loads(text) for text in sorted(seen)]}


def cases_in(corpus):
    tests = glob.glob(f"{corpus}/tests/*/*.json") + glob.glob(f"{corpus}/corpus-tests/*.json")
    for path in sorted(tests):
        if not path.endswith(".entities.json"):
            yield path, case_of(corpus, path)


def reason_of(refusal):
    """A refusal without places and names."""
    refusal = re.sub(r"case\.cedar:\d+:\d+: ", "", refusal)
    refusal = re.sub(r" at byte \d+", "", refusal)
    return re.sub(r"(functions are not supported).*|\.\w+\(\) (is not supported)", r"\1\2", refusal)


def answers_to(cases):
    program = os.path.join(os.environ["HOLDFAST_BIN"], "cedar-answers")
    lines = "\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    said = subprocess.run([program], input=lines.encode("utf-8", "surrogatepass"), check=True,
                          stdout=subprocess.PIPE).stdout
    return [json.loads(line) for line in said.split(b"\n") if line]


def write_sample(path, most, cases):
    """Of the short ones, evenly."""
    lines = [json.dumps(case, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
             for case in cases]
    short = [line for line in lines if len(line.encode()) < 4000]
    average = sum(len(line.encode()) for line in short) / len(short)
    step = max(1, int(len(short) * average / most) + 1)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in short[::step])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--sample", nargs=2, metavar=("FILE", "BYTES"))
    args = parser.parse_args()
    found = list(cases_in(args.corpus))
    left_out, asked, differ, kept = collections.Counter(), 0, 0, []
    for (path, case), said in zip(found, answers_to([case for _, case in found])):
        if "refused" in said:
            left_out[reason_of(said["refused"])] += 1
            continue
        kept.append(case)
        for request, answer in zip(case["requests"], said["answers"]):
            asked += 1
            if answer != request["answer"]:
                differ += 1
                print(f"{path}: {request['answer']} but Holdfast: {answer}")
    print(f"{len(found)} policy sets: {len(kept)} asked ({asked} requests, {differ} differ), "
          f"{len(found) - len(kept)} left out")
    for reason, times in left_out.most_common():
        print(f"  {times:5}  {reason}")
    if args.sample:
        write_sample(args.sample[0], int(args.sample[1]), kept)
    return 1 if differ or not kept else 0


if __name__ == "__main__":
    sys.exit(main())
