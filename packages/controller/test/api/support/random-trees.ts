/** Random trees below a load balancer, in the words of a fully populated create. */
import fc from 'fast-check';
import type { Json } from './api.ts';

const text = fc.string({ maxLength: 12 });
const common = { admin_state_up: fc.boolean(), tags: fc.uniqueArray(text, { maxLength: 2 }) };
const described = { ...common, description: text };
/** Attributes that may be left out. */
const some = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [] });

const member = fc
  .tuple(
    fc.record({
      address: fc.oneof(
        fc.ipV4().map((address) => address.replace(/^\d+/, '192')),
        fc.constant('2001:DB8::1'),
      ),
      protocol_port: fc.integer({ min: 1, max: 9 }),
    }),
    some({
      ...common,
      name: text,
      weight: fc.nat(256),
      backup: fc.boolean(),
      monitor_port: fc.integer({ min: 1, max: 9 }),
    }),
  )
  .map((parts) => Object.assign({}, ...parts) as Json);

const monitor = fc
  .tuple(
    fc.record({
      type: fc.constantFrom('HTTP', 'TCP', 'TLS-HELLO'),
      delay: fc.integer({ min: 1, max: 9 }),
      timeout: fc.integer({ min: 1, max: 9 }),
      max_retries: fc.integer({ min: 1, max: 10 }),
    }),
    some({ ...common, name: text, max_retries_down: fc.integer({ min: 1, max: 10 }) }),
  )
  .map((parts) => Object.assign({}, ...parts) as Json);

const pool = fc
  .tuple(
    fc.record({ lb_algorithm: fc.constantFrom('ROUND_ROBIN', 'LEAST_CONNECTIONS', 'SOURCE_IP') }),
    some({
      ...described,
      session_persistence: fc.oneof(
        fc.record({ type: fc.constantFrom('SOURCE_IP', 'HTTP_COOKIE') }),
        fc.record({ type: fc.constant('APP_COOKIE'), cookie_name: fc.constant('sid') }),
      ),
    }),
    fc.record({
      members: fc.uniqueArray(member, {
        maxLength: 3,
        selector: ({ address, protocol_port }) => `${address} ${protocol_port}`,
      }),
      healthmonitor: fc.option(monitor),
    }),
  )
  .map((parts) => Object.assign({ protocol: 'HTTP' }, ...parts) as Json);

const rule = fc
  .tuple(
    fc.oneof(
      fc.record({
        type: fc.constantFrom('PATH', 'HOST_NAME'),
        compare_type: fc.constantFrom('STARTS_WITH', 'ENDS_WITH', 'CONTAINS', 'EQUAL_TO'),
        value: fc.stringMatching(/^[!-~]{1,20}$/).filter((value) => value !== '""'),
      }),
      fc.record({
        type: fc.constantFrom('HEADER', 'COOKIE'),
        key: fc.constantFrom('X-Key', 'a'),
        compare_type: fc.constant('REGEX'),
        value: fc.constantFrom('.*', '^/(js|images)', '[a-c]+#"$'),
      }),
    ),
    some({ ...common, invert: fc.boolean() }),
  )
  .map((parts) => Object.assign({}, ...parts) as Json);

/** `redirect` and `pool` are numbers of pools, taken modulo how many there are. */
const policy = fc
  .tuple(
    fc.record({
      action: fc.constantFrom('REJECT', 'REDIRECT_TO_URL', 'REDIRECT_PREFIX', 'REDIRECT_TO_POOL'),
      redirect: fc.nat(),
      rules: fc.array(rule, { maxLength: 3 }),
    }),
    some({ ...described, position: fc.integer({ min: 1, max: 5 }), redirect_http_code: fc.constantFrom(301, 307) }),
  )
  .map((parts) => Object.assign({}, ...parts) as Json);

const listener = fc
  .tuple(
    fc.record({ pool: fc.option(fc.nat()), policies: fc.array(policy, { maxLength: 4 }) }),
    some({
      ...described,
      connection_limit: fc.integer({ min: -1, max: 9 }),
      insert_headers: fc.constant({ 'X-Forwarded-For': 'true' }),
      allowed_cidrs: fc.constant(['10.0.0.5/8', '10.0.0.0/8']),
      timeout_client_data: fc.nat(9999),
    }),
  )
  .map((parts) => Object.assign({}, ...parts) as Json);

export const tree = fc.record({
  pools: fc.array(pool, { maxLength: 3 }),
  listeners: fc.array(listener, { maxLength: 3 }),
});
export type RandomTree = typeof tree extends fc.Arbitrary<infer T> ? T : never;

const ADDRESS = 'https://www.example.com/a?b=%25';

/** Names and ports by number; references to pools that are not there fall away. */
export function numbered({ pools, listeners }: RandomTree) {
  const reference = (number: number | null) => (number === null || pools.length === 0 ? null : number % pools.length);
  return {
    pools: pools.map((given: Json, index: number) => ({ ...given, name: `pool ${index}` })),
    listeners: listeners.map(({ pool: chosen, policies, ...given }: Json, index: number) => ({
      given: { ...given, protocol: 'HTTP', protocol_port: 80 + index, name: `listener ${index}` },
      pool: reference(chosen),
      policies: policies
        .map(({ redirect, ...rest }: Json, number: number) => ({
          pool: rest.action === 'REDIRECT_TO_POOL' ? reference(redirect) : null,
          given: {
            ...rest,
            name: `policy ${index}.${number}`,
            ...(rest.action === 'REDIRECT_TO_URL' ? { redirect_url: ADDRESS } : {}),
            ...(rest.action === 'REDIRECT_PREFIX' ? { redirect_prefix: ADDRESS } : {}),
          },
        }))
        .filter((entry: Json) => entry.given.action !== 'REDIRECT_TO_POOL' || entry.pool !== null),
    })),
  };
}

export type NumberedTree = ReturnType<typeof numbered>;

/** As the children of one request. */
export const asChildren = ({ pools, listeners }: NumberedTree): Json => {
  const reference = (index: number | null) => (index === null ? null : { name: `pool ${index}` });
  return {
    pools,
    listeners: listeners.map(({ given, pool: chosen, policies }: Json) => ({
      ...given,
      default_pool: reference(chosen),
      l7policies: policies.map((entry: Json) => ({ ...entry.given, redirect_pool: reference(entry.pool) })),
    })),
  };
};
