/** What a service, or a file, may say that nobody expects. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { drawPage, StatusLine } from '../src/output/screen.ts';
import { type Answer, run } from './played.ts';

const ID = 'fe22e256-d409-4f91-867f-508d08566892';
/** A colour, a new title of the window, the same as one character, the other direction, another line. */
const EVIL = 'a\x1b[31m\x1b]0;b\x07\x9b31m\u202Ec\r\nd\te';
const NAMED = { id: ID, name: EVIL, provisioning_status: 'ACTIVE', operating_status: 'ONLINE' };
const BALANCERS = 'GET /v2.0/lbaas/loadbalancers';
const ONE: Record<string, Answer> = {
  [BALANCERS]: { body: { loadbalancers: [NAMED] } },
  [`${BALANCERS}?id=${ID}`]: { body: { loadbalancers: [NAMED] } },
  [`${BALANCERS}/${ID}`]: { body: { loadbalancer: { ...NAMED, description: EVIL } } },
};
const OPERATION = {
  ...{ id: 'o', kind: EVIL, resource_id: ID, state: 'failed', reason: EVIL, current_step: EVIL },
  ...{ created_at: '2026-01-02T03:04:05', ended_at: '2026-01-02T03:04:06' },
  steps: [{ name: EVIL, phase: 'do', state: 'failed', detail: EVIL, started_at: '2026-01-02T03:04:05' }],
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavia-hostile-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'file.yaml');
  writeFileSync(path, text);
  return path;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const OUR_COLOURS = /\x1b\[(?:31|32|33|0)m/g;

describe('what others named does not steer the terminal', () => {
  test.each<[string, Record<string, Answer>]>([
    ...['csv', 'json', 'table', 'value', 'yaml'].map((format): [string, Record<string, Answer>] => [
      `loadbalancer list -f ${format}`,
      ONE,
    ]),
    ...['json', 'shell', 'table', 'value', 'yaml'].map((format): [string, Record<string, Answer>] => [
      `loadbalancer show ${ID} -f ${format}`,
      ONE,
    ]),
    [
      `tree ${ID}`,
      { ...ONE, [`GET /v2/lbaas/loadbalancers/${ID}/status`]: { body: { statuses: { loadbalancer: NAMED } } } },
    ],
    [
      `operations ${ID}`,
      { ...ONE, [`GET /v2/lbaas/loadbalancers/${ID}/operations`]: { body: { operations: [OPERATION] } } },
    ],
    [
      `operations ${ID} --follow`,
      { ...ONE, [`GET /v2/lbaas/loadbalancers/${ID}/operations`]: { body: { operations: [OPERATION] } } },
    ],
    ['loadbalancer list', { [BALANCERS]: { status: 403, body: { faultstring: EVIL } } }],
    ['--debug loadbalancer list', { [BALANCERS]: { status: 403, text: `{"faultstring": ${JSON.stringify(EVIL)}}` } }],
    [
      'explain pool.name',
      {
        'GET /v2/openapi.json': {
          body: {
            components: { schemas: { pool_create: { properties: { name: { type: 'string', description: EVIL } } } } },
          },
        },
      },
    ],
  ])('%s', async (line, answers) => {
    const { out, err } = await run(line, answers, { terminal: true, env: { FORCE_COLOR: '1' } });
    const text = `${out}${err}`.replaceAll(OUR_COLOURS, '').replaceAll('\n', '');
    expect(text).toContain('31m');
    expect(text).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  test.each(['', '--dry-run'])('apply %s', async (how) => {
    const change = { action: 'update', kind: 'listener', id: 'l', name: EVIL, path: 'p', effect: 'none' };
    const changes = [{ ...change, fields: [{ name: EVIL, old: EVIL, new: EVIL }] }];
    const query = how === '' ? '?dry_run=false&prune=false' : '?dry_run=true&prune=false';
    const { out, err } = await run(`apply -f ${file('name: web')} ${how}`, {
      [`PUT /v2/octavia/desired-state/web${query}`]: {
        body: { plan: { loadbalancer_id: ID, dry_run: true, changes } },
      },
    });
    expect([out.split('\n').length, err]).toEqual([3, '']);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  test('programs get what there is', async () => {
    expect((await run('loadbalancer list -f value -c name', ONE)).out).toBe(`${EVIL}\n`);
  });

  test.each(['yaml', 'json'])('an export as %s is the same when it is read again', async (format) => {
    const document = { name: EVIL, description: `: "${EVIL}"`, listeners: [{ name: 'x\x85y' }] };
    const { out } = await run(`export ${ID} --format ${format}`, {
      ...ONE,
      [`GET /v2/octavia/desired-state/${ID}`]: { body: { loadbalancer: document } },
    });
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(parseYaml(out)).toEqual(document);
  });

  test('a table keeps its borders', async () => {
    const { out } = await run('loadbalancer list -c name', ONE, { terminal: true });
    expect(
      new Set(
        out
          .trimEnd()
          .split('\n')
          .map((line) => line.length),
      ).size,
    ).toBe(1);
  });
});

describe('on a screen', () => {
  const drawn = (columns: number, rows: number, lines: string[]): string[] => {
    let text = '';
    const out = (more: string): void => {
      text += more;
    };
    const rest = { name: 'octavia', env: {}, err: out, errIsTerminal: () => false };
    drawPage({ ...rest, out, terminal: () => columns, rows: () => rows }, lines);
    return text.slice(6).trimEnd().split('\n');
  };

  test.each([
    ['all of them where there is room', 10, 5, ['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd']],
    ['how many are left out', 30, 4, ['a', 'b', 'c', 'd'], ['a', 'b', '… 2 more lines']],
    ['long lines count as what they take', 30, 5, ['a'.repeat(61), 'b', 'c'], ['a'.repeat(61), '… 2 more lines']],
    ['colours take no place', 3, 3, ['\x1b[32mabc\x1b[0m', 'b'], ['\x1b[32mabc\x1b[0m', 'b']],
  ])('a page shows %s', (_, columns, rows, lines, shown) => {
    expect(drawn(columns, rows, lines)).toEqual(shown);
  });

  test.each([
    ['short', 'short'],
    ['x'.repeat(79), 'x'.repeat(79)],
    ['x'.repeat(80), `${'x'.repeat(78)}…`],
    ['バ'.repeat(60), `${'バ'.repeat(39)}…`],
    [EVIL.slice(0, 6), 'a\\x1b[31m'],
  ])('the line of the status stays one line: %s', (text, shown) => {
    const written: string[] = [];
    new StatusLine({ err: (more) => written.push(more) }).show(text);
    expect(written).toEqual([`\r\x1b[K${shown}`]);
  });
});

describe('answers of something else', () => {
  const listed = /^(The answer has no "\w+"|"\w+" of the answer is no list of objects): is this an Octavia API\?\n$/;
  test.each<[unknown]>([
    [null],
    [42],
    ['hello'],
    [[]],
    [{}],
    [{ loadbalancers: 'nope', loadbalancer: 'nope' }],
    [{ loadbalancers: [null], loadbalancer: null }],
  ])('%j', async (body) => {
    for (const [line, path] of [
      ['loadbalancer list', BALANCERS],
      [`loadbalancer show ${ID}`, `${BALANCERS}/${ID}`],
    ] as const) {
      const { code, out, err } = await run(line, { [path]: { body } });
      expect({ code, out, err }).toEqual({ code: 1, out: '', err: expect.stringMatching(listed) });
    }
  });

  test('it is elsewhere', async () => {
    const away = { status: 302, headers: { location: 'https://other/' } };
    const { code, err } = await run('loadbalancer list', { [BALANCERS]: away });
    expect([code, err]).toEqual([
      1,
      'The service is at another address: https://other/ (HTTP 302) (Request-ID: req-1)\n',
    ]);
  });

  test('it does not describe its attributes', async () => {
    const { code, err } = await run('explain pool', {});
    const text = 'This service does not describe its attributes: it is another implementation of the API.\n';
    expect([code, err]).toEqual([1, text]);
  });

  test('a page of more objects than a call has room for', async () => {
    const loadbalancers = Array.from({ length: 130_000 }, (_, index) => ({ id: String(index) }));
    const { code, out } = await run('loadbalancer list -f value -c id', { [BALANCERS]: { body: { loadbalancers } } });
    expect([code, out.split('\n').length - 1]).toEqual([0, loadbalancers.length]);
  });
});

describe('what no path can hold is not sent', () => {
  test.each([
    ['loadbalancer quota show ..', '".." cannot be part of an address: use the id.\n'],
    ['loadbalancer quota reset .', '"." cannot be part of an address: use the id.\n'],
    ['loadbalancer amphora delete ..', '".." cannot be part of an address: use the id.\n'],
    ["loadbalancer amphora delete ''", 'The id is empty.\n'],
    ['loadbalancer provider capability list ..', '".." cannot be part of an address: use the id.\n'],
  ])('%s', async (line, err) => {
    expect(await run(line, {})).toMatchObject({ code: 1, out: '', err, requests: [] });
  });
});

describe('files for apply', () => {
  test.each([
    [
      'an alias within what it names',
      '&a\nname: x\nlisteners: [*a]',
      '{file}: an alias stands within what it names.\n',
    ],
    ['an alias of nothing', 'name: *a', '{file}: Unresolved alias (the anchor must be set before the alias): a\n'],
    [
      'a tag that means nothing',
      'name: !!js/function x',
      '{file}: Unresolved tag: tag:yaml.org,2002:js/function at line 1, column 7:\n',
    ],
    ['one name twice', 'name: x\n---\nname: x', 'x is described twice: leave one of the two out.\n'],
    ['a name that no path can hold', 'name: ..', '".." cannot be part of an address: use the id.\n'],
    ['no document', '---\n', '{file}: there is no document in it.\n'],
    ['a list', '- a', '{file}: a document must be a mapping, with the name of a load balancer.\n'],
    ['nesting without end', `name: ${'['.repeat(20_000)}`, expect.stringMatching(/^\S+file.yaml: .*\n$/)],
  ])('%s', async (_, text, err) => {
    const path = file(text);
    const expected = typeof err === 'string' ? err.replace('{file}', path) : err;
    expect(await run(`apply -f ${path}`, {})).toMatchObject({ code: 1, out: '', err: expected, requests: [] });
  });
});

test('a log that cannot be written is told', async () => {
  const { code, err } = await run(`--log-file ${folder} loadbalancer list`, ONE);
  expect([code, err]).toEqual([1, expect.stringMatching(/^The log file \S+ cannot be written: EISDIR.*\n$/)]);
});
