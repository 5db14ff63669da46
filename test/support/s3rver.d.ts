declare module 's3rver' {
  import type { Server } from 'node:http';
  import type { AddressInfo } from 'node:net';
  import type { Readable } from 'node:stream';

  namespace S3rver {
    type StoredObject = { bucket: string; key: string; content: Readable; metadata: Record<string, string> };
    type Part = { number: number; etag: string };
    type Stored = { size: number; md5: string };
    type Store = {
      /** Of a bucket where there is no key. */
      getResourcePath(bucket: string, key: string | undefined, resource: string): string;
      putMetadata(bucket: string, key: string, metadata: Record<string, string>, md5: string): Promise<void>;
      putObject(object: StoredObject): Promise<Stored>;
      putObjectMultipart(bucket: string, uploadId: string, parts: readonly Part[]): Promise<Stored>;
    };
  }

  class S3rver {
    constructor(options: { address: string; port: number; directory: string; silent: boolean });
    readonly httpServer: Server;
    readonly store: S3rver.Store;
    run(): Promise<AddressInfo>;
  }

  export = S3rver;
}
