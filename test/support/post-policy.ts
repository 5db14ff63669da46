import { createHmac } from 'node:crypto';
import type { Form } from './form-data.ts';
import { S3Error } from './s3-error.ts';
import { type Identity, signingKey, verifyCredential } from './sigv4.ts';

type Condition = readonly [operator: string, name: string, value: unknown];
type Posted = { readonly key: string; readonly file: Buffer };
type Policy = { readonly expiration: string; readonly conditions: readonly Condition[] };

/**
 * Checks a presigned POST as S3 does: the policy's signature, its end, and each condition. Written from the specification ("Browser-based
 * uploads using POST"). Returns what to store, and where.
 */
export function verifyPost(form: Form, bucket: string, identity: Identity, now = Date.now()): Posted {
  const { fields, file } = form;
  const policy = verifyPolicy(fields, identity);
  if (!(Date.parse(policy.expiration) > now)) throw denied('Invalid according to Policy: Policy expired.');
  const key = fields.get('key');
  if (!key) throw new S3Error(400, 'InvalidArgument', "Bucket POST must contain a field named 'key'.");
  if (!file) throw new S3Error(400, 'InvalidArgument', 'POST requires exactly one file upload per request.');
  const given = new Map([...fields, ['bucket', bucket]]);
  for (const condition of policy.conditions) verifyCondition(condition, given, file.length);
  const named = new Set(policy.conditions.map(([, name]) => name));
  const extra = [...fields.keys()].find((name) => !named.has(name) && !isFree(name));
  if (extra !== undefined) throw denied(`Invalid according to Policy: Extra input fields: ${extra}`);
  return { key, file };
}

function verifyPolicy(fields: Form['fields'], identity: Identity): Policy {
  const [policy = '', credential = '', date = ''] = ['policy', 'x-amz-credential', 'x-amz-date'].map((name) =>
    fields.get(name),
  );
  if (policy === '' || fields.get('x-amz-algorithm') !== 'AWS4-HMAC-SHA256') throw denied('Access Denied');
  const scope = verifyCredential({ credential, date }, identity);
  const signature = createHmac('sha256', signingKey(identity.secretAccessKey, scope)).update(policy).digest('hex');
  if (signature !== fields.get('x-amz-signature')) {
    throw new S3Error(403, 'SignatureDoesNotMatch', 'The calculated signature does not match the one provided.');
  }
  return parsePolicy(Buffer.from(policy, 'base64').toString());
}

function parsePolicy(json: string): Policy {
  try {
    const { expiration, conditions } = JSON.parse(json);
    return { expiration, conditions: conditions.map(asCondition) };
  } catch {
    throw new S3Error(400, 'InvalidPolicyDocument', 'Invalid Policy: Invalid JSON.');
  }
}

/** `{"name": value}` is short for `["eq", "$name", value]`. */
function asCondition(condition: readonly unknown[] | Readonly<Record<string, string>>): Condition {
  if (!Array.isArray(condition)) {
    const [[name, value] = ['', '']] = Object.entries(condition);
    return ['eq', name.toLowerCase(), value];
  }
  const [operator, name, value] = condition as [string, unknown, unknown];
  return operator === 'content-length-range'
    ? [operator, '', [name, value]]
    : [operator, String(name).slice(1).toLowerCase(), value];
}

function verifyCondition([operator, name, value]: Condition, fields: Form['fields'], size: number): void {
  if (operator === 'content-length-range') {
    verifySize(value as readonly [number, number], size);
    return;
  }
  const given = fields.get(name) ?? '';
  const holds = operator === 'eq' ? given === value : operator === 'starts-with' && given.startsWith(String(value));
  if (!holds)
    throw denied(`Invalid according to Policy: Policy Condition failed: ["${operator}", "$${name}", "${value}"]`);
}

function verifySize([least, most]: readonly [number, number], size: number): void {
  if (size > most)
    throw new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.');
  if (size < least)
    throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed object size.');
}

/** What no condition has to name. */
function isFree(name: string): boolean {
  return ['policy', 'x-amz-signature', 'file'].includes(name) || name.startsWith('x-ignore-');
}

function denied(message: string): S3Error {
  return new S3Error(403, 'AccessDenied', message);
}
