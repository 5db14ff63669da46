/** Longer than the service lets anything take. */
const LIMIT_MS = 120_000;
const ACCEPT = 'image/avif,image/webp';

/**
 * Asks for one picture. Answers `{ status, type, disposition, body, ms }`, where the time ends with the last byte; without an
 * answer, the status is 0 and the body says why.
 */
export async function ask(base, key, query) {
  const started = performance.now();
  const answer = await fetchWhole(targetOf(base, key, query));
  return { ...answer, ms: performance.now() - started };
}

async function fetchWhole(url) {
  try {
    const response = await fetch(url, { headers: { accept: ACCEPT }, signal: AbortSignal.timeout(LIMIT_MS) });
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      disposition: response.headers.get('content-disposition') ?? '',
      body: Buffer.from(await response.arrayBuffer()),
    };
  } catch (error) {
    return {
      status: 0,
      type: '',
      disposition: '',
      body: Buffer.from(`${error.message} ${error.cause?.message ?? ''}`),
    };
  }
}

function targetOf(base, key, query) {
  const path = key.split('/').map(encodeURIComponent).join('/');
  return `${base}/${path}${query && '?'}${query}`;
}

/** What an answer that is no picture says. */
export function messageOf({ body }) {
  const text = body.toString();
  try {
    return JSON.parse(text).error.message;
  } catch {
    return text.slice(0, 200);
  }
}
