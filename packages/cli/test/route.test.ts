import { expect, test } from 'vitest';
import { run } from './played.ts';

const [ID, LISTENER] = ['fe22e256-d409-4f91-867f-508d08566892', '0a22e256-d409-4f91-867f-508d08566892'];
const found = {
  'GET /v2.0/lbaas/loadbalancers?id=web': { body: { loadbalancers: [] } },
  'GET /v2.0/lbaas/loadbalancers?name=web': { body: { loadbalancers: [{ id: ID, name: 'web' }] } },
  'GET /v2.0/lbaas/listeners?id=https': { body: { listeners: [] } },
  'GET /v2.0/lbaas/listeners?name=https': { body: { listeners: [{ id: LISTENER, name: 'https' }] } },
};
const PATH = `GET /v2/octavia/loadbalancers/${ID}/route`;
const route = {
  outcome: 'pool',
  listener_id: LISTENER,
  policy_id: 'y2',
  pool_id: 'p1',
  status: null,
  location: null,
  reason: null,
  asked: [
    { policy_id: 'y1', action: 'REJECT', matches: false, rules: [{ rule_id: 'r1', matches: false }] },
    { policy_id: 'y2', action: 'REDIRECT_TO_POOL', matches: true, rules: [{ rule_id: 'r2', matches: true }] },
  ],
};

test('shows the pool, and what each policy said', async () => {
  const answers = { ...found, [`${PATH}?url=http://x/a&method=GET`]: { body: { route } } };
  const { out, err, code } = await run('loadbalancer route web http://x/a -f value -c pool_id -c asked', answers);
  expect({ err, code }).toEqual({ err: '', code: 0 });
  expect(out).toBe(`p1
y1 REJECT: does not match
  rule r1: does not match
y2 REDIRECT_TO_POOL: matches
  rule r2: matches
`);
  expect(JSON.parse((await run('loadbalancer route web http://x/a -f json', answers)).out)).toEqual(route);
});

test('sends everything that decides', async () => {
  const query =
    'url=https://x/&method=POST&header=Host:+a&header=Cookie:+s=1&client_address=192.0.2.1' +
    `&listener_id=${LISTENER}&verify_result=0&subject=CN=jane`;
  const undecided = { ...route, outcome: 'undecided', asked: [{ ...route.asked[0], matches: null, rules: [] }] };
  const { out, code } = await run(
    `loadbalancer route web https://x/ --method POST --header 'Host: a' --header 'Cookie: s=1' --listener https ` +
      '--client-address 192.0.2.1 --verify-result 0 --subject CN=jane -f value -c outcome -c asked',
    { ...found, [`${PATH}?${query}`]: { body: { route: undecided } } },
  );
  expect({ out, code }).toEqual({ out: 'undecided\ny1 REJECT: only the load balancer can tell\n', code: 0 });
});

test('says what is wrong, and which service cannot tell', async () => {
  const fault = { faultcode: 'Client', faultstring: 'no enabled listener has the port 1' };
  const refused = { ...found, [`${PATH}?url=http://x:1/&method=GET`]: { status: 400, body: fault } };
  expect(await run('loadbalancer route web http://x:1/', refused)).toMatchObject({
    code: 1,
    err: expect.stringContaining('no enabled listener has the port 1'),
  });
  const other = { ...found, [`GET /v2/lbaas/loadbalancers/${ID}`]: { body: { loadbalancer: { id: ID } } } };
  expect(await run('loadbalancer route web http://x/', other)).toMatchObject({
    code: 1,
    err: 'This service does not tell routes: it is another implementation of the API.\n',
  });
});
