/** What documents print is understood, and carried out against the real API where a tenant would type it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api, fetchSend } from '@octavia/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { carryOut } from '../../packages/cli/src/run/run.ts';
import { understand } from '../../packages/cli/src/understand.ts';
import { wordsOf } from '../../packages/cli/test/lines.ts';
import { PROJECT, TestApi } from '../../packages/controller/test/api/support/api.ts';
import { GUIDES, type Printed, printedCommands } from './documents.ts';

/** Not carried out here, and why. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^(apply|export|explain)\b/, 'desired-state.api.test.ts runs its page as it is printed'],
  [/^--os-username /, 'needs a Keystone: npm run test:keystone'],
  [/ --provider nginx /, 'needs the example: nginx-provider.dataplane.test.ts'],
  [/^(watch|top)\b/, 'goes on until Ctrl-C: watching.test.ts'],
];

/** Whose commands need each other, and a cloud: `npm run test:openstack -- install` runs the page as it is printed. */
const OF_A_CLOUD = 'install.md';

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await TestApi.start({ certificates: { cert_manager: 'noop_cert_manager' } });
  folder = mkdtempSync(join(tmpdir(), 'documents-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await api.stop();
});

interface Ended {
  /** Words of the command that it was understood as; null where it was not. */
  command: string | null;
  isOperators: boolean;
  code: number;
  out: string;
  err: string;
}

/** @param isOnlyRead whether nothing is carried out */
async function octavia(words: readonly string[], isOnlyRead = false): Promise<Ended> {
  let [out, err] = ['', ''];
  const surroundings = {
    name: 'octavia',
    env: { HOME: folder },
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    terminal: () => null,
    rows: () => null,
    errIsTerminal: () => false,
  };
  const understood = await understand(words, surroundings);
  if (typeof understood === 'number') return { command: null, isOperators: false, code: understood, out, err };
  const { command } = understood;
  const isOperators = command.does.verb === 'operator';
  const about = { command: command.words, isOperators };
  if (isOnlyRead || isOperators) return { ...about, code: 0, out, err };
  const code = await carryOut(understood, surroundings, (_surroundings, _globals, around) => {
    const send = around(async (request) => {
      const answer = await fetchSend()(request);
      if (request.method !== 'GET') await api.settle();
      return answer;
    });
    const service = async () => new Api({ baseUrl: api.url, projectId: PROJECT, send });
    return { loadBalancing: service, network: service, identity: service };
  });
  return { ...about, code, out, err };
}

const done = async (line: string): Promise<string> => {
  const { code, out, err } = await octavia(wordsOf(line));
  expect([line, code, err]).toEqual([line, 0, '']);
  return out.trim();
};

/** What readers of our pages have. */
const READERS = `loadbalancer create --name web --vip-subnet-id public-subnet
loadbalancer create --name lb1 --vip-subnet-id public-subnet
loadbalancer pool create --name web --loadbalancer web --protocol HTTP --lb-algorithm ROUND_ROBIN`;

beforeEach(async () => {
  for (const id of (await done('loadbalancer list -f value -c id')).split('\n').filter((each) => each !== ''))
    await done(`loadbalancer delete ${id} --cascade`);
});

const PRINTED = printedCommands();

test('the documents print commands of tenants and of operators', () => {
  const documents = new Set(PRINTED.map(({ document }) => document));
  expect([...documents]).toEqual(
    expect.arrayContaining([
      'README.md',
      'cli.md',
      'operations.md',
      'image.md',
      'policy.md',
      'tls.md',
      'notifications.md',
    ]),
  );
  expect(PRINTED.length).toBeGreaterThan(60);
});

/** @returns what is said about a line that is not understood; empty otherwise */
const mistakeIn = async ({ words, isNamed }: Printed): Promise<string> => {
  const { command, code, out, err } = await octavia(words, true);
  const isPart = isNamed && err.includes(': error: the following arguments are required: ');
  return command !== null || code === 0 || isPart ? '' : `${out}${err}`;
};

test('each is understood', async () => {
  const wrong: string[] = [];
  for (const printed of PRINTED) {
    const why = await mistakeIn(printed);
    if (why !== '') wrong.push(`${printed.document}: ${printed.line}\n${why}`);
  }
  expect(wrong).toEqual([]);
});

test('those of tenants are carried out', async () => {
  for (const line of READERS.split('\n')) await done(line);
  const wrong: string[] = [];
  let carriedOut = 0;
  const used = new Set<RegExp>();
  for (const { document, line, words } of PRINTED) {
    if (document === OF_A_CLOUD) continue;
    const reason = ELSEWHERE.find(([pattern]) => pattern.test(line));
    if (reason !== undefined) {
      used.add(reason[0]);
      continue;
    }
    const { command, isOperators, code, out, err } = await octavia(words);
    if (command === null || isOperators) continue;
    carriedOut += 1;
    if (code !== 0) wrong.push(`${document}: ${line}\n${out}${err}`);
  }
  expect(wrong).toEqual([]);
  expect(carriedOut).toBeGreaterThan(4);
  expect(used.size).toBe(ELSEWHERE.length);
});

describe('guides', () => {
  test.each(Object.entries(GUIDES))('%s', async (_, text) => {
    const known: Record<string, string> = {
      subnet: await done('loadbalancer create --name any --vip-subnet-id public-subnet -f value -c vip_subnet_id'),
      secret: '11111111-2222-4333-8444-555555555555',
      qos: '11111111-2222-4333-8444-666666666666',
    };
    for (const line of text.split('\n')) {
      const resolved = line.replaceAll(/\{([\w-]+)\}/g, (_all, name: string) => known[name] ?? expect.fail(name));
      const out = await done(
        line.includes('status show') ? resolved : resolved.replace(/ (create|show) /, ' $1 -f json '),
      );
      const name = /--name (\S+)/.exec(line)?.[1];
      if (name !== undefined) known[name] = String(JSON.parse(out).id);
      else if (/ show lb1$/.test(line)) known.lb1 = String(JSON.parse(out).id);
    }
  });
});
