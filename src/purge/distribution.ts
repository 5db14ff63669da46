import { CloudFrontClient, CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';

/** A CloudFront distribution; the SDK's errors as they are. */
export interface Distribution {
  /**
   * Resolves when CloudFront has taken the items. With the reference of an earlier request and the same items it is that request once
   * more, and no second invalidation.
   */
  invalidate(items: readonly string[], reference: string, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** What an error means for the items: to be sent again, to be sent without the one that is not valid, or never to be taken. */
export type Verdict = 'again' | 'split' | 'never';

// A few requests a minute, none of them long; nobody waits for an idle one.
const CONNECTION_MS = 5_000;
const SOCKET_MS = 20_000;

/** Credentials are the SDK's own (`AWS_…`); they need cloudfront:CreateInvalidation. */
export function openDistribution(distributionId: string): Distribution {
  const client = new CloudFrontClient({
    // CloudFront is in no region, and is asked in this one.
    region: 'us-east-1',
    // Who asks here tries again, more patiently, and counts each try.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECTION_MS, socketTimeout: SOCKET_MS },
  });
  return {
    async invalidate(items, reference, signal) {
      const Paths = { Quantity: items.length, Items: [...items] };
      const InvalidationBatch = { Paths, CallerReference: reference };
      const command = new CreateInvalidationCommand({ DistributionId: distributionId, InvalidationBatch });
      await client.send(command, { abortSignal: signal });
    },
    close() {
      client.destroy();
    },
  };
}

/** CloudFront answers 400 also to what only comes at the wrong time. */
const PASSING = /throttl|TooMany|LimitExceeded|SlowDown/i;

/** One item that is not valid is enough for these. */
const SPLITTING: readonly string[] = ['InvalidArgument', 'BatchTooLarge'];

export function verdictOn(error: unknown): Verdict {
  const { name, $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
  if (SPLITTING.includes(name)) return 'split';
  // Nothing answered, or no credentials were found where others may be a moment later.
  const status = $metadata?.httpStatusCode ?? 0;
  const refused = status >= 400 && status < 500 && status !== 429;
  return refused && !PASSING.test(name) ? 'never' : 'again';
}
