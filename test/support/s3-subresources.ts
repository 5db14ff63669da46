import { S3Error } from './s3-error.ts';
import type { Answer, S3Request } from './s3-request.ts';
import { parseQuery } from './s3-target.ts';
import { sendXml } from './s3-xml.ts';

/** Settings of buckets, as XML documents: kept, and given back as they came. */
export interface Subresources {
  /** Undefined where there is none. */
  get(bucket: string, name: SubresourceName): string | undefined;
  isOne(request: S3Request): boolean;
  readonly answer: Answer;
}

export type SubresourceName = keyof typeof DOCUMENTS;

/** One row each: the document's element, and what is said where there is none. */
const DOCUMENTS = {
  cors: { element: 'CORSConfiguration', missing: 'NoSuchCORSConfiguration' },
  lifecycle: { element: 'LifecycleConfiguration', missing: 'NoSuchLifecycleConfiguration' },
  publicAccessBlock: {
    element: 'PublicAccessBlockConfiguration',
    missing: 'NoSuchPublicAccessBlockConfiguration',
  },
} as const;

type Documents = Map<string, string>;

export function createSubresources(): Subresources {
  const documents: Documents = new Map();
  return {
    get: (bucket, name) => documents.get(`${name} ${bucket}`),
    isOne: (request) => nameOf(request) !== undefined,
    async answer(request) {
      const { res, req, target, body, backend } = request;
      const name = nameOf(request) as SubresourceName;
      const act = ACTIONS[req.method ?? ''];
      if (!act) throw new S3Error(405, 'MethodNotAllowed', 'The method is not allowed against this resource.');
      const bucket = await fetch(new URL(`/${target.bucket}`, backend), { method: 'HEAD' });
      if (!bucket.ok) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist');
      const { status, xml } = act(documents, name, `${name} ${target.bucket}`, body.toString());
      if (xml === undefined) res.writeHead(status).end();
      else sendXml(res, status, xml);
    },
  };
}

type Action = (
  documents: Documents,
  name: SubresourceName,
  id: string,
  xml: string,
) => { status: number; xml?: string };

const ACTIONS: Readonly<Record<string, Action>> = {
  GET(documents, name, id) {
    const xml = documents.get(id);
    if (xml === undefined) throw new S3Error(404, DOCUMENTS[name].missing, 'The bucket has no such configuration.');
    return { status: 200, xml };
  },
  PUT(documents, name, id, xml) {
    documents.set(id, documentOf(name, xml));
    return { status: 200 };
  },
  DELETE(documents, _name, id) {
    documents.delete(id);
    return { status: 204 };
  },
};

/** Without its declaration, which comes with each answer. */
function documentOf(name: SubresourceName, xml: string): string {
  const { element } = DOCUMENTS[name];
  const [, document] =
    new RegExp(`^(?:<\\?xml[^>]*\\?>)?\\s*(<${element}[\\s>].*</${element}>)\\s*$`, 's').exec(xml) ?? [];
  if (document === undefined) throw new S3Error(400, 'MalformedXML', `The XML you provided is no ${element}.`);
  return document;
}

/** The setting that a request about a bucket is about. */
function nameOf({ target }: S3Request): SubresourceName | undefined {
  if (target.key !== '') return undefined;
  const names = parseQuery(target.query).map(([name]) => name);
  return (Object.keys(DOCUMENTS) as SubresourceName[]).find((name) => names.includes(name));
}
