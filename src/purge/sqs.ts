import {
  type BatchResultErrorEntry,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';

export interface Message {
  readonly id: string;
  readonly body: string;
  /** What it is deleted by; each receipt of a message has another. */
  readonly receipt: string;
  /** How often it has been received, this time included; 0 where the queue does not count. */
  readonly receipts: number;
}

/** The SDK's errors as they are. */
export interface Sqs {
  /** Waits up to 20 seconds for at most 10 messages, and has them hidden from others for a minute. */
  receive(signal: AbortSignal): Promise<readonly Message[]>;
  /** Deletes 1 to 10 messages of one receipt. Resolves to what could not be deleted. */
  remove(messages: readonly Message[], signal: AbortSignal): Promise<readonly BatchResultErrorEntry[]>;
  close(): void;
}

// The most that SQS takes: 10 messages a call, and the longest poll, which costs as much as the shortest.
const BATCH = 10;
const POLL_S = 20;

/** Longer than a batch may take, so that nobody else gets what is worked on: said here, whatever the queue's own is. */
export const VISIBILITY_S = 60;

/** How long a socket may say nothing, in milliseconds: longer than the longest poll, during which SQS says nothing. */
const SOCKET_MS = (POLL_S + 5) * 1000;

// Public addresses, FIPS, dual stack, China and interface endpoints (`vpce-….sqs.eu-west-1.vpce.amazonaws.com`).
const AWS_HOST = /^(?:.+\.)?sqs(?:-fips)?\.([a-z0-9-]+)\.(?:(?:vpce\.)?amazonaws\.com(?:\.cn)?|api\.aws)$/;

/** The AWS region that a queue's URL names; undefined for any other host, of which the environment has to tell it. */
export function regionOf(url: string): string | undefined {
  return AWS_HOST.exec(new URL(url).hostname)?.[1];
}

/** A queue by its URL. Credentials are the SDK's own (`AWS_…`); they need sqs:ReceiveMessage and sqs:DeleteMessage. */
export function openSqs(url: string): Sqs {
  const client = createSqsClient(url);
  return {
    async receive(signal) {
      const command = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: BATCH,
        WaitTimeSeconds: POLL_S,
        VisibilityTimeout: VISIBILITY_S,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      });
      const { Messages = [] } = await client.send(command, { abortSignal: signal });
      return Messages.map(({ MessageId = '', Body = '', ReceiptHandle = '', Attributes = {} }) => ({
        id: MessageId,
        body: Body,
        receipt: ReceiptHandle,
        receipts: Number(Attributes.ApproximateReceiveCount ?? 0),
      }));
    },
    async remove(messages, signal) {
      const Entries = messages.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }));
      const command = new DeleteMessageBatchCommand({ QueueUrl: url, Entries });
      const { Failed = [] } = await client.send(command, { abortSignal: signal });
      return Failed;
    },
    close() {
      client.destroy();
    },
  };
}

/** For the queue of that URL alone. */
export function createSqsClient(url: string): SQSClient {
  const region = regionOf(url);
  return new SQSClient({
    // The SDK goes to the URL's host in any case, but for any other than it expects with a warning on the console each time.
    endpoint: new URL(url).origin,
    ...(region !== undefined && { region }),
    // The URL says which; the SDK refuses to have both said, and these may be set for other services.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    // A connection that broke while nobody looked is no outage.
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 5_000, socketTimeout: SOCKET_MS },
  });
}
