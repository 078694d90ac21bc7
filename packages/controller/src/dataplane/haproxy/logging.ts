/** Where HAProxy's log goes, and what a tenant's connection looks like in it. */

import { type Line, type LogFormatPart, line, logFormat, value } from '@octavia/haproxy-config/tree';
import type { LoadBalancer } from '../../domain/resources.ts';
import type { ProxyMode } from './modes.ts';
import type { HaproxyOptions } from './options.ts';

const PLACEHOLDER = /\{\{\s*(project_id|lb_id)\s*\}\}/;

/** Variables that HAProxy refuses outside of HTTP, with their flags: `%{+Q}r`. Anything inapplicable is a dash. */
const HTTP_ONLY = /%(?:\{[^}]*\})?(?:HPO|HM|HP|HQ|HU|HV|hrl|hsl|hr|hs|ST|CC|CS|TR|Tr|Ta|tr|r)(?![A-Za-z])/g;

function parts(format: string, { projectId, id }: LoadBalancer, mode: ProxyMode): LogFormatPart[] {
  return format
    .split(PLACEHOLDER)
    .map((text, index): LogFormatPart => {
      if (index % 2 === 1) return text === 'lb_id' ? id : projectId || '-';
      return { operator: mode === 'http' ? text : text.replace(HTTP_ONLY, '-') };
    })
    .filter((part) => typeof part === 'string' || !('operator' in part) || part.operator !== '');
}

export function logTargetLines({ logging }: HaproxyOptions): Line[] {
  if (logging === null) return [];
  const { socket, userFacility, administrativeFacility } = logging;
  return [
    line('log', value(socket), `local${userFacility}`),
    line('log', value(socket), `local${administrativeFacility}`, 'notice'),
  ];
}

/** In `defaults`: `global` sends each connection to the first target, which takes every level. */
export function defaultLogLines({ logging }: HaproxyOptions): Line[] {
  return logging?.connections ? [line('log', 'global')] : [];
}

export function logFormatLines(loadBalancer: LoadBalancer, mode: ProxyMode, { logging }: HaproxyOptions): Line[] {
  if (!logging?.connections) return [];
  return [line('log-format', logFormat(...parts(logging.userFormat, loadBalancer, mode)))];
}
