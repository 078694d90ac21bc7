import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { progressOf } from '../src/run/progress.ts';
import { type Answer, run } from './played.ts';

const ID = 'fe22e256-d409-4f91-867f-508d08566892';
const [FIRST, SECOND] = ['11111111-2222-3333-4444-555555555551', '11111111-2222-3333-4444-555555555552'];
const found = { 'GET /v2.0/lbaas/loadbalancers?name=web': { body: { loadbalancers: [{ id: ID }] } } };
const STATUS = `GET /v2/lbaas/loadbalancers/${ID}/status`;
const OPERATIONS = `GET /v2/lbaas/loadbalancers/${ID}/operations`;

const step = (name: string, state = 'running', more: object = {}) => ({
  ...{ number: 1, name, phase: 'do', state, attempts: 1, detail: null },
  ...{ started_at: '2026-01-01T10:00:02.500', ended_at: null },
  ...more,
});
const operation = (state: string, steps: object[] = [], more: object = {}) => ({
  ...{ id: 'o1', kind: 'create_load_balancer', resource_type: 'loadbalancer', resource_id: ID, state },
  ...{ current_step: null, attempts: 1, reason: null, created_at: '2026-01-01T10:00:00.000', started_at: null },
  ended_at: state === 'succeeded' || state === 'failed' ? '2026-01-01T10:00:09.000' : null,
  steps,
  ...more,
});
const operations = (...all: object[]): Answer => ({ body: { operations: all } });

const status = (provisioning_status: string, listeners: object[] = []): Answer => ({
  body: {
    statuses: {
      loadbalancer: { id: ID, name: 'web', provisioning_status, operating_status: 'ONLINE', listeners, pools: [] },
    },
  },
});
const listener = { id: 'l1', name: 'http', provisioning_status: 'ACTIVE', operating_status: 'ONLINE' };
/** Times of day differ. */
const timeless = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T');

// Pauses take no time: whoever waits is next.
beforeEach(() => {
  vi.useFakeTimers();
  vi.setTimerTickMode('nextTimerAsync');
});
afterEach(() => {
  vi.useRealTimers();
});

describe('watch', () => {
  test('without a terminal prints a line for each change, until there is nothing any more', async () => {
    const seen = await run('watch web', {
      ...found,
      [STATUS]: [status('PENDING_UPDATE'), status('ACTIVE', [listener]), 'away', status('ACTIVE'), { status: 404 }],
      [OPERATIONS]: operations(),
    });
    expect(seen.code).toBe(0);
    expect(timeless(seen.out)).toBe(
      [
        'T load balancer web: PENDING_UPDATE ONLINE',
        'T load balancer web: PENDING_UPDATE ONLINE → ACTIVE ONLINE',
        'T listener http: ACTIVE ONLINE',
        'T listener http: gone',
        'T load balancer web: gone',
        '',
      ].join('\n'),
    );
    expect(timeless(seen.err)).toBe(
      'T http://api cannot be reached: refused; trying again.\nT The service answers again.\n',
    );
  });

  test('on a terminal draws it anew, with what is being done and why nothing is known', async () => {
    const interrupt = new AbortController();
    const seen = await run(
      'watch web',
      {
        ...found,
        [STATUS]: [status('PENDING_CREATE'), 'away'],
        [OPERATIONS]: operations(operation('running', [step(`boot amphora ${FIRST}`)])),
      },
      {
        terminal: true,
        signal: interrupt.signal,
        written: (text) => text.includes('trying again') && interrupt.abort(),
      },
    );
    expect(seen.code).toBe(130);
    const pages = seen.out.split('\x1b[H\x1b[J');
    expect(pages[1]?.replace(/\d+ s/, 'n s')).toBe(
      'load balancer web  \x1b[33mPENDING_CREATE\x1b[0m \x1b[32mONLINE\x1b[0m\ncreate_load_balancer: building amphora 1 of 1, n s\n',
    );
    expect(pages.at(-1)).toContain('http://api cannot be reached: refused; trying again since');
    expect(pages.at(-1)).toContain('load balancer web');
  });

  test('--all shows every load balancer', async () => {
    const interrupt = new AbortController();
    const item = { id: ID, name: '', vip_address: '::1', provisioning_status: 'ACTIVE', operating_status: 'ERROR' };
    const seen = await run(
      'watch --all',
      { 'GET /v2/lbaas/loadbalancers': { body: { loadbalancers: [item] } } },
      { signal: interrupt.signal, written: () => interrupt.abort() },
    );
    expect(timeless(seen.out)).toBe(`T load balancer ${ID}: ACTIVE ERROR\n`);
    expect(seen.code).toBe(130);
  });

  test.each(['watch', 'watch web --all'])('%s is told what to name', async (line) => {
    expect(await run(line, {})).toMatchObject({
      code: 2,
      err: 'Name one load balancer to watch, or all of them with --all.\n',
    });
  });

  test('what is refused is not waited out', async () => {
    const seen = await run('watch web', {
      ...found,
      [STATUS]: { status: 403, body: { faultstring: 'not yours' } },
      [OPERATIONS]: operations(),
    });
    expect(seen).toMatchObject({ code: 1, err: 'not yours (HTTP 403) (Request-ID: req-1)\n' });
  });
});

