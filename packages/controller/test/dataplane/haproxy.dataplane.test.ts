/** The real HAProxy reads what the writer writes. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { line, value } from '../../src/dataplane/haproxy/config.ts';
import { DEFAULT_HAPROXY_OPTIONS } from '../../src/dataplane/haproxy/options.ts';
import { writeConfig } from '../../src/dataplane/haproxy/writer.ts';
import { TestAuthority } from './support/test-authority.ts';
import { tokenizeLine } from './support/tokenizer.ts';
import { LOAD_BALANCER_ID } from './support/tree.ts';

const testdata = fileURLToPath(new URL('./testdata/', import.meta.url));
const goldenFiles = readdirSync(testdata).filter((name) => name.endsWith('.out.cfg'));

/** HAProxy warns about a state file that the agent has not written yet. */
const EXPECTED_WARNING = /Can't open global server state file/;

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'haproxy-test-'));
  await makeCertificates();
});
afterAll(() => rmSync(folder, { recursive: true }));

function check(file: string): { status: number | null; complaints: string[] } {
  const result = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' });
  return {
    status: result.status,
    complaints: result.stderr.split(/\n(?=\[)/).filter((text) => !/^\[NOTICE\]/.test(text)),
  };
}

/** The files that golden files name: a list, a CA, its revocation list, and a certificate with its key. */
async function makeCertificates(): Promise<void> {
  const certificates = join(folder, 'certs', LOAD_BALANCER_ID);
  mkdirSync(certificates, { recursive: true });
  const file = (letter: string): string => join(certificates, `${letter.repeat(40)}.pem`);
  const authority = await TestAuthority.create('Test CA');
  const { certificate, privateKey } = await authority.issue({ subject: { CN: 'www.example.com' } });
  writeFileSync(file('a'), `${file('d')}\n`);
  writeFileSync(file('b'), authority.certificate);
  writeFileSync(file('c'), await authority.revocationList());
  writeFileSync(file('d'), `${certificate}${privateKey}`);
}

/** The golden file with the test's certificates in place of the amphora's. */
function placed(name: string): string {
  const file = join(folder, name);
  const text = readFileSync(join(testdata, name), 'utf8');
  writeFileSync(file, text.replaceAll(DEFAULT_HAPROXY_OPTIONS.certificatesPath, join(folder, 'certs')));
  return file;
}

/** A tree without listeners is never started (`serves` is false), and HAProxy would refuse it. */
const SERVING = goldenFiles.filter(
  (name) => !['load-balancer-down.out.cfg', 'leaving-load-balancer.out.cfg'].includes(name),
);

describe('haproxy -c accepts without a warning', () => {
  it.each(SERVING)('%s', (name) => {
    const { status, complaints } = check(placed(name));
    expect(complaints.filter((text) => /^\[(?:WARNING|ALERT)\]/.test(text) && !EXPECTED_WARNING.test(text))).toEqual(
      [],
    );
    expect(status).toBe(0);
  });
});

/** HAProxy gives up after some errors. */
const LINES_PER_RUN = 20;

/** Words as HAProxy understood them: it repeats the first word of a line that it does not know. */
function wordsSeenByHaproxy(lines: string[]): string[] {
  if (lines.length > LINES_PER_RUN) {
    return [...wordsSeenByHaproxy(lines.slice(0, LINES_PER_RUN)), ...wordsSeenByHaproxy(lines.slice(LINES_PER_RUN))];
  }
  const file = join(folder, 'words.cfg');
  writeFileSync(file, `global\n${lines.join('\n')}\n`);
  const seen: string[] = [];
  for (const text of check(file).complaints) {
    const match =
      /words\.cfg:(\d+)\] : unknown keyword '(.*?)' in 'global' section(?:; did you mean '.*' maybe \?)?\s*$/s.exec(
        text,
      );
    if (match !== null) seen[Number(match[1]) - 2] = match[2]!;
  }
  return seen;
}

describe('haproxy reads words as the tests do', () => {
  /** The marker keeps a word from being a keyword; HAProxy prints bytes, so ASCII is enough and exact. */
  const printable = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 }).map((text) => `zz${text}`);

  it('of any printable text', () => {
    const texts = fc.sample(printable, { numRuns: 300, seed: 7 });
    const lines = texts.map((text) => {
      const config = {
        serves: true,
        sections: [{ kind: 'global' as const, name: null, lines: [line('option', value(text))] }],
      };
      return writeConfig(config).split('\n')[1]!.replace('option ', '');
    });
    expect(wordsSeenByHaproxy(lines)).toEqual(texts);
    expect(lines.map((text) => tokenizeLine(text)[0])).toEqual(texts);
  });

  it('of every kind of quoting', () => {
    const lines = [
      'zz"a b"c',
      "zz'a\\b$'",
      'zz\\ \\#\\"',
      'zz"\\$x\\\\"',
      "zz'a'\"'\"",
      'zz#x',
      'zz\\x41',
      'zz"#\'"',
      'zz$a',
    ];
    expect(wordsSeenByHaproxy(lines)).toEqual(lines.map((text) => tokenizeLine(text)[0]));
  });
});
