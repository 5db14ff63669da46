import { parseForm } from './form-data.ts';
import { verifyPost } from './post-policy.ts';
import type { S3Request } from './s3-request.ts';
import { encodePath } from './s3-target.ts';
import { escapeXml, sendXml } from './s3-xml.ts';
import { objectHeaders, putObject } from './s3rver-object.ts';
import { objectUrl } from './s3rver-path.ts';
import type { Identity } from './sigv4.ts';

export function isForm({ req, target }: S3Request): boolean {
  const isOne = /^multipart\/form-data\b/i.test(req.headers['content-type'] ?? '');
  return req.method === 'POST' && target.key === '' && isOne;
}

/** A presigned POST: what its policy allows is stored as by a PUT. */
export async function storeForm({ req, res, target, body, backend }: S3Request, identity: Identity): Promise<void> {
  const form = parseForm(body, req.headers['content-type'] ?? '');
  const { bucket } = target;
  const { key, file } = verifyPost(form, bucket, identity);
  const etag = await putObject(objectUrl(backend, bucket, key), file, objectHeaders(form.fields));
  const location = `http://${req.headers.host}/${bucket}/${encodePath(key)}`;
  const status = form.fields.get('success_action_status') ?? '';
  // S3 takes any other value for none.
  if (status !== '201') return void res.writeHead(status === '200' ? 200 : 204, { etag, location }).end();
  const xml = `<PostResponse><Location>${location}</Location><Bucket>${bucket}</Bucket><Key>${escapeXml(key)}</Key><ETag>${etag}</ETag></PostResponse>`;
  sendXml(res, 201, xml, { etag, location });
}