describe('colours', () => {
  test.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
  ])('a terminal (%s) with %j has them: %s', async (terminal, env, has) => {
    const { out } = await run('tree web', { ...found, [STATUS]: status('ACTIVE') }, { terminal, env });
    expect(out.includes('\x1b[32mACTIVE\x1b[0m')).toBe(has);
  });
});

describe('operations', () => {
  test('are listed with what was done to what, and how long it took', async () => {
    const { out } = await run('operations web -f value -c kind -c state -c seconds -c reason', {
      ...found,
      [OPERATIONS]: operations(operation('failed', [], { reason: 'no host' })),
    });
    expect(out).toBe('create_load_balancer failed 9 no host\n');
  });

  test('--follow tells each step once, and ends with them', async () => {
    const old = operation('succeeded', [], { id: 'o0', kind: 'update_load_balancer' });
    const [boot, plug] = [
      step('boot it', 'done'),
      step('plug VIP', 'running', { started_at: '2026-01-01T10:00:04.1' }),
    ];
    const seen = await run('operations web --follow', {
      ...found,
      [OPERATIONS]: [
        operations(operation('queued'), old),
        operations(operation('running', [boot]), old),
        'away',
        operations(operation('running', [boot, plug]), old),
        operations(operation('succeeded', [boot, plug]), old),
      ],
    });
    expect(seen.out).toBe(`2026-01-01T10:00:00  create_load_balancer: queued
2026-01-01T10:00:02  create_load_balancer: boot it
2026-01-01T10:00:04  create_load_balancer: plug VIP
2026-01-01T10:00:09  create_load_balancer: succeeded after 9 s
`);
    expect(seen).toMatchObject({ code: 0, err: 'http://api cannot be reached: refused; trying again.\n' });
  });

  test('--follow of one that failed is a failure with its reason', async () => {
    const steps = [
      step('boot it', 'failed', { detail: 'no host' }),
      step('boot it', 'done', { phase: 'undo', started_at: '2026-01-01T10:00:05.0' }),
    ];
    const seen = await run('operations web --follow', {
      ...found,
      [OPERATIONS]: operations(operation('failed', steps, { reason: 'no host' })),
    });
    expect(seen.out.split('\n').map((line) => line.slice(21))).toEqual([
      'create_load_balancer: boot it failed: no host',
      'create_load_balancer: undoing boot it',
      'create_load_balancer: failed after 9 s: no host',
      '',
    ]);
    expect(seen).toMatchObject({ code: 1, err: 'create_load_balancer of web failed.\n' });
  });

  test('a service without them is told as such', async () => {
    const seen = await run('operations web', {
      ...found,
      [`GET /v2/lbaas/loadbalancers/${ID}`]: { body: { loadbalancer: { id: ID } } },
    });
    expect(seen).toMatchObject({
      code: 1,
      err: 'This service does not tell its operations: it is another implementation of the API.\n',
    });
  });
});

