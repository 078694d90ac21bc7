/** What keepalived says of configurations of UDP listeners, and which of its words are no reason to refuse one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configurationProblem } from '../src/keepalived/check.ts';
import { TrafficNamespace } from '../src/network/namespace.ts';
import { runCommand } from '../src/system/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'keepalived-check-'));
const namespace = new TrafficNamespace(`oacheck${process.pid}`, runCommand);

beforeAll(() => namespace.ensure());
afterAll(async () => {
  await runCommand('ip', ['netns', 'delete', namespace.name]);
  rmSync(folder, { recursive: true });
});

const service = (...members: string[]): string => `
virtual_server_group g {
    10.0.0.1 53
}
virtual_server group g {
    lb_algo wrr
    lb_kind NAT
    protocol UDP
    ${members.join('\n    ')}
}
`;
const member = (line: string): string => `real_server 10.0.0.2 53 {\n${line}\n}`;

test.each([
  ['a member', service(member('weight 1')), null],
  ['all members drained', service(member('weight 0')), null],
  ['no member', service(), null],
  ['no pool', 'virtual_server_group g {\n    10.0.0.1 53\n}\n', null],
  ['an unknown word', service(member('weihgt 1')), "Unknown keyword 'weihgt'"],
  ['an unknown word beside a drained member', service(member('weight 0\nweihgt 1')), "Unknown keyword 'weihgt'"],
  [
    'members of another IP version',
    service('real_server fd00::1 53 {\nweight 1\n}', member('weight 1')),
    'Address family',
  ],
])('%s', async (_, text, problem) => {
  const file = join(folder, 'candidate.conf');
  writeFileSync(file, text);
  const options = { run: runCommand, keepalivedCmd: 'keepalived', namespace };
  const words = await configurationProblem(options, 'check', file);
  if (problem === null) expect(words).toBeNull();
  else expect(words).toContain(problem);
});

test('a program that is missing is a problem', async () => {
  const options = { run: runCommand, keepalivedCmd: '/nonexistent/keepalived', namespace };
  expect(await configurationProblem(options, 'check', '/dev/null')).toContain('/nonexistent/keepalived');
});
