// What bench/programs/policy_loop.cpp does, with Cedar's own implementation (WebAssembly under Node).
// Usage: node cedar-loop.mjs decide|load MS LEAST FILE…  → COUNT P50 P99 RATE
// decide: the policies are parsed once; entities and request go through its API each time.
import { readFileSync } from 'node:fs';
import { preparsePolicySet, statefulIsAuthorized, validate } from '@cedar-policy/cedar-wasm/nodejs';

// Of policy/cedar/schema.h, what bench/policies speaks of.
const schema = `
entity Sponsor, Custody, Assurance;
entity Agent in [Sponsor, Custody, Assurance] = {
  name: String, sponsor: String, owner: String, policy_author: String, environment?: String,
  custody: String, assurance: String, launched: Bool };
entity Audience = { name: String };
action "refund";
action "refund.create" in ["refund"] appliesTo { principal: Agent, resource: Audience, context: {
  resource: String, params?: { amount_minor: Long, currency: String },
  time: { hour: Long, weekday: Long } } };`;

const uid = (type, id) => ({ type, id });
const name = 'https://payments.example';
const call = {
  principal: uid('Agent', 'refund-agent'),
  action: uid('Action', 'refund.create'),
  resource: uid('Audience', name),
  context: {
    resource: 'order/4711',
    params: { amount_minor: 4200, currency: 'EUR' },
    time: { hour: 12, weekday: 2 },
  },
  entities: [
    {
      uid: uid('Agent', 'refund-agent'),
      attrs: {
        name: 'refund-agent', sponsor: 'finance@example.org', owner: 'refunds@example.org',
        policy_author: 'security@example.org', custody: 'tpm', assurance: 'launched', launched: true,
      },
      parents: [uid('Sponsor', 'finance@example.org'), uid('Custody', 'tpm'), uid('Assurance', 'observed'),
        uid('Assurance', 'launched')],
    },
    { uid: uid('Action', 'refund.create'), attrs: {}, parents: [uid('Action', 'refund')] },
    { uid: uid('Audience', name), attrs: { name }, parents: [] },
  ],
  preparsedPolicySetId: 'bench',
};

const [, , kind, ms, least, ...files] = process.argv;
const policies = { staticPolicies: files.map((file) => readFileSync(file, 'utf8')).join('\n') };
const decide = () => statefulIsAuthorized(call).response?.decision === 'allow';
const load = () => {
  const answer = validate({ schema, policies });
  return answer.type === 'success' && answer.validationErrors.length === 0;
};

preparsePolicySet('bench', policies);
const turn = kind === 'load' ? load : decide;
const took = [];
const begun = process.hrtime.bigint();
for (let last = begun; took.length < Number(least) || last - begun < BigInt(ms) * 1000000n; ) {
  if (!turn()) throw new Error(`cedar-loop: ${kind} failed`);
  const now = process.hrtime.bigint();
  took.push(Number(now - last) / 1000);
  last = now;
}
const seconds = took.reduce((sum, one) => sum + one, 0) / 1e6;
took.sort((a, b) => a - b);
const at = (share) => took[Math.floor(share * (took.length - 1) + 0.5)].toFixed(1);
console.log(`${took.length} ${at(0.5)} ${at(0.99)} ${(took.length / seconds).toFixed(1)}`);
