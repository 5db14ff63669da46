import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { closeServer, listen, readAll } from './http-relay.ts';

/** `action` is `ReceiveMessage`, `DeleteMessageBatch`, …; `input` is what the SDK calls so. */
export type SqsRequest = {
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly authorization: string;
};
/** Returns true when it has taken over the answer; leaving that open is a queue that says nothing. */
export type SqsFault = (asked: SqsRequest, res: ServerResponse) => boolean;

export type TestSqs = {
  /** At 127.0.0.1. Only what the code under test asks for arrives there. */
  readonly queueUrl: string;
  readonly region: string;
  /** Any are taken. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** By what the SDK finds region and credentials. */
  readonly environment: Readonly<Record<string, string>>;
  /** What was asked for at `queueUrl`, in order. */
  readonly requests: readonly SqsRequest[];
  /** Sees first what is asked for at `queueUrl`. `answers` makes one. */
  fault: SqsFault | undefined;
  /** Connections to `queueUrl` that are open. */
  openSockets(): Promise<number>;
  /** Resolves to the message's id. */
  send(body: string): Promise<string>;
  /** Messages that have not been deleted, whoever has received them. */
  remaining(): Promise<number>;
  /** What has been received and not deleted comes again at once, as it does when its visibility timeout is over. */
  comeAgain(): Promise<void>;
  removeQueue(): Promise<void>;
  /** Nobody listens any more: what connects is refused. Once more does nothing. */
  close(): Promise<void>;
};

const QUEUE = 'changes';
const REGION = 'eu-west-1';
const CREDENTIALS = { accessKeyId: 'SQSTEST', secretAccessKey: 'secret' };
const ENVIRONMENT = {
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
};

/**
 * A server with one empty queue: fauxqs 1.9.2, behind a front that logs and breaks. What prepares and inspects goes by a way
 * of its own. Both listen at 127.0.0.1 alone, where fauxqs' own `startFauxqs` takes every address of the machine.
 */
export async function startSqsServer(): Promise<TestSqs> {
  const app = buildApp({ logger: false });
  const store = await app.listen({ port: 0, host: '127.0.0.1' });
  const client = new SQSClient({ endpoint: store, region: REGION, credentials: CREDENTIALS });
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: QUEUE }));
  const front = await startFront(store, QueueUrl);
  const closeFront = front.close;

  async function inspect(): Promise<Inspected> {
    const answer = await fetch(`${store}/_fauxqs/queues/${QUEUE}`);
    return ((await answer.json()) as { messages: Inspected }).messages;
  }

  async function shut(): Promise<void> {
    await closeFront();
    await app.close();
    client.destroy();
  }
  let closed: Promise<void> | undefined;

  return Object.assign(front, {
    region: REGION,
    credentials: CREDENTIALS,
    environment: ENVIRONMENT,
    async send(body: string) {
      const { MessageId = '' } = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
      return MessageId;
    },
    async remaining() {
      const { ready, delayed, inflight } = await inspect();
      return ready.length + delayed.length + inflight.length;
    },
    async comeAgain() {
      for (const { receiptHandle: ReceiptHandle } of (await inspect()).inflight) {
        await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
      }
    },
    async removeQueue() {
      await client.send(new DeleteQueueCommand({ QueueUrl }));
    },
    async close() {
      closed ??= shut();
      await closed;
    },
  });
}

type Inspected = {
  readonly ready: readonly unknown[];
  readonly delayed: readonly unknown[];
  readonly inflight: readonly { readonly receiptHandle: string }[];
};

type Front = Pick<TestSqs, 'queueUrl' | 'requests' | 'fault' | 'openSockets' | 'close'>;

/** fauxqs knows a queue by the URL it was made with, whose host no resolver has to know: here it has another. */
async function startFront(store: string, known: string): Promise<Front> {
  const requests: SqsRequest[] = [];
  const server = createServer((req, res) => void relay(req, res).catch(() => res.destroy()));
  // What is idle is closed by whoever opened it, or shows.
  server.keepAliveTimeout = 0;
  const endpoint = await listen(server);
  const queueUrl = endpoint + new URL(known).pathname;
  const front: Front = {
    queueUrl,
    requests,
    fault: undefined,
    openSockets: () => promisify(server.getConnections.bind(server))(),
    close: () => closeServer(server),
  };

  async function relay(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const asked = await readRequest(req);
    requests.push(asked);
    if (front.fault?.(asked, res)) return;
    const left = new AbortController();
    res.on('close', () => left.abort());
    const { action, input } = asked;
    const body = JSON.stringify(input.QueueUrl === queueUrl ? { ...input, QueueUrl: known } : input);
    const headers = { 'content-type': JSON_TYPE, 'x-amz-target': `AmazonSQS.${action}` };
    const answer = await fetch(store, { method: 'POST', headers, body, signal: left.signal });
    const text = await answer.text();
    res.writeHead(answer.status, { 'content-type': JSON_TYPE });
    res.end(text);
  }

  return front;
}

const JSON_TYPE = 'application/x-amz-json-1.0';

async function readRequest(req: IncomingMessage): Promise<SqsRequest> {
  const action = String(req.headers['x-amz-target']).replace('AmazonSQS.', '');
  const input = JSON.parse(String(await readAll(req)));
  return { action, input, authorization: req.headers.authorization ?? '' };
}

/**
 * A fault that answers one action so, and leaves the others alone. An error is
 * `answers('ReceiveMessage', 403, { __type: 'com.amazon.coral.service#AccessDeniedException', message: 'no' })`.
 */
export function answers(action: string, status: number, body: unknown): SqsFault {
  return (asked, res) => {
    if (asked.action !== action) return false;
    res.writeHead(status, { 'content-type': JSON_TYPE });
    res.end(JSON.stringify(body));
    return true;
  };
}
