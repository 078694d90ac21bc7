import { describe, expect, it } from 'vitest';
import { planRuntimeChange } from '../src/haproxy/runtime-plan.ts';
import { checkResultsOnly } from '../src/haproxy/server-state.ts';

const config = (servers: string[], { balance = 'roundrobin', timeout = 5, more = '' } = {}): string => `global
    maxconn 100
frontend f
    bind 127.0.0.1:80
    default_backend p:f
backend p:f
    mode http
    balance ${balance}
    timeout server ${timeout}s
${servers.map((server) => `    server ${server}\n`).join('')}${more}`;

const at = { backend: 'p:f' };

describe('commands instead of a reload', () => {
  it.each([
    ['nothing', ['a 1.1.1.1:80 weight 1'], ['a 1.1.1.1:80 weight 1'], []],
    [
      'a server more',
      ['a 1.1.1.1:80 weight 1'],
      ['a 1.1.1.1:80 weight 1', 'b [fd00::1]:80 weight 2 check inter 1s'],
      [{ kind: 'add', ...at, server: 'b', words: ['[fd00::1]:80', 'weight', '2', 'check', 'inter', '1s'] }],
    ],
    [
      'a server that speaks HTTP/1.1 over TLS',
      [],
      ['a 1.1.1.1:443 ssl verify none alpn http/1.1'],
      [{ kind: 'add', ...at, server: 'a', words: ['1.1.1.1:443', 'ssl', 'verify', 'none', 'alpn', 'http/1.1'] }],
    ],
    [
      'a server that is told a name',
      [],
      ['a 1.1.1.1:443 ssl verify none sni var(txn.name)'],
      [{ kind: 'add', ...at, server: 'a', words: ['1.1.1.1:443', 'ssl', 'verify', 'none', 'sni', 'var(txn.name)'] }],
    ],
    [
      'a server less',
      ['a 1.1.1.1:80 weight 1'],
      [],
      [{ kind: 'remove', ...at, server: 'a', words: ['1.1.1.1:80', 'weight', '1'] }],
    ],
    [
      'another weight',
      ['a 1.1.1.1:80 weight 1 check'],
      ['a 1.1.1.1:80 weight 0 check'],
      [{ kind: 'weight', ...at, server: 'a', weight: 0 }],
    ],
    [
      'switched off',
      ['a 1.1.1.1:80 weight 1'],
      ['a 1.1.1.1:80 weight 1 disabled'],
      [{ kind: 'state', ...at, server: 'a', enabled: false }],
    ],
    [
      'one for another: the new one comes first',
      ['a 1.1.1.1:80 weight 1'],
      ['b 1.1.1.2:80 weight 1'],
      [
        { kind: 'add', ...at, server: 'b', words: ['1.1.1.2:80', 'weight', '1'] },
        { kind: 'remove', ...at, server: 'a', words: ['1.1.1.1:80', 'weight', '1'] },
      ],
    ],
  ])('%s', (_, before, after, changes) => {
    expect(planRuntimeChange(config(before), config(after))).toEqual(changes);
  });
});

describe('the same in another spelling', () => {
  const text = config(['a 1.1.1.1:80 weight 1']);
  it.each([
    ['line ends', text.replaceAll('\n', '\r\n')],
    ['quotes', text.replace('1.1.1.1:80', '"1.1.1.1":80').replace('backend p', 'backend "p"')],
    ['notes and blank lines', text.replaceAll('\n', ' # note\n\n  # more\n')],
    ['indents', text.replace(/^ +/gm, '\t').replace('\nbackend', '\n   backend')],
  ])('needs nothing: %s', (_, other) => {
    expect(planRuntimeChange(text, other)).toEqual([]);
    expect(planRuntimeChange(other, text)).toEqual([]);
  });

  it('is told to HAProxy without its quotes', () => {
    expect(planRuntimeChange(config([]), config(['"a" 1.1.1.1:80 weight \'2\' # note']))).toEqual([
      { kind: 'add', ...at, server: 'a', words: ['1.1.1.1:80', 'weight', '2'] },
    ]);
  });
});

describe('a reload', () => {
  const one = ['a 1.1.1.1:80 weight 1'];
  it.each([
    ['another timeout', config(one), config(one, { timeout: 6 })],
    ['another algorithm', config(one), config(one, { balance: 'leastconn' })],
    ['another backend', config(one), config(one, { more: 'backend q:f\n    mode http\n' })],
    ['another address', config(one), config(['a 1.1.1.9:80 weight 1'])],
    ['another check', config(['a 1.1.1.1:80 check inter 1s']), config(['a 1.1.1.1:80 check inter 2s'])],
    ['a backup', config(one), config(['a 1.1.1.1:80 weight 1 backup'])],
    ['a cookie', config([]), config(['a 1.1.1.1:80 weight 1 cookie a'])],
    ['HTTP/2 to the server', config([]), config(['a 1.1.1.1:80 weight 1 ssl verify none alpn h2,http/1.1'])],
    ['quotes', config([]), config(['a 1.1.1.1:80 check-sni "a b"'])],
    ['a word of the environment', config([]), config(['a 1.1.1.1:80 source "$ADDRESS"'])],
    ['a condition', `.if defined(X)\n${config(one)}.endif\n`, `.if defined(X)\n${config([])}.endif\n`],
    ['other defaults', config(one), config(one).replace('\nbackend p:f', '\nbackend p:f from d')],
    ['a word that would end the command', config([]), config(['a 1.1.1.1:80 sni x;shutdown'])],
    [
      'a hash over addresses: one server more',
      config(one, { balance: 'source' }),
      config([...one, 'b 1.1.1.2:80 weight 1'], { balance: 'source' }),
    ],
    [
      'a hash over addresses: another weight',
      config(one, { balance: 'source' }),
      config(['a 1.1.1.1:80 weight 2'], { balance: 'source' }),
    ],
  ])('%s', (_, before, after) => {
    expect(planRuntimeChange(before, after)).toBeNull();
  });

  it('is not needed to switch a server of a hash off', () => {
    const [before, after] = [one, ['a 1.1.1.1:80 weight 1 disabled']].map((servers) =>
      config(servers, { balance: 'source' }),
    );
    expect(planRuntimeChange(before ?? '', after ?? '')).toEqual([
      { kind: 'state', ...at, server: 'a', enabled: false },
    ]);
  });
});

it('the saved state says what checks found, not what commands set', () => {
  const state = '1\n# be_id be_name …\n3 p:f 1 a 127.0.0.1 0 1 7 3 5 8 2 0 6 0 0 0 - 80 - 0 0 - - 0\n';
  expect(checkResultsOnly(state)).toBe('1\n# be_id be_name …\n3 p:f 1 a 127.0.0.1 0 0 3 3 5 8 2 0 6 0 0 0 - 80 -\n');
});
