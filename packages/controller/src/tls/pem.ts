/** PEM blocks: text around DER. */

export interface PemBlock {
  /** `CERTIFICATE`, `RSA PRIVATE KEY`, … */
  label: string;
  /** The block as it stands, with its header lines (an encrypted key has some), ending in a line end. */
  text: string;
  der: Buffer;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----\r?\n([\s\S]*?)\r?\n-----END \1-----/g;

export function pemBlocks(text: string): PemBlock[] {
  return [...text.matchAll(BLOCK)].map(([all, label = '', body = '']) => {
    // Header lines (`Proc-Type: …`) end with an empty line.
    const base64 = body.includes(':') ? body.slice(body.search(/\r?\n\r?\n/)) : body;
    return { label, text: `${all.replaceAll('\r\n', '\n')}\n`, der: Buffer.from(base64, 'base64') };
  });
}

export function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
