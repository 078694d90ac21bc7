/** `GET …/route`: which pool gets a request, and which policy decides. Ours alone. */
import { createContext, Script } from 'node:vm';
import type { FastifyInstance } from 'fastify';
import type { Listener, LoadBalancerTree } from '../../domain/resources.ts';
import { type ClientCertificate, type Route, type RoutedRequest, routeOf } from '../../domain/route.ts';
import { openListeners } from '../../domain/serving.ts';
import { OctaviaError } from '../../errors.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { authorise } from '../policy/authorise.ts';
import { found } from './not-found.ts';
import { parameter, queryParameters } from './request.ts';

const PARAMETERS = new Set(['url', 'method', 'header', 'client_address', 'listener_id', 'verify_result', 'subject']);
const bad = (detail: string): OctaviaError => new OctaviaError('VALIDATION', { detail });

/** `name<separator>value`, each time the parameter is there. @throws OctaviaError VALIDATION */
function pairs(query: URLSearchParams, name: string, separator: string): [string, string][] {
  return query.getAll(name).map((text) => {
    const at = text.indexOf(separator);
    if (at < 1) throw bad(`${name} must be a name, ${separator} and a value`);
    return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  });
}

function certificateOf(query: URLSearchParams): ClientCertificate | null {
  if (!query.has('verify_result') && !query.has('subject')) return null;
  const verifyResult = Number(query.get('verify_result') ?? 0);
  if (!Number.isInteger(verifyResult) || verifyResult < 0) throw bad('verify_result must be a whole number');
  return { verifyResult, fields: Object.fromEntries(pairs(query, 'subject', '=')) };
}

/** What clients send for this URL. Bytes stand for themselves, which `URL` would change: it is taken apart as text. */
function requestOf(query: URLSearchParams): { request: RoutedRequest; port: number } {
  for (const name of query.keys()) if (!PARAMETERS.has(name)) throw new OctaviaError('INVALID_FILTER');
  const form = /^(https?):\/\/([^/?#]*)([^#]*)$/.exec(query.get('url') ?? '');
  if (form === null) throw bad('url must begin with http:// or https://');
  const [, scheme = '', authority = '', rest = ''] = form;
  const bytes = Buffer.from(rest.startsWith('/') ? rest : `/${rest}`).toString('latin1');
  const given = pairs(query, 'header', ':');
  const hasHost = given.some(([name]) => name.toLowerCase() === 'host');
  const port = Number(/:(\d+)$/.exec(authority)?.[1] ?? (scheme === 'https' ? 443 : 80));
  return {
    port,
    request: {
      method: (query.get('method') ?? 'GET').toUpperCase(),
      target: bytes,
      headers: hasHost ? given : [['Host', authority], ...given],
      clientAddress: query.get('client_address'),
      clientCertificate: certificateOf(query),
    },
  };
}

function listenerOf(tree: LoadBalancerTree, id: string | null, port: number): Listener {
  const open = openListeners(tree);
  const listener = open.find((one) =>
    id === null ? one.protocolPort === port && one.protocol !== 'UDP' : one.id === id,
  );
  if (listener === undefined)
    throw bad(id === null ? `no enabled listener has the port ${port}` : `no enabled listener ${id}`);
  return listener;
}

/** Repeated groups beside other repetitions may take for ever: these are not even begun. */
const MAY_BE_SLOW = /\)[*+{]/;
const REPETITION = /[*+{]/g;
/** For whatever is slow in spite of that: many times of what any other takes. */
const MATCH_MS = 1_000;
/** What both dialects read alike; of everything else only HAProxy can tell. */
const COMMON =
  /^(?:[^\\()[\]{}*+?]|\\[dDwWsS./\\^$|?*+()[\]{}-]|\((?!\?|\*)|\(\?:|\)|\[\^?(?:[^\\[\]]|\\[dDwWsS.\-\]\\])+\]|[*?](?![+])|\+(?!\+)|\{\d+(?:,\d*)?\}(?!\+))*$/;

function matches(expression: string, text: string, ignoresCase: boolean): boolean | null {
  const isSlow = MAY_BE_SLOW.test(expression) && (expression.match(REPETITION)?.length ?? 0) > 1;
  if (isSlow || !COMMON.test(expression)) return null;
  try {
    const context = createContext({ expression, text, flags: ignoresCase ? 'i' : '' });
    return new Script('new RegExp(expression, flags).test(text)').runInContext(context, {
      timeout: MATCH_MS,
    }) as boolean;
  } catch {
    return null;
  }
}

function answer({ outcome, policyId, asked }: Route, listener: Listener) {
  return {
    route: {
      outcome: outcome.kind,
      listener_id: listener.id,
      policy_id: policyId,
      pool_id: outcome.kind === 'pool' ? outcome.pool.id : null,
      status: 'status' in outcome ? outcome.status : null,
      location: outcome.kind === 'redirect' ? outcome.location : null,
      reason: 'why' in outcome ? outcome.why : null,
      asked: asked.map((policy) => ({
        policy_id: policy.policyId,
        action: policy.action,
        matches: policy.matches,
        rules: policy.rules.map(({ ruleId, matches: one }) => ({ rule_id: ruleId, matches: one })),
      })),
    },
  };
}

export function routes(server: FastifyInstance, { store }: ApiDependencies): void {
  server.get('/v2/octavia/loadbalancers/:id/route', async (request) => {
    const id = parameter(request);
    const tree = found(await loadBalancers.tree(store.db, id), 'Load Balancer', id);
    authorise(request, 'loadbalancer:get_one', tree.loadBalancer.projectId);
    const query = queryParameters(request);
    const { request: routed, port } = requestOf(query);
    const listener = listenerOf(tree, query.get('listener_id'), port);
    return answer(routeOf(tree, listener, routed, matches), listener);
  });
}
