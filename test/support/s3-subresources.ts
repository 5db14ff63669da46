import type { ServerResponse } from 'node:http';
import { S3Error } from './s3-error.ts';

/** Settings of buckets, as XML documents: kept, and given back as they came. */
export type Subresources = {
  /** Undefined where there is none. */
  get(bucket: string, name: SubresourceName): string | undefined;
  put(bucket: string, name: SubresourceName, xml: string): void;
  remove(bucket: string, name: SubresourceName): void;
};

export type SubresourceName = keyof typeof DOCUMENTS;

/** What is said where there is none. */
const DOCUMENTS = {
  cors: 'NoSuchCORSConfiguration',
  lifecycle: 'NoSuchLifecycleConfiguration',
  publicAccessBlock: 'NoSuchPublicAccessBlockConfiguration',
} as const;

/** The setting that a request about a bucket is about. */
export function subresourceOf(query: string): SubresourceName | undefined {
  const names = query.split('&').map((pair) => pair.split('=')[0]);
  return (Object.keys(DOCUMENTS) as SubresourceName[]).find((name) => names.includes(name));
}

export function createSubresources(): Subresources {
  const documents = new Map<string, string>();
  return {
    get: (bucket, name) => documents.get(`${name} ${bucket}`),
    put: (bucket, name, xml) => void documents.set(`${name} ${bucket}`, xml),
    remove: (bucket, name) => void documents.delete(`${name} ${bucket}`),
  };
}

export type SettingRequest = { method: string; bucket: string; name: SubresourceName; xml: string };

export function answerSubresource(
  res: ServerResponse,
  subresources: Subresources,
  { method, bucket, name, xml }: SettingRequest,
): void {
  if (method === 'PUT') subresources.put(bucket, name, xml);
  if (method === 'DELETE') subresources.remove(bucket, name);
  if (method !== 'GET') return void res.writeHead(method === 'DELETE' ? 204 : 200).end();
  const document = subresources.get(bucket, name);
  if (document === undefined) throw new S3Error(404, DOCUMENTS[name], 'The bucket has no such configuration.');
  sendXml(res, document);
}

export function sendXml(res: ServerResponse, xml: string): void {
  res.writeHead(200, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(xml) }).end(xml);
}
