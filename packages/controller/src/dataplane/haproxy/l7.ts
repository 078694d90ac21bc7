/** L7 policies as conditions and what follows from them, in the frontend of their listener. */

import { type Line, line, logFormat } from '@octavia/haproxy-config/tree';
import type { L7Policy, L7Rule, Listener } from '../../domain/resources.ts';
import type { ServedPolicy } from '../../domain/serving.ts';
import { OctaviaError } from '../../errors.ts';
import { backendName } from './backend.ts';
import { ruleLines } from './l7-criteria.ts';
import { asksForPath, type PathReading, SENT_PATH, UNDERSTOOD_PATHS, understoodPathLines } from './l7-paths.ts';
import type { HaproxyOptions } from './options.ts';

const DEFAULT_CODE = 302;

/** A prefix stands before a path, which begins with a slash of its own. */
const withoutSlash = (prefix: string): string => prefix.replace(/\/+$/, '');

function redirect(policy: L7Policy, kind: 'location' | 'prefix', target: string | null): Line {
  if (target === null) throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword: 'http-request' });
  const code = policy.redirectHttpCode ?? DEFAULT_CODE;
  return line('http-request', 'redirect', 'code', code, kind, logFormat(target));
}

function consequence({ policy, pool }: ServedPolicy, listener: Listener): Line {
  switch (policy.action) {
    case 'REJECT':
      return line('http-request', 'deny');
    case 'REDIRECT_TO_URL':
      return redirect(policy, 'location', policy.redirectUrl);
    case 'REDIRECT_PREFIX':
      return redirect(policy, 'prefix', policy.redirectPrefix && withoutSlash(policy.redirectPrefix));
    case 'REDIRECT_TO_POOL':
      return line('use_backend', backendName(pool!, listener));
  }
}

/** What follows when all rules match. @param name of the ACL of each */
function decision(served: ServedPolicy, listener: Listener, name: (rule: L7Rule) => string): Line {
  const then = consequence(served, listener);
  const conditions = served.rules.map((rule) => (rule.invert ? `!${name(rule)}` : name(rule)));
  return { ...then, arguments: [...then.arguments, 'if', ...conditions] };
}

/** The policy as it is asked about one reading of the path. @param rules that have lines in this reading alone */
function readingLines(served: ServedPolicy, listener: Listener, rules: L7Rule[], reading: PathReading): Line[] {
  const name = (rule: L7Rule): string => (asksForPath(rule) ? `${rule.id}${reading.suffix}` : rule.id);
  return [...rules.flatMap((rule) => ruleLines(rule, name(rule), reading.sample)), decision(served, listener, name)];
}

function linesOf(served: ServedPolicy, listener: Listener): Line[] {
  const paths = served.rules.filter(asksForPath);
  return [
    ...readingLines(served, listener, served.rules, SENT_PATH),
    ...(paths.length === 0 ? [] : UNDERSTOOD_PATHS).flatMap((reading) =>
      readingLines(served, listener, paths, reading),
    ),
  ];
}

/** @param policies in the order in which they are asked; `use_backend` lines are read after all others by themselves */
export function policyLines(policies: readonly ServedPolicy[], listener: Listener, options: HaproxyOptions): Line[] {
  const readsPaths = policies.some(({ rules }) => rules.some(asksForPath));
  return [
    ...(readsPaths ? understoodPathLines(options) : []),
    ...policies.flatMap((served) => linesOf(served, listener)),
  ];
}
