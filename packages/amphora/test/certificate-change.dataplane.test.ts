/** Certificates that are replaced in a running HAProxy: what it presents is what one started from the file presents. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../test/kit/until.ts';
import { type Place, preamble, ScriptedHaproxy } from './support/scripted-haproxy.ts';
import { type Issued, selfSigned } from './support/test-certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'cert-'));
const uploads = join(folder, 'uploads');
const running: ScriptedHaproxy[] = [];
const issued = new Map<string, Issued>();

/** Hosts of each certificate. Two have a successor; one has a name of another, one has that name with another key type. */
const HOSTS: Record<string, string[]> = {
  a: ['a.test'],
  'a-new': ['a.test', 'extra.test'],
  b: ['b.test', '*.b.test'],
  'b-new': ['b.test', '*.b.test'],
  c: ['c.test'],
  d: ['d.test'],
  'a-rsa': ['a.test'],
};
const ASKED = ['a.test', 'extra.test', 'b.test', 'x.b.test', 'c.test', 'd.test', 'unknown.test'];

const certificate = (name: string): Issued => issued.get(name) as Issued;

/** As the controller does: a file is named after what is in it. */
function upload(content: string): string {
  const path = join(uploads, `${createHash('sha1').update(content).digest('hex')}.pem`);
  writeFileSync(path, content);
  return path;
}

interface Setup {
  /** Names of certificates, the default one first. */
  list: readonly string[];
  /** What members get to see. */
  own: string;
  /** Numbers of members. */
  members: readonly number[];
}

let memberPort = 0;

const configText =
  ({ list, own, members }: Setup) =>
  ({ port, socket }: Place): string => {
    const crtList = upload(list.map((name) => `${upload(certificate(name).pem)}\n`).join(''));
    const tls = `ssl crt ${upload(certificate(own).pem)} verify none`;
    return `${preamble(socket)}frontend f
    description tls-${list.join('-')}
    bind 127.0.0.1:${port} ssl crt-list ${crtList}
    bind 127.0.0.2:${port} ssl crt-list ${crtList}
    default_backend p:f
backend p:f
    http-reuse never
${members.map((number) => `    server m${number} 127.0.0.1:${memberPort} weight 1 ${tls}\n`).join('')}`;
  };

/** A member that tells which client certificate it was shown. */
const memberText = ({ port, socket }: Place): string => `${preamble(socket)}frontend f
    bind 127.0.0.1:${port} ssl crt ${upload(certificate('d').pem)} ca-file ${upload(certificate('d').cert)} verify optional crt-ignore-err all ca-ignore-err all
    http-request return status 200 content-type text/plain lf-string "%[ssl_c_der,sha2(256),hex]"
`;

async function start(setup: (place: Place) => string): Promise<ScriptedHaproxy> {
  const haproxy = await new ScriptedHaproxy(folder).start(setup);
  running.push(haproxy);
  return haproxy;
}

beforeAll(async () => {
  mkdirSync(uploads);
  for (const [name, hosts] of Object.entries(HOSTS)) {
    issued.set(name, selfSigned(folder, name, hosts, name.endsWith('-rsa') ? 'rsa' : 'ec'));
  }
  memberPort = (await start(memberText)).port;
});

afterAll(async () => {
  for (const haproxy of running) await haproxy.stop();
  rmSync(folder, { recursive: true });
});

const presentedBy = (haproxy: ScriptedHaproxy): Promise<(string | null)[]> =>
  Promise.all(ASKED.map((host) => haproxy.presented(host)));

/** What members say they were shown, one after the other. */
async function shownToMembers(haproxy: ScriptedHaproxy, requests: number): Promise<Set<string>> {
  const shown = new Set<string>();
  for (let index = 0; index < requests; index += 1) {
    const { port } = haproxy;
    const text = await new Promise<string>((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, rejectUnauthorized: false, agent: false }, (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        answer.on('end', () => resolve(body));
      });
      outgoing.on('error', reject).end();
    });
    shown.add(text);
  }
  return shown;
}

const setups = fc.record({
  list: fc.shuffledSubarray(Object.keys(HOSTS), { minLength: 1 }),
  own: fc.constantFrom('a', 'b', 'c'),
  members: fc.subarray([0, 1, 2], { minLength: 1 }),
});

