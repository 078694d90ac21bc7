/**
 * The configuration HAProxy runs with: the uploaded one with stable names of certificates, and behind it, as comments, which
 * upload it was made of and what the certificates held. One file, so that a crash leaves either state or the other.
 */
import { createHash } from 'node:crypto';

/** Two, so that a configuration that HAProxy refuses leaves the files of the one before as they are. */
export const CERTIFICATE_FOLDERS = ['certificates-a', 'certificates-b'] as const;
export type CertificateFolder = (typeof CERTIFICATE_FOLDERS)[number];

export interface RunningFile {
  /** Without the comments. */
  text: string;
  /** SHA-256 of the upload. */
  uploaded: string;
  /** Which of the folders for certificates it uses; null: one from before there were any. */
  folder: CertificateFolder | null;
  /** Fingerprints of certificates and their lists, by file name. */
  digests: Map<string, string>;
}

const UPLOADED = /^# made of ([0-9a-f]{64}) with (\S+)$/;
const FILE = /^# file (\S+) ([0-9a-f]{40})$/;

export function writeRunningFile({
  text,
  uploaded,
  folder,
  digests,
}: RunningFile & { folder: CertificateFolder }): string {
  const files = [...digests].map(([name, digest]) => `# file ${name} ${digest}\n`);
  return `${text}${text.endsWith('\n') ? '' : '\n'}# made of ${uploaded} with ${folder}\n${files.join('')}`;
}

/** A file of an agent that knew no comments is its own upload. */
export function readRunningFile(content: string): RunningFile {
  const lines = content.split('\n');
  const at = lines.findLastIndex((line) => UPLOADED.test(line));
  const [, uploaded = '', name = ''] = UPLOADED.exec(lines[at] ?? '') ?? [];
  const folder = CERTIFICATE_FOLDERS.find((known) => known === name) ?? null;
  if (folder === null) {
    const own = createHash('sha256').update(content).digest('hex');
    return { text: content, uploaded: own, folder, digests: new Map() };
  }
  const digests = new Map<string, string>();
  for (const line of lines.slice(at + 1)) {
    const [, file, digest] = FILE.exec(line) ?? [];
    if (file !== undefined && digest !== undefined) digests.set(file, digest);
  }
  return { text: `${lines.slice(0, at).join('\n')}\n`, uploaded, folder, digests };
}
