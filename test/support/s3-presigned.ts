import { S3Client } from '@aws-sdk/client-s3';
import type { Test } from 'tap';
import type { TestS3 } from './s3-server.ts';

/** A client that presigns what carries no checksum of a body that it does not know. */
export function presigner(t: Test, { endpoint, region, credentials }: TestS3): S3Client {
  const client = new S3Client({
    endpoint,
    region,
    credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  t.teardown(() => client.destroy());
  return client;
}

export async function sendForm(
  url: string,
  fields: Readonly<Record<string, string>>,
  file: string | Uint8Array<ArrayBuffer> | undefined,
  headers: Record<string, string> = {},
) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (file !== undefined) form.append('file', new Blob([file]));
  const answer = await fetch(url, { method: 'POST', body: form, headers });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}
