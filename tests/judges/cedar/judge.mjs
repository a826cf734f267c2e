// Asks Cedar's own implementation what Holdfast has answered: cases (tests/support/cedar_cases.h) on
// standard input, a case a line, each request with its answer.
// Usage: node judge.mjs [--shares]  → prints what was compared; exit 1 where an answer differs.
//   --shares   and exit 1 where one kind of outcome is rare: then little was compared
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { getCedarSDKVersion, preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';

// Node 20's V8 gives up ("unreachable code") when it has to leave a WebAssembly call that it had inlined.
setFlagsFromString('--no-turbo-inline-js-wasm-calls');

const counts = { pairs: 0, allow: 0, 'deny by a forbid': 0, 'deny by default': 0, 'with an error': 0 };
let differences = 0;

const report = (line, what) => {
  differences += 1;
  if (differences <= 5) console.error(`differs: ${what}\n  ${line.slice(0, 4000)}`);
};

const cedarsAnswer = (name, entities, request) => {
  const { principal, action, resource, context } = request;
  const answer = statefulIsAuthorized({ principal, action, resource, context, entities, preparsedPolicySetId: name });
  if (answer.type !== 'success') return { failed: answer.errors };
  const { decision, diagnostics } = answer.response;
  return {
    decision,
    errors: diagnostics.errors.map((error) => error.policyId).sort(),
    reason: [...diagnostics.reason].sort(),
  };
};

const count = ({ decision, errors, reason }) => {
  counts.pairs += 1;
  counts[decision === 'allow' ? 'allow' : reason.length > 0 ? 'deny by a forbid' : 'deny by default'] += 1;
  if (errors.length > 0) counts['with an error'] += 1;
};

for await (const line of createInterface({ input: process.stdin })) {
  const { policies, entities, requests } = JSON.parse(line);
  const texts = Object.fromEntries(policies.map(({ id, text }) => [id, text]));
  const parsed = preparsePolicySet('case', { staticPolicies: texts });
  if (parsed.type !== 'success') report(line, JSON.stringify(parsed.errors));
  for (const request of parsed.type === 'success' ? requests : []) {
    const cedar = cedarsAnswer('case', entities, request);
    const { decision, errors, reason } = request.answer;
    if (JSON.stringify(cedar) !== JSON.stringify({ decision, errors, reason }))
      report(JSON.stringify({ policies, request }), `Cedar says ${JSON.stringify(cedar)}`);
    count(request.answer);
  }
}

const share = (name) => (100 * counts[name]) / counts.pairs;
console.log(`Cedar ${getCedarSDKVersion()}: ${counts.pairs} pairs, ${differences} differ`);
for (const name of Object.keys(counts).slice(1)) console.log(`  ${name}: ${counts[name]} (${share(name).toFixed(1)} %)`);
if (differences > 0 || counts.pairs === 0) process.exit(1);
if (process.argv.includes('--shares') && Object.keys(counts).slice(1).some((name) => share(name) < 5)) {
  console.error('one kind of outcome is under 5 %');
  process.exit(1);
}
