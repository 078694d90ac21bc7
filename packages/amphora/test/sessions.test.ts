/** Sessions in tables: what is read of HAProxy, and what is put into a configuration that keeps some. */
import { describe, expect, test } from 'vitest';
import { holdsRequests, withSessionHold } from '../src/haproxy/session-hold.ts';
import {
  countEntries,
  hasAllOf,
  hasSharedTables,
  readPeers,
  withTablesOfPeers,
} from '../src/haproxy/session-tables.ts';

const peers = (flags: string): string =>
  `0x55901e5052d0: [01/Dec/2026:01:03:27] id=lb_peers disabled=0 flags=${flags} resync_timeout=3s task_calls=1
  0x55901e505440: id=me(local,inactive) addr=10.0.0.1:1025 last_status=NONE last_hdshk=<NEVER>
        flags=0x0
`;

test.each([
  ['just started', '0x1', { settled: false, inherited: false, learned: false }],
  ['just reloaded', '0x0', { settled: false, inherited: false, learned: false }],
  ['in the lesson', '0x100c', { settled: false, inherited: false, learned: false }],
  ['after the lesson', '0x1103', { settled: true, inherited: true, learned: true }],
  ['after a part of it', '0x1401', { settled: false, inherited: true, learned: false }],
  ['nobody told it anything', '0x33', { settled: true, inherited: true, learned: true }],
  ['told by another amphora', '0x2203', { settled: true, inherited: false, learned: true }],
  ['told a part by another amphora', '0x2801', { settled: false, inherited: false, learned: true }],
])('show peers, %s', (_, flags, state) => expect(readPeers(peers(flags))).toEqual(state));

test('show peers without a section', () => expect(readPeers('\n')).toBeNull());

test('entries of each table are counted', () => {
  const answer = `# table: a:b, type: ip, size:10240, used:5
# table: c:d, type: string, size:10240, used:12

`;
  expect(countEntries(answer)).toEqual(
    new Map([
      ['a:b', 5],
      ['c:d', 12],
    ]),
  );
  expect(countEntries('\n')).toEqual(new Map());
});

test.each([
  ['as many', { a: 5 }, true],
  ['fewer in one', { a: 4, b: 9 }, false],
  ['more in one that is new', { a: 5, c: 1 }, true],
  ['one is gone', {}, true],
])('tables of before are complete: %s', (_, now, complete) => {
  expect(hasAllOf(new Map(Object.entries({ a: 5 })), new Map(Object.entries(now)))).toBe(complete);
});

const configuration = (table: string): string => `global
    maxconn 10

peers lb_peers
    peer me 10.0.0.1:1025

defaults
    retries 3

frontend f
    mode http

backend web:f
    mode http
${table}    stick on src
    server s 10.0.0.2:80

backend bytes:f
    mode tcp
${table}    stick on src

backend plain:f
    mode http
`;
const SHARED = '    stick-table type ip size 10k peers lb_peers\n';

describe('requests are held back', () => {
  test('in pools with a table that successors learn', async () => {
    const text = configuration(SHARED);
    const held = await withSessionHold(text, async () => '/lib/sessions.lua');
    const added = held.split('\n').filter((line) => !text.split('\n').includes(line));
    const condition = 'if !{ var(proc.sessions_released) -m found }';
    expect(added).toEqual([
      '    lua-load /lib/sessions.lua',
      `    http-request lua.wait_for_sessions 5 1600 ${condition}`,
      '    tcp-request inspect-delay 3000ms',
      `    tcp-request content lua.wait_for_sessions 50 50 ${condition}`,
    ]);
    expect(held.split('\n').filter((line) => !added.includes(line))).toEqual(text.split('\n'));
  });

  test.each([
    ['without a table', ''],
    ['with a table of its own', '    stick-table type ip size 10k\n'],
  ])('nowhere %s; the program is not asked for', async (_, table) => {
    const text = configuration(table);
    expect(hasSharedTables(text)).toBe(false);
    const never = () => Promise.reject(new Error('asked'));
    expect(await withSessionHold(text, never)).toBe(text);
  });

  test('nowhere without Lua', async () => {
    expect(await withSessionHold(configuration(SHARED), async () => null)).toBe(configuration(SHARED));
  });
});

test('shared tables stand in the section of the peers, where a process that was replaced keeps them', () => {
  const text = configuration(SHARED);
  const moved = withTablesOfPeers(text);
  const lines = moved.split('\n');
  expect(lines.filter((line) => !text.split('\n').includes(line))).toEqual([
    '    table web:f type ip size 10k',
    '    table bytes:f type ip size 10k',
    '    stick on src table lb_peers/web:f',
    '    stick on src table lb_peers/bytes:f',
  ]);
  expect(moved).not.toContain('stick-table');
  expect(lines[lines.indexOf('    table web:f type ip size 10k') - 1]).toBe('    peer me 10.0.0.1:1025');
  expect(hasSharedTables(moved)).toBe(true);
  expect(withTablesOfPeers(moved)).toBe(moved);
  expect(withTablesOfPeers(configuration('    stick-table type ip size 10k\n'))).toContain(
    'stick-table type ip size 10k',
  );
});

test('a table is shared wherever its peers are named, and its name stands before a condition', () => {
  const text = configuration('    stick-table type ip peers lb_peers size 10k # a note\r\n').replaceAll(
    'stick on src',
    'stick on src if { src 10.0.0.0/8 }',
  );
  const lines = withTablesOfPeers(text).split('\n');
  expect(lines).toContain('    table web:f type ip size 10k');
  expect(lines).toContain('    stick on src table lb_peers/web:f if { src 10.0.0.0/8 }');
});

test.each([
  ['with a condition', 'global\n', '.if defined(X)\nglobal\n'],
  ['without the peers', 'peers lb_peers\n    peer me 10.0.0.1:1025\n', ''],
])('a text %s is left as it is', (_, part, other) => {
  const text = configuration(SHARED).replace(part, other);
  expect(withTablesOfPeers(text)).toBe(text);
});

test('requests wait in the mode that their defaults say', async () => {
  const text = configuration(SHARED)
    .replace('defaults\n', 'defaults base\n    mode http\ndefaults other\n')
    .replace('backend web:f\n    mode http\n', 'backend web:f from base\n')
    .replace('    mode tcp\n', '');
  const held = await withSessionHold(text, async () => '/lib/sessions.lua');
  expect(held).toMatch(/backend web:f from base\n {4}http-request lua/);
  expect(held).toMatch(/backend bytes:f\n {4}tcp-request inspect-delay/);
  expect([holdsRequests(held), holdsRequests(text)]).toEqual([true, false]);
});
