const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#x60': '`' };

/**
 * The query of a ListObjectsV2 as one of ListObjects; undefined for any other query. s3rver fails with every page of
 * the second version that has a next one: it encrypts its continuation tokens with a cipher that OpenSSL 3 dropped.
 */
export function asFirstVersion(query: string): string | undefined {
  const params = new URLSearchParams(query);
  if (params.get('list-type') !== '2') return undefined;
  const token = params.get('continuation-token');
  const after = token === null ? params.get('start-after') : Buffer.from(token, 'base64url').toString();
  for (const name of ['list-type', 'continuation-token', 'start-after', 'fetch-owner']) params.delete(name);
  if (after !== null) params.set('marker', after);
  return params.toString();
}

/** The answer to a ListObjects as one to ListObjectsV2. */
export function asSecondVersion(xml: string): string {
  const keys = [...xml.matchAll(/<Key>(.*?)<\/Key>/gs)].map(([, key = '']) => key);
  const count = keys.length + xml.split('<CommonPrefixes>').length - 1;
  const last = unescapeXml(keys.at(-1) ?? '');
  const token = Buffer.from(last).toString('base64url');
  const next = xml.includes('<IsTruncated>true<') ? `<NextContinuationToken>${token}</NextContinuationToken>` : '';
  return xml.replace('<MaxKeys>', `<KeyCount>${count}</KeyCount>${next}<MaxKeys>`);
}

function unescapeXml(text: string): string {
  return text.replace(/&([^;]+);/g, (entity, name: string) => entities[name] ?? entity);
}
