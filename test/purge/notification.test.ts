import fc from 'fast-check';
import t from 'tap';
import { readNotification } from '../../src/purge/notification.ts';

const whole = { bucket: 'pictures', prefix: '' };
const below = { bucket: 'pictures', prefix: 'shop/2024' };

function record(key: unknown, eventName: unknown = 'ObjectCreated:Put', bucket: unknown = 'pictures') {
  return {
    eventVersion: '2.5',
    eventSource: 'aws:s3',
    eventName,
    s3: {
      s3SchemaVersion: '1.0',
      bucket: { name: bucket },
      object: { key, size: 1024, sequencer: '0055AED6DCD90281E5' },
    },
  };
}

const notification = (...records: unknown[]) => JSON.stringify({ Records: records });

function event(key: unknown, type: unknown = 'Object Created', bucket: unknown = 'pictures') {
  const detail = { version: '0', bucket: { name: bucket }, object: { key, size: 5 }, reason: 'PutObject' };
  return JSON.stringify({ version: '0', 'detail-type': type, source: 'aws.s3', region: 'ca-central-1', detail });
}

function envelope(Message: unknown, Type: unknown = 'Notification') {
  return JSON.stringify({ Type, MessageId: 'f0', TopicArn: 'arn:aws:sns:us-east-1:111122223333:pictures', Message });
}

const changed = (...keys: string[]) => ({ kind: 'changed', keys });
const ignored = { kind: 'ignored' };

/** As S3 encodes a key: letters, digits and `/.-*_` stay as they are. */
function formEncode(key: string): string {
  return encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
}

t.test('what S3 tells of an object that was written or removed', (t) => {
  const names = ['Put', 'Post', 'Copy', 'CompleteMultipartUpload'].map((name) => `ObjectCreated:${name}`);
  names.push('ObjectRemoved:Delete', 'ObjectRemoved:DeleteMarkerCreated');
  names.push('LifecycleExpiration:Delete', 'LifecycleExpiration:DeleteMarkerCreated');
  for (const name of names)
    t.same(readNotification(notification(record('a.jpg', name)), whole), changed('a.jpg'), name);
  t.end();
});

t.test('what S3 tells of besides', (t) => {
  const names = ['ObjectRestore:Completed', 'ObjectTagging:Put', 'ObjectAcl:Put', 'LifecycleTransition'];
  names.push('IntelligentTiering', 'Replication:OperationFailedReplication', 'ReducedRedundancyLostObject');
  for (const name of names) t.same(readNotification(notification(record('a.jpg', name)), whole), ignored, name);
  t.same(readNotification(notification(), whole), ignored, 'nothing at all');
  const test = { Service: 'Amazon S3', Event: 's3:TestEvent', Time: '2014-10-13T15:57:02.089Z', Bucket: 'pictures' };
  t.same(readNotification(JSON.stringify(test), whole), ignored, 'that notifications were configured');
  t.same(readNotification(notification({ eventSource: 'aws:ses', ses: {} }), whole), ignored, 'another service');
  t.end();
});

t.test('what EventBridge tells', (t) => {
  t.same(readNotification(event('a.jpg'), whole), changed('a.jpg'));
  t.same(readNotification(event('a.jpg', 'Object Deleted'), whole), changed('a.jpg'));
  for (const type of [
    'Object Restore Completed',
    'Object Tags Added',
    'Object ACL Updated',
    'Object Access Tier Changed',
  ]) {
    t.same(readNotification(event('a.jpg', type), whole), ignored, type);
  }
  t.same(readNotification(event('100%+ä b.jpg'), whole), changed('100%+ä b.jpg'), 'its keys are not encoded');
  const other = { ...JSON.parse(event('a.jpg')), source: 'my.application' };
  t.same(readNotification(JSON.stringify(other), whole), ignored, 'another source');
  t.end();
});

t.test('either of them in an envelope of SNS, once', (t) => {
  t.same(readNotification(envelope(notification(record('a+b.jpg'))), whole), changed('a b.jpg'));
  t.same(readNotification(envelope(event('a+b.jpg')), whole), changed('a+b.jpg'));
  t.same(readNotification(envelope(notification(record('a.jpg', 'ObjectTagging:Put'))), whole), ignored);
  t.match(readNotification(envelope(envelope(event('a.jpg'))), whole), { kind: 'malformed', reason: /neither/ });
  t.end();
});

t.test('a key is decoded as a form is', (t) => {
  t.same(readNotification(notification(record('red+flower.jpg')), whole), changed('red flower.jpg'));
  t.same(readNotification(notification(record('a%2Bb/%C3%A4+100%25.jpg')), whole), changed('a+b/ä 100%.jpg'));
  t.same(readNotification(notification(record('test%2F10%3A47.jpg')), whole), changed('test/10:47.jpg'));
  t.end();
});

