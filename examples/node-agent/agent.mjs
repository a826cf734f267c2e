// node-agent: asks who it is, keeps a credential fresh, and signs what it does. Node and nothing else.
//
// It holds no key and no password. A line of JSON per step on standard output. It ends with 0 once it
// has signed as much as it was told to, with 1 when it is refused for good; what may pass (a daemon
// that restarts, a chip that is busy) it waits for.
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const socketPath = process.env.HOLDFAST_SOCKET || '/run/holdfast/agent.sock';
const maxReply = 8 * 1024 * 1024; // bytes
const answerWithin = 70_000; // ms
const wait = 5; // s, where the daemon names none: it is away, or an operator has suspended this agent
// One connection, kept: the daemon measures whoever connects. The daemon ends it after 60 s idle.
const connections = new http.Agent({ keepAlive: true, maxSockets: 1, timeout: 30_000 });

const say = (step, members) => console.log(JSON.stringify({ step, ...members }));

class Refused extends Error {
  constructor({ status = 0, code, detail, retry = 'later' }, retryAfter = 0) {
    super(detail);
    Object.assign(this, { status, code, detail, retry, retryAfter });
  }
}

const unreachable = (cause) => new Refused({ code: 'daemon_unreachable', detail: cause.message });

// A problem (RFC 9457) becomes an error; anything else that is no JSON is as good as no answer.
function judge(response, text) {
  const retryAfter = Number.parseInt(response.headers['retry-after'] ?? '0', 10) || 0;
  let members;
  try {
    members = JSON.parse(text);
  } catch (cause) {
    throw unreachable(cause);
  }
  if (response.statusCode >= 300) throw new Refused(members, retryAfter);
  return members;
}

function exchange(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { Host: 'holdfast' };
    if (body !== '') {
      headers['Content-Type'] = 'application/json';
      headers['Content-Length'] = Buffer.byteLength(body);
    }
    const signal = AbortSignal.timeout(answerWithin);
    const request = http.request({ socketPath, method, path, headers, agent: connections, signal });
    request.on('error', (cause) => reject(unreachable(cause)));
    request.on('response', async (response) => {
      try {
        const chunks = [];
        let size = 0;
        for await (const chunk of response) {
          size += chunk.length;
          if (size > maxReply) throw new Error('the answer is over 8 MiB');
          chunks.push(chunk);
        }
        resolve(judge(response, Buffer.concat(chunks).toString()));
      } catch (cause) {
        reject(cause instanceof Refused ? cause : unreachable(cause));
      }
    });
    request.end(body);
  });
}

const get = (path) => exchange('GET', path, '');
const post = (path, members) => exchange('POST', path, JSON.stringify(members));

let renewAfter = 0; // Unix seconds

async function introduceItself() {
  const { agent, state, custody, measurement, notes } = await get('/v1/whoami');
  say('whoami', { agent, state, custody, assurance: measurement.assurance, notes });
}

// From the half life on, asking again gives a new one.
async function keepCredentialFresh() {
  if (Date.now() / 1000 < renewAfter) return;
  const { serial, not_after, renew_after } = await post('/v1/credential', {});
  renewAfter = renew_after;
  say('credential', { serial, not_after, renew_after });
}

async function act({ action, audience }, number) {
  await keepCredentialFresh();
  const { sequence, jws } = await post('/v1/actions', {
    action, audience, resource: `report/${number}`, params: { number },
  });
  say('signed', { number, sequence, jws });
}

// Until it is done, or refused for good.
async function insist(step) {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { status, code, detail, retry } = error;
      say('refused', { status, code, detail, retry });
      if (retry !== 'later') throw error;
      await pause((error.retryAfter || wait) * 1000);
    }
  }
}

const { values: options } = parseArgs({
  options: {
    actions: { type: 'string', default: '3' }, // how many to sign
    every: { type: 'string', default: '1' }, // seconds between them
    action: { type: 'string', default: 'report.publish' },
    audience: { type: 'string', default: 'https://reports.example' },
  },
});

try {
  await insist(introduceItself);
  for (let number = 1; number <= Number(options.actions); ++number) {
    await insist(() => act(options, number));
    if (number < Number(options.actions)) await pause(Number(options.every) * 1000);
  }
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  process.exitCode = 1;
} finally {
  connections.destroy();
}
