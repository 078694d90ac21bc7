/** What is seen to be wrong before anything is asked. Sentences are those of python-octaviaclient. */
import type { Command } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import type { Values } from '../parser/parse.ts';

const isGiven = (values: Values, dest: string): boolean => values[dest] !== null && values[dest] !== undefined;

function range(values: Values, dest: string, name: string, low: number, high: number): void {
  const value = values[dest];
  if (typeof value !== 'number' || (value >= low && value <= high)) return;
  throw new CommandFailure(
    `Invalid input for field/attribute '${name}', Value: '${value}'. Value must be between ${low} and ${high}.`,
  );
}

function loadBalancer(values: Values): void {
  const places = ['vip_subnet_id', 'vip_network_id', 'vip_port_id'];
  if (!places.some((place) => isGiven(values, place))) {
    throw new CommandFailure(
      'Missing required argument: Requires one of --vip-subnet-id, --vip-network-id or --vip-port-id',
    );
  }
  if (isGiven(values, 'vip_network_id') && isGiven(values, 'vip_port_id')) {
    throw new CommandFailure('Argument error: --vip-port-id can not be used with --vip-network-id');
  }
}

const TARGETS: Record<string, string> = {
  REDIRECT_TO_POOL: 'redirect_pool',
  REDIRECT_TO_URL: 'redirect_url',
  REDIRECT_PREFIX: 'redirect_prefix',
};

function policy(values: Values): void {
  const target = TARGETS[String(values.action)];
  if (target === undefined || isGiven(values, target)) return;
  throw new CommandFailure(`Missing argument: --${target.replace('_', '-')}`);
}

function rule(values: Values): void {
  if (!['COOKIE', 'HEADER'].includes(String(values.type)) || isGiven(values, 'key')) return;
  throw new CommandFailure(`Missing argument: --type ${String(values.type)} requires --key <key>`);
}

const QUOTAS = ['health_monitor', 'listener', 'load_balancer', 'member', 'pool', 'l7policy', 'l7rule'];

function quota(values: Values): void {
  if (QUOTAS.some((name) => isGiven(values, name))) return;
  const options = QUOTAS.map((name) => ` --${name.replace('_', '')}`).join(',');
  throw new CommandFailure(`Missing required argument. Requires at least one of:${options}`);
}

function member(values: Values): void {
  range(values, 'protocol_port', 'protocol-port', 1, 65535);
  range(values, 'monitor_port', 'monitor-port', 1, 65535);
  range(values, 'weight', 'weight', 0, 256);
}

/** Command → what must hold. */
const CHECKS: Record<string, (values: Values) => void> = {
  'loadbalancer create': loadBalancer,
  'loadbalancer listener create': (values) => range(values, 'protocol_port', 'protocol-port', 1, 65535),
  'loadbalancer member create': member,
  'loadbalancer member set': member,
  'loadbalancer l7policy create': policy,
  'loadbalancer l7policy set': policy,
  'loadbalancer l7rule create': rule,
  'loadbalancer l7rule set': rule,
  'loadbalancer quota set': quota,
};

/** @throws CommandFailure */
export const check = (command: Command, values: Values): void => CHECKS[command.words]?.(values);
