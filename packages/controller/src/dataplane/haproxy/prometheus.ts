/**
 * A PROMETHEUS listener hands `/metrics` to the agent, which fetches HAProxy's own exporter, puts the product's names on the
 * metrics and answers. Both ways are Unix sockets: HAProxy and the agent live in different network namespaces.
 */

import { type Line, line, type Section, value } from '@octavia/haproxy-config/tree';
import type { Listener } from '../../domain/resources.ts';
import type { HaproxyOptions } from './options.ts';

/** Frontend and backend that must not show in the metrics. */
const EXPORTER = 'prometheus-exporter-internal';
const METRICS_PROXY = 'prometheus-metrics-internal';

const METRICS_PATH = '/metrics';
/** Above the agent's own limit for the exporter, so that its 502 arrives. */
const ANSWER_LIMIT = '10s';
/** Scrapes of several listeners at once. */
const CONNECTIONS = 64;

const socketOf = (loadBalancerId: string, name: string, options: HaproxyOptions): string =>
  `unix@${options.basePath}/${loadBalancerId}/${name}.sock`;

/** Anything but the metrics is not there. */
export const metricsLines = (): Line[] => [
  line('http-request', 'return', 'status', 404, 'unless', '{', 'path', METRICS_PATH, '}'),
  line('default_backend', METRICS_PROXY),
];

export function prometheusSections(listeners: readonly Listener[], options: HaproxyOptions): Section[] {
  const first = listeners.find(({ protocol }) => protocol === 'PROMETHEUS');
  if (first === undefined) return [];
  const socket = (name: string) => value(socketOf(first.loadBalancerId, name, options));
  return [
    {
      kind: 'frontend',
      name: EXPORTER,
      lines: [
        line('mode', 'http'),
        line('maxconn', CONNECTIONS),
        line('no', 'log'),
        line('bind', socket('exporter'), 'mode', '600'),
        line('timeout', 'client', ANSWER_LIMIT),
        line('http-request', 'use-service', 'prometheus-exporter'),
      ],
    },
    {
      kind: 'backend',
      name: METRICS_PROXY,
      lines: [
        line('mode', 'http'),
        line('timeout', 'connect', ANSWER_LIMIT),
        line('timeout', 'server', ANSWER_LIMIT),
        line('server', METRICS_PROXY, socket('prometheus')),
      ],
    },
  ];
}
