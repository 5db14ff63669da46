import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { verifyPayload } from './aws-chunked.ts';
import { closeServer, listen, readAll } from './http-relay.ts';
import { createTurns, isWrite, judgeWrite, type Turn } from './s3-conditional-write.ts';
import { copyObject, isCopy } from './s3-copy.ts';
import { corsHeaders, preflightHeaders } from './s3-cors.ts';
import { S3Error, sendError } from './s3-error.ts';
import { isForm, storeForm } from './s3-form.ts';
import { createMultipart } from './s3-multipart.ts';
import type { Answer, S3Request } from './s3-request.ts';
import { createSubresources, type Subresources } from './s3-subresources.ts';
import { parseTarget } from './s3-target.ts';
import { relay } from './s3rver-relay.ts';
import { hoistedHeaders, type Identity, verifySignature } from './sigv4.ts';

export type S3Front = { endpoint: string; close(): Promise<void> };

interface Front {
  readonly backend: string;
  readonly identity: Identity;
  readonly inTurn: Turn;
  readonly subresources: Subresources;
  readonly answers: readonly AnswerRow[];
}

interface AnswerRow {
  readonly fits: (request: S3Request) => boolean;
  readonly answer: Answer;
}

/**
 * What makes s3rver behave as S3: it verifies signatures, digests and policies, answers conditional and ranged reads, copies what is
 * still the same, keeps the settings of buckets, and tells pages on other origins what they may.
 */
export async function startS3Front(backend: string, identity: Identity): Promise<S3Front> {
  const subresources = createSubresources();
  const multipart = createMultipart();
  // The first one that fits answers.
  const answers: readonly AnswerRow[] = [
    { fits: subresources.isOne, answer: subresources.answer },
    { fits: multipart.isRefused, answer: multipart.refuse },
    { fits: multipart.isAbort, answer: multipart.abort },
    { fits: isCopy, answer: copyObject },
    { fits: () => true, answer: relay },
  ];
  const front = { backend, identity, inTurn: createTurns(), subresources, answers };
  const server = createServer((req, res) => {
    handle(req, res, front).catch((error: unknown) => {
      if (error instanceof S3Error) sendError(res, error);
      else res.destroy();
    });
  });
  return { endpoint: await listen(server), close: () => closeServer(server) };
}

async function handle(req: IncomingMessage, res: ServerResponse, front: Front): Promise<void> {
  // Before the verdict: an answer to a body that nobody reads may be lost with the connection.
  const sent = await readAll(req);
  const { method = '', url = '/', headers } = req;
  const target = parseTarget(url);
  const rules = front.subresources.get(target.bucket, 'cors');
  if (method === 'OPTIONS') return void res.writeHead(200, preflightHeaders(rules, headers)).end();
  // Before anything is refused: a page could not read why.
  for (const [name, value] of Object.entries(corsHeaders(rules, method, headers))) res.setHeader(name, value);
  const request = { req, res, target, body: sent, backend: front.backend };
  if (isForm(request)) return await front.inTurn(() => storeForm(request, front.identity));
  const payloadHash = verifySignature(req, front.identity);
  const body = verifyPayload(sent, { ...hoistedHeaders(target.query), ...headers }, payloadHash);
  await answerSigned({ ...request, body }, front);
}

async function answerSigned(request: S3Request, { inTurn, answers }: Front): Promise<void> {
  const answer = answers.find(({ fits }) => fits(request))?.answer ?? relay;
  if (!isWrite(request)) return await answer(request);
  await inTurn(async () => {
    await judgeWrite(request);
    await answer(request);
  });
}