t.test('only of this bucket, and below the prefix by whole segments', (t) => {
  t.same(readNotification(notification(record('a.jpg', 'ObjectCreated:Put', 'others')), whole), ignored);
  t.same(readNotification(event('a.jpg', 'Object Created', 'others'), whole), ignored);
  const at = (key: string) => readNotification(event(key), below);
  t.same(at('shop/2024/a.jpg'), changed('a.jpg'));
  t.same(at('shop/2024/x/a.jpg'), changed('x/a.jpg'));
  for (const key of ['a.jpg', 'shop/a.jpg', 'shop/2024', 'shop/20245/a.jpg', 'x/shop/2024/a.jpg', 'shop/2024/']) {
    t.same(at(key), ignored, key);
  }
  t.end();
});

t.test('each key once, and the rest of a message is left', (t) => {
  const records = [
    record('shop/2024/a.jpg'),
    record('shop/2023/a.jpg'),
    record('shop/2024/b.jpg', 'ObjectTagging:Put'),
    record('shop/2024/c+d.jpg'),
    record('shop/2024/a.jpg', 'ObjectRemoved:Delete'),
    record('shop/2024/c%20d.jpg'),
  ];
  t.same(readNotification(notification(...records), below), changed('a.jpg', 'c d.jpg'));
  t.end();
});

t.test('what cannot be read says why', (t) => {
  const cases: readonly [body: string, reason: string | RegExp][] = [
    ['', 'it is not JSON'],
    ['<xml/>', 'it is not JSON'],
    ['"text"', /^it is neither a notification of S3 nor/],
    ['null', /^it is neither/],
    ['[]', /^it is neither/],
    ['{"Records":{}}', /^it is neither/],
    [envelope('no JSON'), 'the Message in its SNS envelope is not JSON'],
    [envelope(undefined), 'Message is not a string'],
    [envelope('…', 'SubscriptionConfirmation'), /^it is the "SubscriptionConfirmation" of SNS, which the owner/],
    [envelope('…', 'x'.repeat(1_000_000)), /^it is the "x{99} of SNS/],
    [notification(null), 'Records[0].eventSource is not a string'],
    [notification(record('a.jpg'), {}), 'Records[1].eventSource is not a string'],
    [notification(record('a.jpg', null)), 'Records[0].eventName is not a string'],
    [notification(record('a.jpg', 'ObjectCreated:Put', 7)), 'Records[0].s3.bucket.name is not a string'],
    [notification(record(undefined)), 'Records[0].s3.object.key is not a string'],
    [notification({ ...record('a.jpg'), s3: null }), 'Records[0].s3.bucket.name is not a string'],
    [notification(record('100%.jpg')), 'Records[0].s3.object.key is not form-encoded UTF-8: "100%.jpg"'],
    [notification(record('%E4.jpg')), /is not form-encoded UTF-8/],
    [notification(record(`%${'x'.repeat(1_000)}`)), /UTF-8: "%x{98}$/],
    [event(undefined), 'detail.object.key is not a string'],
    [event('a.jpg', 'Object Created', null), 'detail.bucket.name is not a string'],
    ['{"detail-type":"Object Created"}', 'source is not a string'],
    [' '.repeat(1_048_577), 'it has 1048577 characters, and SQS carries no more than 1048576'],
  ];
  for (const [body, reason] of cases) {
    t.match(readNotification(body, whole), { kind: 'malformed', reason }, body.slice(0, 80));
  }
  t.same(readNotification(event('a.jpg').padEnd(1_048_576), whole), changed('a.jpg'), 'the longest there can be');
  t.end();
});

const kinds = ['changed', 'ignored', 'malformed'];

t.test('never throws', (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.json().map((json) => envelope(json)),
  );
  fc.assert(fc.property(text, (body) => kinds.includes(readNotification(body, below).kind)));
  // Real ones, of which any part is anything: what a check forgets is found here.
  const any = fc.oneof(fc.anything({ withNullPrototype: true }), fc.constant('a.jpg'));
  const real = fc
    .tuple(any, any, any)
    .map(([key, name, bucket]) => [
      notification(record(key, name, bucket), key),
      event(key, name, bucket),
      envelope(notification(record(key)), name),
      envelope(key),
    ]);
  fc.assert(fc.property(real, (bodies) => bodies.every((body) => kinds.includes(readNotification(body, whole).kind))));
  const deep = '['.repeat(400_000) + ']'.repeat(400_000);
  for (const body of [deep, `{"Type":${deep}}`]) t.equal(readNotification(body, whole).kind, 'malformed');
  t.end();
});

t.test('whatever the key is, it is read as it was written', (t) => {
  const key = fc.string({ unit: 'grapheme', minLength: 1 });
  fc.assert(
    fc.property(key, (name) => {
      const bodies = [notification(record(`shop/2024/${formEncode(name)}`)), event(`shop/2024/${name}`)];
      for (const body of [...bodies, ...bodies.map((inner) => envelope(inner))]) {
        t.same(readNotification(body, below), changed(name));
      }
    }),
    { numRuns: 50 },
  );
  t.end();
});
