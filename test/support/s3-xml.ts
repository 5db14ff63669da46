import type { ServerResponse } from 'node:http';

export function sendXml(res: ServerResponse, status: number, xml: string, headers: Record<string, string> = {}): void {
  const document = `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`;
  const length = Buffer.byteLength(document);
  // Node leaves the body out of the answer to a HEAD.
  res.writeHead(status, { ...headers, 'content-type': 'application/xml', 'content-length': length }).end(document);
}

export function escapeXml(text: string): string {
  return text.replace(/[<>&]/g, (char) => `&#${char.charCodeAt(0)};`);
}
