// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are HCL's
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHcl, unaligned } from './hcl.ts';
import { type Answer, run } from './played.ts';

const ID = 'fe22e256-d409-4f91-867f-508d08566892';
const LB = '/v2.0/lbaas';

/** A load balancer with one of each, with these texts. */
function answers(text: string, more: object = {}): Record<string, Answer> {
  const body = (key: string, ...items: object[]): Answer => ({ body: { [key]: items } });
  return {
    [`GET ${LB}/loadbalancers?id=${ID}`]: body('loadbalancers', { id: ID }),
    [`GET ${LB}/loadbalancers/${ID}`]: {
      body: { loadbalancer: { id: ID, name: text, description: text, vip_subnet_id: 's', tags: [text], ...more } },
    },
    [`GET ${LB}/pools?loadbalancer_id=${ID}`]: body('pools', {
      ...{ id: 'p', name: text, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' },
      session_persistence: { type: 'APP_COOKIE', cookie_name: text },
    }),
    [`GET ${LB}/healthmonitors?pool_id=p`]: body('healthmonitors', { id: 'h', type: 'HTTP', url_path: text, delay: 5 }),
    [`GET ${LB}/pools/p/members`]: body('members', { id: 'm', address: '192.0.2.1', weight: 0 }),
    [`GET ${LB}/listeners?loadbalancer_id=${ID}`]: body('listeners', {
      ...{ id: 'l', name: text, protocol: 'HTTP', protocol_port: 80, default_pool_id: 'p' },
      insert_headers: { 'X-Forwarded-For': text, 'X-SSL': 'true' },
    }),
    [`GET ${LB}/l7policies?listener_id=l`]: body('l7policies', { id: 'y', name: text, redirect_pool_id: 'p' }),
    [`GET ${LB}/l7policies/y/rules`]: body('rules', { id: 'r', type: 'PATH', value: text, invert: false }),
  };
}

async function exported(text: string): Promise<string> {
  const { code, out, err } = await run(`export ${ID} --format terraform`, answers(text));
  expect([code, err]).toEqual([0, '']);
  return out;
}

test('an export is HCL with what there is, as terraform fmt writes it', async () => {
  const out = await exported('web');
  expect(unaligned(out)).toEqual([]);
  const blocks = readHcl(out);
  expect(blocks.map(({ type, labels }) => [type, ...labels].join(' '))).toEqual(
    [
      'loadbalancer web',
      'pool web',
      'monitor monitor',
      'member member',
      'listener web',
      'l7policy web',
      'l7rule l7rule',
    ]
      .map((each) => each.split(' '))
      .flatMap(([type, label]) => ['import', `resource openstack_lb_${type}_v2 ${label}`]),
  );
  expect(blocks.at(9)).toEqual({
    type: 'resource',
    labels: ['openstack_lb_listener_v2', 'web'],
    attributes: {
      loadbalancer_id: { reference: 'openstack_lb_loadbalancer_v2.web.id' },
      default_pool_id: { reference: 'openstack_lb_pool_v2.web.id' },
      ...{ name: 'web', protocol: 'HTTP', protocol_port: 80 },
      insert_headers: { 'X-Forwarded-For': 'web', 'X-SSL': 'true' },
    },
    blocks: [],
  });
  expect(blocks.at(3)?.blocks).toEqual([
    { type: 'persistence', labels: [], attributes: { type: 'APP_COOKIE', cookie_name: 'web' }, blocks: [] },
  ]);
  expect(blocks.at(6)?.attributes.id).toBe('p/m');
});

describe('texts are texts, and nothing that Terraform carries out', () => {
  const texts = [
    '${file("/etc/passwd")}',
    '%{if true}x%{endif}',
    '$${x}',
    '$$${x}',
    '\b\f\v\0\x1b\x7f\x9b\u202e',
    '"\\\n\r\t',
    'ロ',
  ];
  test.each(texts)('%j', async (text) => {
    const blocks = readHcl(await exported(text));
    expect(blocks.at(1)?.attributes).toMatchObject({ name: text, description: text, tags: [text] });
    expect(blocks.at(9)?.attributes.insert_headers).toMatchObject({ 'X-Forwarded-For': text });
  });

  test('whatever they are', async () => {
    const unit = fc.constantFrom('$', '{', '}', '%', '"', '\\', 'a', '\n', '\b', 'é', '\u{1f600}');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit, minLength: 1 }), async (text) => {
        const out = await exported(text);
        expect(readHcl(out).at(1)?.attributes.description).toBe(text);
        expect(unaligned(out)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