describe('commands and the file', () => {
  it('lead to the same certificates and members, or to a reload', async () => {
    let ledSteps = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(setups, { minLength: 3, maxLength: 6 }), async (steps) => {
        const led = await start(configText(steps[0] as Setup));
        try {
          for (const step of steps.slice(1)) {
            const busy = await led.lead(configText(step));
            if (busy === null) continue;
            ledSteps += 1;
            expect(busy).toEqual([]);
            const fresh = await start(configText(step));
            try {
              expect(await presentedBy(led)).toEqual(await presentedBy(fresh));
              expect(await led.servers('p:f')).toEqual(await fresh.servers('p:f'));
              const own = new Set([certificate(step.own).fingerprint.replaceAll(':', '')]);
              expect(await shownToMembers(led, step.members.length)).toEqual(own);
            } finally {
              await fresh.stop();
            }
          }
          const before = await presentedBy(led);
          expect(led.alive).toBe(true);
          // What lies on the disk is what was said to the process.
          await led.restart();
          expect(await presentedBy(led)).toEqual(before);
        } finally {
          await led.stop();
        }
      }),
      { numRuns: 10 },
    );
    expect(ledSteps).toBeGreaterThan(5);
  });
});

const setup = (list: string[], own = 'c', members = [0]): ((place: Place) => string) =>
  configText({ list, own, members });

describe('without a reload', () => {
  it.each([
    ['a renewed default certificate', ['a', 'b'], ['a-new', 'b']],
    ['a renewed one for a name', ['d', 'b'], ['d', 'b-new']],
    ['one more', ['a'], ['a', 'b', 'c']],
    ['the first of three names goes', ['a', 'b', 'c', 'd'], ['a', 'c', 'd']],
    ['all but the default one go', ['a', 'b', 'c'], ['a']],
    ['one in the middle', ['a', 'c'], ['a', 'b', 'c']],
  ])('%s', async (_, before, after) => {
    const haproxy = await start(setup(before));
    expect(await haproxy.lead(setup(after))).toEqual([]);
    expect(await haproxy.presented('unknown.test')).toBe(certificate(after[0] ?? '').fingerprint);
    for (const name of after) {
      expect(await haproxy.presented(HOSTS[name]?.[0] ?? '')).toBe(certificate(name).fingerprint);
    }
    await haproxy.stop();
  });

  it('a handshake finds the certificate it asks for at any time while places move', async () => {
    const haproxy = await start(setup(['a', 'b', 'c', 'd']));
    let over = false;
    const wrong: (string | null)[] = [];
    let asked = 0;
    const asking = (async () => {
      while (!over) {
        const found = await haproxy.presented('d.test');
        asked += 1;
        if (found !== certificate('d').fingerprint) wrong.push(found);
      }
    })();
    for (let round = 0; round < 40; round += 1) {
      const next =
        [
          ['a', 'c', 'd'],
          ['a-new', 'd'],
          ['a-new', 'b', 'c', 'd'],
        ][round % 3] ?? [];
      expect(await haproxy.lead(setup(next))).toEqual([]);
    }
    over = true;
    await asking;
    expect(wrong).toEqual([]);
    expect(asked).toBeGreaterThan(40);
    await haproxy.stop();
  });

  it('a renewed certificate for members, also those that came while it ran', async () => {
    const haproxy = await start(setup(['a'], 'a', [0]));
    expect(await haproxy.lead(setup(['a'], 'a', [0, 1]))).toEqual([]);
    expect(await haproxy.lead(setup(['a'], 'b', [0, 1]))).toEqual([]);
    const digest = certificate('b').fingerprint.replaceAll(':', '');
    await until('members were shown it', async () => (await shownToMembers(haproxy, 4)).has(digest));
    expect(await shownToMembers(haproxy, 8)).toEqual(new Set([digest]));
    await haproxy.stop();
  });
});

describe('a reload', () => {
  it.each([
    ['two with the same name', ['a', 'b'], ['a', 'b', 'a-new']],
    ['two change places', ['a', 'b', 'c'], ['a', 'c', 'b']],
    ['default and another change places', ['a', 'b'], ['b', 'a']],
  ])('%s', async (_, before, after) => {
    const haproxy = await start(setup(before));
    const presented = await presentedBy(haproxy);
    expect(await haproxy.lead(setup(after))).toBeNull();
    expect(await presentedBy(haproxy)).toEqual(presented);
    await haproxy.stop();
  });

  it('is not needed where names are the same but keys of different types', async () => {
    const haproxy = await start(setup(['a', 'b']));
    expect(await haproxy.lead(setup(['a', 'b', 'a-rsa']))).toEqual([]);
    await haproxy.stop();
  });
});
