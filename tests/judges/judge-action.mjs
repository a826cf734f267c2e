// Judges a signed action with jose and Node's own X.509: nothing here is Holdfast's code.
// Usage: node judge-action.mjs ACTION.jws CA.pem  → prints the payload, exit 1 when anything is wrong.
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { calculateJwkThumbprint, compactVerify, exportJWK } from 'jose';
import canonicalize from 'canonicalize';

const [, , jwsFile, caFile] = process.argv;
const jws = readFileSync(jwsFile, 'utf8').trim();
const ca = new X509Certificate(readFileSync(caFile));

const require = (holds, what) => {
  if (!holds) {
    console.error(`refused: ${what}`);
    process.exit(1);
  }
};

const header = JSON.parse(Buffer.from(jws.split('.')[0], 'base64url'));
const leaf = new X509Certificate(Buffer.from(header.x5c[0], 'base64'));
require(leaf.checkIssued(ca) && leaf.verify(ca.publicKey), 'the leaf was not issued by this CA');

// What a key may be used for, said without asking the header.
const { asymmetricKeyType: type, asymmetricKeyDetails: details } = leaf.publicKey;
const kind = type === 'ec' ? details.namedCurve : type === 'rsa' ? `rsa-${details.modulusLength}` : type;
const algorithms = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  ed25519: ['EdDSA'],
  'rsa-2048': ['PS256', 'RS256'],
  'rsa-3072': ['PS256', 'RS256'],
}[kind];
require(algorithms !== undefined, `a key of kind ${kind}`);

const { payload, protectedHeader } = await compactVerify(jws, leaf.publicKey, { algorithms });
require(protectedHeader.typ === 'holdfast-action+jwt', 'typ');
const thumbprint = await calculateJwkThumbprint(await exportJWK(leaf.publicKey));
require(protectedHeader.kid === thumbprint, 'kid is not the RFC 7638 thumbprint of the leaf');

const text = new TextDecoder().decode(payload);
const statement = JSON.parse(text);
require(canonicalize(statement) === text, 'the payload is not RFC 8785 canonical JSON');
require(leaf.subjectAltName === `URI:${statement.agent}`, 'the leaf names another agent');
console.log(text);
