/**
 * Which pool gets a request, and which rule decided: what the configuration of HAProxy makes of L7 policies, reckoned here. Pure; a
 * property test holds it equal to a real HAProxy.
 */
import { isIPv6 } from 'node:net';
import { canonicalAddress, cidrContains } from './addresses.ts';
import { readings } from './path-readings.ts';
import type { L7CompareType, L7PolicyAction, L7Rule, Listener, LoadBalancerTree, Pool } from './resources.ts';
import { type ServedPolicy, servedDefaultPool, servedPolicies } from './serving.ts';
import { comparedText } from './validation/l7-rule.ts';

export interface ClientCertificate {
  /** As OpenSSL numbers it; 0: it is good. */
  verifyResult: number;
  /** Of its subject, by their names. */
  fields: Readonly<Record<string, string>>;
}

export interface RoutedRequest {
  method: string;
  /** Path and query, as sent. */
  target: string;
  /** As sent, `Host` among them; a name may come several times. */
  headers: readonly (readonly [name: string, value: string])[];
  clientAddress: string | null;
  clientCertificate: ClientCertificate | null;
}

/** Null: that cannot be told. */
export type MatchExpression = (expression: string, text: string, ignoresCase: boolean) => boolean | null;

interface AskedPolicy {
  policyId: string;
  action: L7PolicyAction;
  matches: boolean | null;
  rules: { ruleId: string; matches: boolean | null }[];
}

type Outcome =
  | { kind: 'pool'; pool: Pool }
  | { kind: 'redirect'; status: number; location: string }
  | { kind: 'refused'; status: number | null; why: string }
  | { kind: 'undecided'; why: string };

export interface Route {
  outcome: Outcome;
  /** The policy that decided; null where none did. */
  policyId: string | null;
  /** In the order in which they were asked, up to the one that decided. */
  asked: AskedPolicy[];
}

/** Bytes of the text stand for characters, as HAProxy compares them. */
function compare(
  type: L7CompareType,
  text: string,
  wanted: string,
  matchExpression: MatchExpression,
  ignoresCase: boolean,
) {
  if (type === 'REGEX') return matchExpression(wanted, text, ignoresCase);
  const [one, other] = ignoresCase ? [text.toLowerCase(), wanted.toLowerCase()] : [text, wanted];
  switch (type) {
    case 'STARTS_WITH':
      return one.startsWith(other);
    case 'ENDS_WITH':
      return one.endsWith(other);
    case 'CONTAINS':
      return one.includes(other);
    case 'EQUAL_TO':
      return one === other;
  }
}

/** True where one is; null where none is and one cannot be told. */
const any = (answers: readonly (boolean | null)[]): boolean | null =>
  answers.includes(true) ? true : answers.includes(null) ? null : false;
const all = (answers: readonly (boolean | null)[]): boolean | null =>
  answers.includes(false) ? false : answers.includes(null) ? null : true;
const not = (answer: boolean | null): boolean | null => (answer === null ? null : !answer);

const trimmed = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, '');

/** Commas separate values, but not in quotes. */
function valuesOf(text: string): string[] {
  const values: string[] = [];
  let [value, isQuoted] = ['', false];
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index] ?? '';
    if (letter === '\\' && isQuoted) {
      value += letter + (text[index + 1] ?? '');
      index += 1;
    } else if (letter === ',' && !isQuoted) {
      values.push(trimmed(value));
      value = '';
    } else {
      if (letter === '"') isQuoted = !isQuoted;
      value += letter;
    }
  }
  return [...values, trimmed(value)];
}

class Evaluation {
  readonly #request: RoutedRequest;
  readonly #isTls: boolean;
  readonly #matchExpression: MatchExpression;

  constructor(request: RoutedRequest, isTls: boolean, matchExpression: MatchExpression) {
    this.#request = request;
    this.#isTls = isTls;
    this.#matchExpression = matchExpression;
  }

  lines(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#request.headers.filter(([own]) => own.toLowerCase() === wanted).map(([, value]) => trimmed(value));
  }

