/** `octavia loadbalancer route`: which pool would get a request, and why. */
import { type AskedPolicy, LoadBalancers, NotFoundError, type Route } from '@octavia/client';
import { CommandFailure } from '../failure.ts';
import type { OneRecord } from '../output/output.ts';
import type { Values } from '../parser/parse.ts';
import type { Context } from './context.ts';
import { Names } from './names.ts';

const saidOf = (matches: boolean | null): string =>
  matches === null ? 'only the load balancer can tell' : matches ? 'matches' : 'does not match';

/** A policy and its rules, each on a line. */
const linesOf = ({ policy_id: id, action, matches, rules }: AskedPolicy): string[] => [
  `${id} ${action}: ${saidOf(matches)}`,
  ...rules.map((rule) => `  rule ${rule.rule_id}: ${saidOf(rule.matches)}`),
];

/** People get lines, programs what the service says. */
function recordOf(route: Route, isForPeople: boolean): OneRecord {
  const { outcome, listener_id, pool_id, policy_id, status, location, reason, asked } = route;
  const fields = { outcome, listener_id, pool_id, policy_id, status, location, reason };
  const policies = isForPeople ? asked.flatMap(linesOf).join('\n') : asked;
  return { columns: [...Object.keys(fields), 'asked'], values: [...Object.values(fields), policies] };
}

/** @throws CommandFailure where the service is another implementation of the API */
export async function route(values: Values, { services, signal }: Context): Promise<{ one: OneRecord }> {
  const names = new Names(services, signal);
  const id = await names.idOf('loadbalancers', String(values.loadbalancer));
  const text = (name: string): string | undefined => (values[name] == null ? undefined : String(values[name]));
  const listener = text('listener');
  const [method, clientAddress] = [text('method'), text('client_address')];
  const balancers = new LoadBalancers(await services.loadBalancing());
  const request = {
    url: String(values.url),
    headers: (values.header as string[] | null) ?? [],
    subject: (values.subject as string[] | null) ?? [],
    ...(method === undefined ? {} : { method }),
    ...(clientAddress === undefined ? {} : { clientAddress }),
    ...(listener === undefined ? {} : { listenerId: await names.idOf('listeners', listener) }),
    ...(values.verify_result == null ? {} : { verifyResult: Number(values.verify_result) }),
  };
  try {
    const isForPeople = values.format === 'table' || values.format === 'value';
    return { one: recordOf(await balancers.route(id, request, { signal }), isForPeople) };
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    await balancers.show(id, { signal });
    throw new CommandFailure('This service does not tell routes: it is another implementation of the API.');
  }
}