describe('top', () => {
  const counters = (total_connections: number, bytes_in: number): Answer => ({
    body: { stats: { active_connections: 2, bytes_in, bytes_out: 0, request_errors: 0, total_connections } },
  });
  const listed = (id: string, port: number) => ({
    ...{ id, name: id, protocol: 'TCP', protocol_port: port, loadbalancers: [{ id: ID }] },
  });
  const answers = {
    'GET /v2/lbaas/listeners': { body: { listeners: [listed('a', 1), listed('b', 2), listed('gone', 3)] } },
    'GET /v2/lbaas/loadbalancers': { body: { loadbalancers: [{ id: ID, name: 'web' }] } },
    'GET /v2/lbaas/listeners/a/stats': [counters(10, 5_000), counters(10, 6_000)],
    'GET /v2/lbaas/listeners/b/stats': [counters(100, 700), counters(70, 700)],
  };

  test('shows what has come since, the busiest first; a counter that began anew is no negative rate', async () => {
    const { out } = await run('top --interval 0.1 -f json', answers);
    const rows = JSON.parse(out) as Record<string, number | string>[];
    expect(rows.map(({ listener: name, loadbalancer }) => [loadbalancer, name])).toEqual([
      ['web', 'b TCP:2'],
      ['web', 'a TCP:1'],
    ]);
    expect(rows[0]).toMatchObject({ active: 2, bytes_in: 0 });
    expect(Number(rows[0]?.connections)).toBeGreaterThan(100);
    expect(rows[1]).toMatchObject({ connections: 0 });
    expect(Number(rows[1]?.bytes_in)).toBeGreaterThan(1_000);
  });

  test('is sorted by what is asked for, and shows only what was named', async () => {
    const { out } = await run('top web --sort bytes_in --interval 0.1 -f value -c listener', { ...answers, ...found });
    expect(out).toBe('a TCP:1\nb TCP:2\n');
    const other = { 'GET /v2.0/lbaas/loadbalancers?name=api': { body: { loadbalancers: [{ id: 'other' }] } } };
    expect((await run('top api --interval 0.1 -f json', { ...answers, ...other })).out).toBe('[]\n');
  });

  test.each(['0', '-1', 'soon'])('an interval of %s is none', async (interval) => {
    expect((await run(`top --interval=${interval}`, {})).code).toBe(2);
  });

  test('on a terminal it is drawn again', async () => {
    const interrupt = new AbortController();
    const seen = await run('top --interval 0.1', answers, {
      terminal: true,
      signal: interrupt.signal,
      written: (text) => text.includes('web') && interrupt.abort(),
    });
    expect(seen.code).toBe(130);
    expect(seen.out.split('\x1b[H\x1b[J')[2]).toMatch(
      /^2 listeners, a second, over the last 0.1 s, by connections\n\nloadbalancer {2}listener {2}active {2}connections/,
    );
  });
});

