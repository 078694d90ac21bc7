/** The driver protocol, version 1: what is sent for a call and what an answer means. Described in docs/driver-protocol.md. */
import { Conflict, DriverError, type Faults, NotFound, NotImplementedError, UnsupportedOptionError } from './errors.ts';
import type { ProviderModel } from './model.ts';
import type { ProviderDriver } from './provider-base.ts';

export const PROTOCOL = 'octavia-provider-driver';
export const VERSION = 1;
/** Bytes of an answer that are read: metadata and VIPs take a few hundred. */
export const LONGEST_ANSWER = 1024 * 1024;

export type Method = Exclude<keyof ProviderDriver, 'name'>;

/** The names that the arguments of each method have on the wire, in order. */
export const ARGUMENTS: Readonly<Record<Method, readonly string[]>> = {
  create_vip_port: ['loadbalancer_id', 'project_id', 'vip_dictionary', 'additional_vip_dicts'],
  loadbalancer_create: ['loadbalancer'],
  loadbalancer_delete: ['loadbalancer', 'cascade'],
  loadbalancer_failover: ['loadbalancer_id'],
  loadbalancer_update: ['old_loadbalancer', 'new_loadbalancer'],
  listener_create: ['listener'],
  listener_delete: ['listener'],
  listener_update: ['old_listener', 'new_listener'],
  pool_create: ['pool'],
  pool_delete: ['pool'],
  pool_update: ['old_pool', 'new_pool'],
  member_create: ['member'],
  member_delete: ['member'],
  member_update: ['old_member', 'new_member'],
  member_batch_update: ['pool_id', 'members'],
  health_monitor_create: ['healthmonitor'],
  health_monitor_delete: ['healthmonitor'],
  health_monitor_update: ['old_healthmonitor', 'new_healthmonitor'],
  l7policy_create: ['l7policy'],
  l7policy_delete: ['l7policy'],
  l7policy_update: ['old_l7policy', 'new_l7policy'],
  l7rule_create: ['l7rule'],
  l7rule_delete: ['l7rule'],
  l7rule_update: ['old_l7rule', 'new_l7rule'],
  get_supported_flavor_metadata: [],
  validate_flavor: ['flavor_metadata'],
  get_supported_availability_zone_metadata: [],
  validate_availability_zone: ['availability_zone_metadata'],
};

const isModel = (value: unknown): value is ProviderModel =>
  typeof value === 'object' && value !== null && 'to_dict' in value;

/** A field that is Unset is left out; null stays. */
const plain = (value: unknown): unknown => {
  if (isModel(value)) return value.to_dict({ recurse: true });
  return Array.isArray(value) ? value.map(plain) : value;
};

/** @param deadlineMs when nobody waits for the answer any more, counted from now */
export const requestBody = (method: Method, given: readonly unknown[], deadlineMs: number): string => {
  const entries = ARGUMENTS[method].map((name, index) => [name, plain(given[index])]);
  return JSON.stringify({ arguments: Object.fromEntries(entries), deadline_ms: deadlineMs });
};

const FAULTS = { DriverError, NotImplementedError, UnsupportedOptionError, NotFound, Conflict } as const;

/** What was raised; `Error`: not on purpose, and not for users. */
export interface RaisedFault extends Faults {
  kind: keyof typeof FAULTS | 'Error';
}
export type Answered = { result: unknown } | { error: RaisedFault };

type Fields = Record<string, unknown>;
const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the user reads names no details of the driver's inside; the operator's text does. */
export const nonsense = (what: string): DriverError =>
  new DriverError({
    user_fault_string: "The driver's answer makes no sense.",
    operator_fault_string: `The driver's answer makes no sense: ${what}`,
  });

function parse(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw nonsense(`it is not JSON: ${JSON.stringify(text.slice(0, 100))}`);
  }
  if (!isMap(value)) throw nonsense('it is not a map');
  return value;
}

const isKind = (kind: unknown): kind is RaisedFault['kind'] =>
  kind === 'Error' || (typeof kind === 'string' && Object.hasOwn(FAULTS, kind));

/** @throws DriverError where the text is no answer */
export function answerOf(text: string): Answered {
  const answer = parse(text);
  if ('result' in answer && !('error' in answer)) return { result: answer.result };
  if (!isMap(answer.error) || 'result' in answer) throw nonsense('it has neither a result nor an error, or both');
  const { kind, user_fault_string: user, operator_fault_string: operator } = answer.error;
  if (!isKind(kind)) throw nonsense(`there is no error ${JSON.stringify(kind)}`);
  return {
    error: {
      kind,
      ...(typeof user === 'string' ? { user_fault_string: user } : {}),
      ...(typeof operator === 'string' ? { operator_fault_string: operator } : {}),
    },
  };
}

/** @returns the result of the call @throws what the driver raised; DriverError where the answer is none */
export function resultOf(text: string): unknown {
  const answer = answerOf(text);
  if ('result' in answer) return answer.result;
  const { kind, user_fault_string: user, operator_fault_string: operator } = answer.error;
  const operators = operator === undefined ? {} : { operator_fault_string: operator };
  // What the driver did not mean for users: they read the text of the class.
  if (kind === 'Error') throw new DriverError(operators);
  throw new FAULTS[kind]({ ...(user === undefined ? {} : { user_fault_string: user }), ...operators });
}

/** Reads the answer of a driver that says who it is. @returns how many calls it is busy with */
export function greetingOf(text: string): number {
  const { protocol, versions, calls } = parse(text);
  if (protocol !== PROTOCOL) throw nonsense(`it is not of the protocol ${PROTOCOL}`);
  if (!Array.isArray(versions) || !versions.includes(VERSION)) {
    const text = `The driver does not speak version ${VERSION} of the protocol, but ${JSON.stringify(versions)}.`;
    throw new DriverError({ user_fault_string: text });
  }
  return typeof calls === 'number' ? calls : 0;
}
