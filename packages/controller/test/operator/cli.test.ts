import { COMMANDS } from '@octavia/cli';
import { describe, expect, test } from 'vitest';
import { OctaviaError } from '../../src/errors.ts';
import { welcome } from '../../src/local/up/welcome.ts';
import { HANDLERS } from '../../src/operator/cli/program.ts';
import { type Output, reportError } from '../../src/operator/cli/report.ts';

function capture(error: unknown, debug?: string): { text: string; code: number } {
  const seen = { text: '', code: 0 };
  const output: Output = {
    error: (text) => {
      seen.text += `${text}\n`;
    },
    exit: (code) => {
      seen.code = code;
    },
  };
  reportError(error, output, debug ?? '');
  return seen;
}

describe('reportError', () => {
  test('a known error is its sentence and its remedy', () => {
    expect(capture(new OctaviaError('BAD_CONFIG_FILE', { file: 'f', line: 3, reason: 'no = sign' }))).toEqual({
      code: 1,
      text: 'f, line 3: no = sign\nCorrect the file.\n',
    });
  });

  test('a start-up error, too', () => {
    const taken = new OctaviaError('PORT_TAKEN', { host: '::', port: 1 });
    expect(capture(taken).text).toBe('Port 1 of :: is taken.\nChoose another one with --port.\n');
  });

  test('an unexpected error shows its stack in debug mode only', () => {
    expect(capture(new Error('boom')).text).not.toContain('    at ');
    expect(capture(new Error('boom'), 'true').text).toContain('    at ');
  });
});

test('every command of operators in the table is carried out, and no other', () => {
  const commands = COMMANDS.filter(({ does }) => does.verb === 'operator').map(({ words }) => words);
  expect(Object.keys(HANDLERS).sort()).toEqual(commands.sort());
  expect(commands).toContain('up');
});

describe('welcome', () => {
  const subnet = (id: string) => ({ id, cidr: '198.18.4.0/22', gatewayIp: '198.18.4.1' });
  const facts = {
    endpoint: 'http://127.0.0.1:9876',
    stateDir: '/srv/my state',
    open: true,
    subnets: { public: subnet('pub'), private: subnet('prv'), publicIpv6: subnet('pub6'), privateIpv6: null },
  };

  test('names endpoint and subnets, and gives commands for the host', () => {
    const text = welcome({ ...facts, netns: null }, true);
    expect(text).toContain('http://127.0.0.1:9876');
    expect(text).toMatch(/Public subnet +pub/);
    expect(text).toMatch(/Public IPv6 subnet +pub6/);
    expect(text).not.toContain('Private IPv6');
    expect(text).not.toContain('netns exec');
  });

  test.each([true, false])('enters the namespace in every command that needs it (%s)', (real) => {
    const lines = welcome({ ...facts, netns: 'blue' }, real).split('\n');
    const network = lines.filter((line) => /curl|http'|openstack\(\)/.test(line));
    expect(network.length).toBeGreaterThan(real ? 4 : 1);
    expect(network.every((line) => line.includes('ip netns exec blue '))).toBe(true);
  });

  test.each([true, false])('names the state directory for down, and that nobody is asked who they are (%s)', (real) => {
    const text = welcome({ ...facts, netns: null }, real);
    expect(text).toContain("npm run down -- --state-dir '/srv/my state' ");
    expect(text).toContain('There is no authentication: ');
  });

  test('with Keystone it does not say that nobody is asked', () => {
    const text = welcome({ ...facts, netns: null, open: false }, true);
    expect(text).not.toMatch(/no authentication|OS_AUTH_TYPE=none/);
  });

  test('has a word for a state directory with a quote in its name', () => {
    expect(welcome({ ...facts, netns: null, stateDir: "/it's" }, true)).toContain(`--state-dir '/it'\\''s' `);
  });
});
