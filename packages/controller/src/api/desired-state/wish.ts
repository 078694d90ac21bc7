/** What a request asks for, and under which conditions. */
import type { FastifyRequest } from 'fastify';
import { refusal } from '../../domain/validation/refuse.ts';
import { OctaviaError } from '../../errors.ts';
import { isUuid } from '../../store/core/table.ts';
import {
  DESIRED_ENVELOPE,
  DESIRED_LOAD_BALANCER,
  type DesiredLoadBalancer,
  located,
  ROOT,
} from '../attributes/desired-state.ts';
import { isTrueish } from '../attributes/scalar-types.ts';
import { createBody, queryParameters } from '../v2/request.ts';

export interface Wish {
  document: DesiredLoadBalancer;
  prune: boolean;
  dryRun: boolean;
  /** Entity tags, one of which it has to have; null: whatever it is. */
  ifMatch: readonly string[] | null;
  /** It must not be there. */
  onlyNew: boolean;
}

/** @throws OctaviaError UNKNOWN_ATTRIBUTE(S), INVALID_ATTRIBUTE with the place in the document */
export function wishOf(request: FastifyRequest, reference: string): Wish {
  const given = located(ROOT, () => createBody(request, DESIRED_LOAD_BALANCER, DESIRED_ENVELOPE));
  const query = queryParameters(request);
  const { 'if-match': match, 'if-none-match': noneMatch } = request.headers;
  return {
    document: isUuid(reference) ? given : withName(given, reference),
    prune: isTrueish(query.get('prune') ?? ''),
    dryRun: isTrueish(query.get('dry_run') ?? ''),
    ifMatch: match === undefined ? null : match.split(',').map((tag) => tag.trim()),
    onlyNew: noneMatch?.trim() === '*',
  };
}

/** @throws OctaviaError VALIDATION for another name than that in the path */
function withName(document: DesiredLoadBalancer, reference: string): DesiredLoadBalancer {
  const { name } = document;
  if (name === '' || name === reference) return { ...document, name: reference };
  return located(`${ROOT}.name`, () => {
    throw refusal(`The document is about '${name}', the path about '${reference}'. Use the id to rename it.`);
  });
}

export const failed = (detail: string) => new OctaviaError('PRECONDITION_FAILED', { detail });

/** @throws OctaviaError PRECONDITION_FAILED */
export function requireMatch(tag: string, ifMatch: readonly string[] | null, onlyNew: boolean): void {
  if (onlyNew) throw failed('The load balancer is there already.');
  if (ifMatch && !ifMatch.includes('*') && !ifMatch.includes(tag)) {
    throw failed('The load balancer has been changed since it was read.');
  }
}

const poolsIn = ({ pools, listeners }: DesiredLoadBalancer) => [
  ...pools,
  ...listeners.flatMap(({ defaultPool, l7policies }) => [defaultPool, ...l7policies.map((one) => one.redirectPool)]),
];
export const membersIn = (document: DesiredLoadBalancer) => poolsIn(document).flatMap((pool) => pool?.members ?? []);
export const subnetsIn = (document: DesiredLoadBalancer) => membersIn(document).map(({ subnetId }) => subnetId);
