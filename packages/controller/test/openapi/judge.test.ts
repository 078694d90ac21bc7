import { expect, it } from 'vitest';
import { openapiDocument } from '../../src/api/openapi/document.ts';
import { type Answer, Judge } from '../support/openapi/judge.ts';

const judge = new Judge(openapiDocument());

const id = '11111111-1111-4111-8111-111111111111';
const RULE = {
  id,
  admin_state_up: true,
  tags: [],
  type: 'PATH',
  compare_type: 'REGEX',
  key: null,
  value: '/',
  invert: false,
  project_id: 'p',
  tenant_id: 'p',
  provisioning_status: 'PENDING_CREATE',
  operating_status: 'OFFLINE',
  status_reason: null,
  created_at: '2026-01-31T12:00:00',
  updated_at: null,
};

const check = (body: unknown, more: Partial<Answer> = {}): string | null =>
  judge.check({
    method: 'POST',
    route: '/v2/lbaas/l7policies/:policy/rules',
    status: 201,
    contentType: 'application/json',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...more,
  });

it('finds nothing wrong with what the document describes', () => {
  expect(check({ rule: RULE })).toBeNull();
  expect(check({ code: 404, title: 'Not Found', description: '' }, { status: 404 })).toBeNull();
  expect(check({ faultcode: 'Client', faultstring: 'no', debuginfo: null }, { status: 404 })).toBeNull();
  expect(check('', { method: 'DELETE', route: '/v2/lbaas/pools/:id', status: 204 })).toBeNull();
});

it.each([
  ['a null that is not described', { rule: { ...RULE, value: null } }, {}, /value must be string/],
  ['a missing attribute', { rule: { ...RULE, key: undefined } }, {}, /required property 'key'/],
  ['an attribute of nobody', { rule: { ...RULE, color: 'red' } }, {}, /additional properties \(color\)/],
  [
    'a time with a zone',
    { rule: { ...RULE, created_at: '2026-01-31T12:00:00Z' } },
    {},
    /created_at must match pattern/,
  ],
  ['a word that is none of the choices', { rule: { ...RULE, type: 'MOON' } }, {}, /type must be equal to one of/],
  ['another status', { rule: RULE }, { status: 200 }, /status 200 is not among/],
  ['another content type', { rule: RULE }, { contentType: 'text/html' }, /content type text\/html/],
  ['a body where there is none', 'x', { method: 'DELETE', route: '/v2/lbaas/pools/:id', status: 204 }, /a body where/],
  ['an operation of nobody', {}, { route: '/v2/lbaas/moons' }, /not in the document/],
  ['401 in the shape of resources', { faultcode: 'Client', faultstring: '', debuginfo: null }, { status: 401 }, /code/],
  ['another shape of refusal', { error: 'no' }, { route: undefined, status: 404 }, /must match|required/],
])('finds %s', (_what, body, more, fault) => {
  expect(check(body, more)).toMatch(fault);
});
