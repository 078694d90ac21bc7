/** docs/desired-state.md as it is printed: its files, its commands and what they answer, against the real API. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api, ApiError, fetchSend, LoadBalancers } from '@octavia/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { carryOut } from '../../packages/cli/src/run/run.ts';
import { understand } from '../../packages/cli/src/understand.ts';
import { PROJECT, TestApi } from '../../packages/controller/test/api/support/api.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/desired-state.md'), 'utf8');
const BLOCK = /^```(yaml|console)\n([\s\S]*?)^```$/gm;

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await TestApi.start();
  folder = mkdtempSync(join(tmpdir(), 'desired-state-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await api.stop();
});

/** What was accepted is carried out at once. */
const connect = (around = (send: ReturnType<typeof fetchSend>) => send) =>
  new Api({
    baseUrl: api.url,
    projectId: PROJECT,
    send: around(async (request) => {
      const answer = await fetchSend()(request);
      await api.settle();
      return answer;
    }),
  });

/** @param words of a command line; names of files are those in the folder */
async function octavia(words: readonly string[]) {
  let [out, err] = ['', ''];
  const surroundings = {
    name: 'octavia',
    env: {},
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
  const understood = await understand(
    words.map((word) => (/\.(ya?ml|json)$/.test(word) ? join(folder, word) : word)),
    surroundings,
  );
  if (typeof understood === 'number') return { out, err, code: understood };
  const code = await carryOut(understood, surroundings, (_surroundings, _globals, around) => {
    const service = async () => connect(around);
    return { loadBalancing: service, network: service, identity: service };
  });
  return { out, err, code };
}

test('every command of the page answers as it is printed', async () => {
  let commands = 0;
  for (const [, language, text = ''] of PAGE.matchAll(BLOCK)) {
    if (language === 'yaml') {
      const name = /^# (\S+)/.exec(text)?.[1] ?? expect.fail('a file without a name');
      writeFileSync(join(folder, name), text);
      continue;
    }
    for (const part of text.split(/^\$ octavia /m).slice(1)) {
      const [line = '', ...lines] = part.split('\n');
      const { out, err, code } = await octavia(line.split(' '));
      expect([line, err, code]).toEqual([line, '', 0]);
      expect(out.replace(/^vip_address: .*$/m, 'vip_address: VIP')).toBe(lines.join('\n'));
      commands += 1;
    }
  }
  expect(commands).toBe(6);
});

test('differences are exit code 2, and what was exported has none', async () => {
  const { out } = await octavia(['export', 'web']);
  writeFileSync(join(folder, 'exported.yaml'), out);
  expect(await octavia(['apply', '-f', 'exported.yaml', '--diff', '--prune'])).toEqual({
    out: 'web: nothing to do\n',
    err: '',
    code: 0,
  });
  const differs = await octavia(['apply', '-f', 'web.yaml', '--diff']);
  expect(differs.code).toBe(2);
  expect(differs.out).toContain('  + member 192.0.2.11:8080 (no interruption)\n');
  expect((await octavia(['export', 'web'])).out).toBe(out);
  writeFileSync(join(folder, 'exported.json'), (await octavia(['export', 'web', '--format', 'json'])).out);
  expect((await octavia(['apply', '-f', 'exported.json', '--diff'])).code).toBe(0);
});

test('several documents, and mistakes in files and words', async () => {
  writeFileSync(join(folder, 'two.yaml'), 'name: web\ndescription: a\n---\nname: new\nvip_subnet_id: public-subnet\n');
  expect((await octavia(['apply', '-f', 'two.yaml', '--dry-run'])).out).toBe(
    'web: would change\n  ~ load balancer web: description "" -> a (no interruption)\n' +
      'new: would change\n  + load balancer new (rebuild)\n',
  );
  const cases: [text: string, err: RegExp][] = [
    ['', /there is no document in it\.$/m],
    ['a: [', /bad\.yaml: .*at line \d+, column \d+/],
    ['- 1', /a document must be a mapping, with the name of a load balancer\.$/m],
    ['pools: []', /a document needs the name \(or id\) of its load balancer\.$/m],
    ['name: web\npools: [{name: p, zzz: 1}]', /Unknown attribute .*: zzz \(at loadbalancer\.pools\[0\]\) \(HTTP 400\)/],
  ];
  for (const [text, err] of cases) {
    writeFileSync(join(folder, 'bad.yaml'), text);
    expect(await octavia(['apply', '-f', 'bad.yaml'])).toEqual({ out: '', err: expect.stringMatching(err), code: 1 });
  }
  expect((await octavia(['apply', '-f', 'none.yaml'])).err).toMatch(/none\.yaml cannot be read: ENOENT/);
  expect((await octavia(['explain', 'zzz'])).err).toBe(
    'There is no attribute zzz. octavia explain <kind> lists those of loadbalancer, listener, pool, member, healthmonitor, l7policy, l7rule.\n',
  );
  expect((await octavia(['explain', 'listener.protocol'])).out).toBe(`listener.protocol
  type:    one of TCP, HTTP, HTTPS, TERMINATED_HTTPS, UDP, SCTP, PROMETHEUS
  default: none, it has to be given
  change:  no, it is decided when the object is created
`);
  expect((await octavia(['explain', 'l7rule'])).out).toBe(
    'l7rule\n  admin_state_up\n  tags\n  type\n  compare_type\n  key\n  value\n  invert\n  project_id\n',
  );
});

test('for Terraform: each object with what imports it', async () => {
  const { out } = await octavia(['export', 'web', '--format', 'terraform']);
  const id = '[0-9a-f-]{36}';
  // How `=` is aligned is a test of the command line's own.
  const plain = out
    .replace(/^( +[\w-]+) += /gm, '$1 = ')
    .replace(new RegExp(id, 'g'), 'ID')
    .replace(/vip_address = ".*"/, 'vip_address = "VIP"');
  expect(plain).toContain(`import {
  to = openstack_lb_loadbalancer_v2.web
  id = "ID"
}

resource "openstack_lb_loadbalancer_v2" "web" {
  name = "web"
  vip_address = "VIP"
  admin_state_up = true
  vip_subnet_id = "ID"
  loadbalancer_provider = "amphora"
}
`);
  expect(plain).toContain(`import {
  to = openstack_lb_member_v2.member
  id = "ID/ID"
}

resource "openstack_lb_member_v2" "member" {
  pool_id = openstack_lb_pool_v2.servers.id
  address = "192.0.2.10"
  protocol_port = 8080
  weight = 5
  backup = false
  admin_state_up = true
}
`);
  expect(plain).toContain(`resource "openstack_lb_listener_v2" "http" {
  loadbalancer_id = openstack_lb_loadbalancer_v2.web.id
  default_pool_id = openstack_lb_pool_v2.servers.id
`);
  expect(plain.match(/^import /gm)).toHaveLength(6);
});

test('the client library: what was changed since it was read is not overwritten', async () => {
  const balancers = new LoadBalancers(connect());
  const { document, tag } = await balancers.desiredState('web');
  const plan = await balancers.applyDesiredState('web', { ...document, description: 'first' }, { tag });
  expect(plan.changes).toMatchObject([{ kind: 'load_balancer', effect: 'none' }]);
  const refused = await balancers
    .applyDesiredState('web', { ...document, description: 'second' }, { tag })
    .catch((e) => e);
  expect(refused).toBeInstanceOf(ApiError);
  expect(refused).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' });
  expect((await balancers.desiredState('web')).document.description).toBe('first');
});