describe('progress', () => {
  const at = Date.parse('2026-01-01T10:00:14Z');

  test.each([
    ['queued', [], 'waiting for its turn, 14 s'],
    ['running', [], 'begun, 14 s'],
    [
      'running',
      [step(`record amphora ${FIRST}`, 'done'), step(`boot amphora ${SECOND}`)],
      'building amphora 2 of 2, 14 s',
    ],
    ['running', [step(`wait for agent of ${FIRST}`)], 'building amphora 1 of 1, 14 s'],
    [
      'running',
      [step(`record amphora ${FIRST}`, 'done'), step(`plug VIP into ${FIRST}`)],
      'plugging VIP into amphora 1 of 1, 14 s',
    ],
    ['running', [step(`remove amphora ${FIRST}`)], 'removing an amphora, 14 s'],
    ['running', [step('apply configuration', 'done')], 'applying configuration, 14 s'],
    ['undoing', [step('create server group', 'running', { phase: 'undo' })], 'undoing: creating server group, 14 s'],
  ])('an operation that is %s is told as it is', (state, steps, text) => {
    expect(progressOf(operation(state, steps) as never, at)).toBe(text);
  });

  const balancer = (provisioning_status: string): Answer => ({
    body: { loadbalancer: { id: ID, provisioning_status } },
  });
  const created = {
    'GET /v2.0/subnets?name=s': { body: { subnets: [{ id: 's1' }] } },
    'POST /v2.0/lbaas/loadbalancers': { status: 201, body: { loadbalancer: { id: ID } } },
    [OPERATIONS]: operations(operation('running', [step(`boot amphora ${FIRST}`)])),
  };
  const line = 'loadbalancer create --vip-subnet-id s --wait -f value -c id';
  const SHOW = `GET /v2.0/lbaas/loadbalancers/${ID}`;

  test('--wait shows it on a terminal and leaves nothing of it', async () => {
    const answers = { ...created, [SHOW]: [balancer('PENDING_CREATE'), balancer('ACTIVE')] };
    const { code, out, err } = await run(line, answers, { terminal: true });
    expect({ code, out }).toEqual({ code: 0, out: `${ID}\n` });
    expect(err).toBe('\r\x1b[Kbuilding amphora 1 of 1, 0 s\r\x1b[K');
  });

  test('--wait shows the status where the service does not tell its operations', async () => {
    const answers = {
      ...created,
      [OPERATIONS]: { status: 404 },
      [SHOW]: [balancer('PENDING_CREATE'), balancer('ACTIVE')],
    };
    expect((await run(line, answers, { terminal: true })).err).toBe('\r\x1b[KPENDING_CREATE, 0 s\r\x1b[K');
  });

  const failure = operations(operation('failed', [], { reason: 'No host has room.' }));
  const SENTENCE = 'The resource did not successfully reach ACTIVE status. (HTTP n/a) (Request-ID: None)';

  test.each([
    [failure, `create_load_balancer failed: No host has room.\nWhat was done to it: octavia operations ${ID}\n`],
    [{ status: 404 }, `What was done to it: octavia operations ${ID}\n`],
  ])(
    '--wait that ends in ERROR says why on a terminal, and the known sentence alone to a script',
    async (told, why) => {
      const answers = { ...created, [OPERATIONS]: told, [SHOW]: balancer('ERROR') };
      expect(await run(line, answers, { terminal: true })).toMatchObject({
        code: 1,
        out: '',
        err: `${SENTENCE}\n${why}`,
      });
      expect(await run(line, answers)).toMatchObject({ code: 1, out: '', err: `${SENTENCE}\n` });
    },
  );

  test('a deletion that ends in ERROR finds the load balancer of what is left', async () => {
    const answers = {
      'GET /v2.0/lbaas/listeners?name=l': { body: { listeners: [{ id: 'l1' }] } },
      'DELETE /v2.0/lbaas/listeners/l1': { status: 204 },
      'GET /v2.0/lbaas/listeners/l1': {
        body: { listener: { provisioning_status: 'ERROR', loadbalancers: [{ id: ID }] } },
      },
      [OPERATIONS]: failure,
    };
    const { code, err } = await run('loadbalancer listener delete l --wait', answers, { terminal: true });
    expect(code).toBe(1);
    expect(err).toBe(
      `The resource could not be successfully deleted. (HTTP n/a) (Request-ID: None)\ncreate_load_balancer failed: No host has room.\nWhat was done to it: octavia operations ${ID}\n`,
    );
  });

  test('--wait is silent without a terminal, and asks for no operations', async () => {
    const answers = { ...created, [SHOW]: [balancer('PENDING_CREATE'), balancer('ACTIVE')] };
    const { err, requests } = await run(line, answers);
    expect(err).toBe('');
    expect(requests).not.toContain(OPERATIONS);
  });

  test.each([
    [line, SHOW, { ...created, [SHOW]: balancer('PENDING_CREATE') }],
    [
      'loadbalancer member delete p m --wait',
      'GET /v2.0/lbaas/pools/p1/members/m1',
      {
        'GET /v2.0/lbaas/pools?name=p': { body: { pools: [{ id: 'p1' }] } },
        'GET /v2.0/lbaas/pools/p1': { body: { pool: { loadbalancers: [{ id: ID }] } } },
        'GET /v2.0/lbaas/pools/p1/members?name=m': { body: { members: [{ id: 'm1' }] } },
        'DELETE /v2.0/lbaas/pools/p1/members/m1': { status: 204 },
        'GET /v2.0/lbaas/pools/p1/members/m1': { body: { member: { provisioning_status: 'PENDING_DELETE' } } },
      },
    ],
  ])('Ctrl-C in %s leaves the operation running and says how to follow it', async (words, look, answers) => {
    const interrupt = new AbortController();
    let looks = 0;
    const asked = (request: string): void => {
      if (request === look) looks += 1;
      if (looks === 2) interrupt.abort();
    };
    const { code, err } = await run(words, answers as Record<string, Answer>, { signal: interrupt.signal, asked });
    expect(code).toBe(130);
    expect(err).toBe(
      `Not waited for any longer; the operation goes on. Follow it: octavia operations ${ID} --follow\n`,
    );
  });
});

describe('--curl', () => {
  test('shows the reads and the change, and makes no change', async () => {
    const seen = await run("--curl loadbalancer set web --name it's --wait", found);
    expect(seen).toMatchObject({ code: 0, err: '', requests: ['GET /v2.0/lbaas/loadbalancers?name=web'] });
    expect(seen.out).toBe(`curl 'http://api/v2.0/lbaas/loadbalancers?name=web'
curl -X PUT 'http://api/v2.0/lbaas/loadbalancers/${ID}' -H 'Content-Type: application/json' -d '{"loadbalancer":{"name":"it'\\''s"}}'
`);
  });

  test('shows the reads of a list in place of the list', async () => {
    const seen = await run('loadbalancer list --curl', {
      'GET /v2.0/lbaas/loadbalancers': { body: { loadbalancers: [] } },
    });
    expect(seen).toMatchObject({ code: 0, out: "curl 'http://api/v2.0/lbaas/loadbalancers'\n" });
  });

  test('is written out in full: --c means what it meant', async () => {
    const seen = await run('loadbalancer list --c id -f value', {
      'GET /v2.0/lbaas/loadbalancers': { body: { loadbalancers: [{ id: 'x' }] } },
    });
    expect(seen.out).toBe('x\n');
  });
});