  #some(rule: L7Rule, texts: readonly string[], wanted: string, ignoresCase = false): boolean | null {
    return any(texts.map((text) => compare(rule.compareType, text, wanted, this.#matchExpression, ignoresCase)));
  }

  #host(rule: L7Rule): boolean | null {
    const given = this.lines('host').flatMap(valuesOf);
    const names = given.map((host) => host.replace(/:\d*$/, '').replace(/\.+$/, ''));
    if (rule.compareType === 'REGEX') {
      const texts = /(^|[^?[])(?<!\[:[a-z]*):/.test(rule.value) ? [...names, ...given] : names;
      return this.#some(rule, texts, rule.value, true);
    }
    const text = comparedText(rule.value);
    if (/:\d*$/.test(text) && !isIPv6(text)) return this.#some(rule, given, text, true);
    const isWhole = rule.compareType === 'EQUAL_TO' || rule.compareType === 'ENDS_WITH';
    const name = isWhole ? text.replace(/(?<=.)\.$/, '') : text;
    return this.#some(rule, names, rule.compareType === 'EQUAL_TO' && isIPv6(name) ? `[${name}]` : name, true);
  }

  #cookies(name: string): string[] {
    return this.lines('cookie').flatMap((line) =>
      line.split(';').flatMap((part) => {
        const [own = '', ...value] = part.split('=');
        return trimmed(own) === name && value.length > 0 ? [trimmed(value.join('='))] : [];
      }),
    );
  }

  /** Before `invert`. @param path one reading of it; null where there is none */
  rule(rule: L7Rule, path: string | null): boolean | null {
    const { type, compareType, key } = rule;
    const text = compareType === 'REGEX' ? rule.value : comparedText(rule.value);
    const { clientCertificate: certificate } = this.#request;
    switch (type) {
      case 'HOST_NAME':
        return this.#host(rule);
      case 'PATH':
        return path === null ? false : this.#some(rule, [path], text);
      case 'FILE_TYPE':
        return path === null
          ? false
          : this.#some(compareType === 'EQUAL_TO' ? { ...rule, compareType: 'ENDS_WITH' } : rule, [path], text);
      case 'HEADER': {
        const isWhole = compareType !== 'REGEX' && rule.value.includes(',');
        const lines = this.lines(key ?? '');
        return this.#some(rule, isWhole ? lines : lines.flatMap(valuesOf), text);
      }
      case 'COOKIE':
        return this.#some(rule, this.#cookies(key ?? ''), rule.value);
      case 'SSL_CONN_HAS_CERT':
        return this.#isTls && certificate !== null;
      case 'SSL_VERIFY_RESULT':
        return this.#isTls && (certificate?.verifyResult ?? 0) === Number(rule.value);
      case 'SSL_DN_FIELD': {
        const field = certificate?.fields[key ?? ''];
        return this.#isTls && field !== undefined && this.#some(rule, [field], rule.value);
      }
    }
  }

  policy({ policy, rules }: ServedPolicy, path: string | null): AskedPolicy {
    const readsPath = rules.some(({ type }) => type === 'PATH' || type === 'FILE_TYPE');
    const paths = readsPath && path !== null ? readings(path) : [path];
    const asked = paths.map((reading) =>
      rules.map((rule) => {
        const matches = this.rule(rule, reading);
        return { ruleId: rule.id, matches: rule.invert ? not(matches) : matches };
      }),
    );
    const decided = asked.map((each) => all(each.map(({ matches }) => matches)));
    const matches = any(decided);
    // Of the reading that decided, else of the path as it was sent.
    const shown = asked[Math.max(0, decided.indexOf(true))] ?? [];
    return { policyId: policy.id, action: policy.action, matches, rules: shown };
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what no host has
const HOST_FORM = /^([^\x00-\x20,:/?#@[\\\]\x7f]*|\[[0-9A-Za-z:._~%-]+\])(:[0-9]*)?$/;

/** What a listener of HTTP refuses whatever its policies say. */
function refused({ method, target }: RoutedRequest, hosts: readonly string[]): Outcome | null {
  if (method === 'CONNECT') return { kind: 'refused', status: 405, why: 'The method CONNECT is never accepted.' };
  if (hosts.some((host) => !HOST_FORM.test(host))) {
    return { kind: 'refused', status: 400, why: 'The Host header does not name a host.' };
  }
  if (hosts.length === 0 && !target.startsWith('/') && target !== '*') {
    return { kind: 'refused', status: 400, why: 'The request names its host in the target alone.' };
  }
  return null;
}

function consequence({ policy, pool }: ServedPolicy, target: string): Outcome {
  const status = policy.redirectHttpCode ?? 302;
  switch (policy.action) {
    case 'REJECT':
      return { kind: 'refused', status: 403, why: 'A policy rejects it.' };
    case 'REDIRECT_TO_URL':
      return { kind: 'redirect', status, location: policy.redirectUrl ?? '' };
    case 'REDIRECT_PREFIX':
      return { kind: 'redirect', status, location: (policy.redirectPrefix ?? '').replace(/\/+$/, '') + target };
    case 'REDIRECT_TO_POOL':
      return pool === null ? NO_POOL : { kind: 'pool', pool };
  }
}

const NO_POOL: Outcome = {
  kind: 'refused',
  status: 503,
  why: 'No policy matches, and there is no default pool that serves.',
};

function isAllowed({ allowedCidrs }: Listener, address: string | null): boolean {
  if (allowedCidrs === null || allowedCidrs.length === 0 || address === null) return true;
  const canonical = canonicalAddress(address);
  return canonical !== null && allowedCidrs.some((cidr) => cidrContains(cidr, canonical));
}

/** @param listener of the tree, which clients can reach */
export function routeOf(
  tree: LoadBalancerTree,
  listener: Listener,
  request: RoutedRequest,
  matchExpression: MatchExpression,
): Route {
  const none = (outcome: Outcome): Route => ({ outcome, policyId: null, asked: [] });
  if (!isAllowed(listener, request.clientAddress)) {
    return none({ kind: 'refused', status: null, why: 'The listener does not accept connections from this address.' });
  }
  const fallback = servedDefaultPool(tree, listener);
  const usual: Outcome = fallback === null ? NO_POOL : { kind: 'pool', pool: fallback };
  const { protocol } = listener;
  if (protocol !== 'HTTP' && protocol !== 'TERMINATED_HTTPS') return none(usual);
  const evaluation = new Evaluation(request, protocol === 'TERMINATED_HTTPS', matchExpression);
  const refusal = refused(request, evaluation.lines('host'));
  if (refusal !== null) return none(refusal);
  const path = request.target.startsWith('/') ? (request.target.split('?', 1)[0] ?? '') : null;
  const asked: AskedPolicy[] = [];
  for (const served of servedPolicies(tree, listener)) {
    const policy = evaluation.policy(served, path);
    asked.push(policy);
    if (policy.matches === true)
      return { outcome: consequence(served, request.target), policyId: policy.policyId, asked };
    if (policy.matches === null) {
      const why = 'Whether a regular expression matches can be told by the load balancer alone.';
      return { outcome: { kind: 'undecided', why }, policyId: policy.policyId, asked };
    }
  }
  return { outcome: usual, policyId: null, asked };
}
