import { expect, test } from 'vitest';
import { EXCEPTIONS } from './exceptions.ts';
import { LINES, wordsOf } from './lines.ts';
import recorded from './testdata/lines.json' with { type: 'json' };
import { meaningOf } from './understand.ts';

test('every exception is a line', () => {
  expect(Object.keys(EXCEPTIONS).filter((line) => !LINES.includes(line))).toEqual([]);
});

test('more than 200 lines are recorded', () => {
  expect(recorded.map(({ line }) => line)).toEqual(LINES);
  expect(recorded.length).toBeGreaterThan(200);
});

test.each(recorded.filter(({ line }) => EXCEPTIONS[line] === undefined))(
  '$line means what it means to the openstack client',
  async ({ line, ...theirs }) => {
    expect(await meaningOf(wordsOf(line))).toEqual(theirs);
  },
);

test.each([
  ['loadbalancer listener create lb --protocol HTTP --protocol_port 80', { protocol_port: 80 }],
  ['loadbalancer create --vip-subnet-id s --tags a --tags b', { tags: ['a', 'b'] }],
  [
    'loadbalancer pool create --listener l --protocol HTTP --lb-algorithm SOURCE_IP --tls-versions TLSv1.3',
    { tls_versions: ['TLSv1.3'] },
  ],
  ['loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 10 --type HTTP', { max_retries: 10 }],
  ['loadbalancer create --vip-network-id n --vip-sg-id a --vip-sg-id b', { vip_sg_id: ['a', 'b'] }],
  ['loadbalancer flavor set f --desc text', { description: 'text' }],
])('%s is understood, as the guides print it or the API takes it', async (line, values) => {
  expect(await meaningOf(wordsOf(line))).toMatchObject({ code: 0, values });
});

test('a spelling of the guides is no prefix that makes another one ambiguous', async () => {
  const line = 'loadbalancer listener create lb --protocol HTTP --protocol-port 80 --tls-v TLSv1.2';
  expect((await meaningOf(wordsOf(line))).values).toMatchObject({ tls_versions: ['TLSv1.2'] });
});

test('a pool that speaks TERMINATED_HTTPS is not offered, for the API refuses it', async () => {
  const line = 'loadbalancer pool create --listener l --protocol TERMINATED_HTTPS --lb-algorithm SOURCE_IP';
  expect((await meaningOf(wordsOf(line))).code).toBe(2);
});
