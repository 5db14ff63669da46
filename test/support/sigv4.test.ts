import t from 'tap';
import { type SignedRequest, verifySignature } from './sigv4.ts';

// The examples of Amazon's own documentation of Signature Version 4 for S3.
const identity = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
};
const now = Date.UTC(2013, 4, 24);
const host = 'examplebucket.s3.amazonaws.com';
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const ranged = signed('host;range;x-amz-content-sha256;x-amz-date', {
  signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  url: '/test.txt',
  headers: { range: 'bytes=0-9' },
});
const listing = signed('host;x-amz-content-sha256;x-amz-date', {
  signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  url: '/?max-keys=2&prefix=J',
});
const put = signed('date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class', {
  signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  method: 'PUT',
  url: '/test%24file.text',
  headers: {
    date: 'Fri, 24 May 2013 00:00:00 GMT',
    'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  },
});
const presigned = {
  method: 'GET',
  url:
    '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
    '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
    '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
    '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  headers: { host },
};

type Example = { signature: string; url: string; method?: string; headers?: SignedRequest['headers'] };

function signed(signedHeaders: string, { signature, url, method = 'GET', headers }: Example) {
  const credential = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${signedHeaders},Signature=${signature}`;
  const common = { host, authorization, 'x-amz-content-sha256': emptyHash, 'x-amz-date': '20130524T000000Z' };
  return { method, url, headers: { ...common, ...headers } };
}

t.test('accepts what the documentation signs', (t) => {
  t.equal(verifySignature(ranged, identity, now), emptyHash);
  t.equal(verifySignature(listing, identity, now), emptyHash);
  t.equal(verifySignature(put, identity, now), put.headers['x-amz-content-sha256']);
  t.equal(verifySignature(presigned, identity, now), 'UNSIGNED-PAYLOAD');
  t.end();
});

t.test('refuses what was changed since', (t) => {
  const mismatch = { status: 403, code: 'SignatureDoesNotMatch' };
  const check = (request: SignedRequest) => () => verifySignature(request, identity, now);
  t.throws(check({ ...ranged, url: '/other.txt' }), mismatch);
  t.throws(check({ ...ranged, method: 'DELETE' }), mismatch);
  t.throws(check({ ...ranged, headers: { ...ranged.headers, range: 'bytes=0-10' } }), mismatch);
  t.throws(check({ ...listing, url: '/?max-keys=3&prefix=J' }), mismatch);
  t.throws(check({ ...presigned, url: presigned.url.replace('86400', '86401') }), mismatch);
  t.throws(() => verifySignature(ranged, { ...identity, secretAccessKey: 'wrong' }, now), mismatch);
  t.end();
});

t.test('refuses a header that is not signed', (t) => {
  const request = { ...ranged, headers: { ...ranged.headers, 'x-amz-acl': 'public-read' } };
  t.throws(() => verifySignature(request, identity, now), { status: 403, code: 'AccessDenied', message: /x-amz-acl/ });
  t.end();
});

t.test('refuses another region, key or form', (t) => {
  const malformed = { status: 400, code: 'AuthorizationHeaderMalformed' };
  t.throws(() => verifySignature(ranged, { ...identity, region: 'eu-west-1' }, now), malformed);
  t.throws(() => verifySignature({ ...ranged, headers: { authorization: 'Bearer x' } }, identity, now), malformed);
  const other = { ...identity, accessKeyId: 'OTHER' };
  t.throws(() => verifySignature(ranged, other, now), { status: 403, code: 'InvalidAccessKeyId' });
  t.throws(() => verifySignature({ url: '/', headers: { host } }, identity, now), {
    status: 403,
    code: 'AccessDenied',
  });
  t.throws(() => verifySignature({ ...ranged, url: '/%E0' }, identity, now), { status: 400, code: 'InvalidURI' });
  t.end();
});

t.test('looks at the clock', (t) => {
  const minute = 60_000;
  const skewed = { status: 403, code: 'RequestTimeTooSkewed' };
  t.ok(verifySignature(ranged, identity, now + 14 * minute));
  t.throws(() => verifySignature(ranged, identity, now + 16 * minute), skewed);
  t.throws(() => verifySignature(ranged, identity, now - 16 * minute), skewed);
  t.ok(verifySignature(presigned, identity, now + 86_400_000));
  const late = () => verifySignature(presigned, identity, now + 86_400_001);
  t.throws(late, { status: 403, code: 'AccessDenied', message: /expired/ });
  t.end();
});
