/** The questions handlers ask before they answer or change anything. */
import type { FastifyRequest } from 'fastify';
import { OctaviaError } from '../../errors.ts';
import { queryOf } from '../urls.ts';
import type { API_RULES, ApiRule } from './rules.ts';

/**
 * May the caller do this with an object of this project?
 * @param projectId without it, the caller's own: for kinds that belong to no project
 * @throws OctaviaError FORBIDDEN
 */
export function authorise(
  { server, caller }: FastifyRequest,
  rule: ApiRule,
  projectId: string | null = caller.projectId,
): void {
  if (!server.policy.allows(caller, rule, projectId)) throw new OctaviaError('FORBIDDEN');
}

/** Kinds with a list of all projects. */
export type ListedKind = {
  [R in keyof typeof API_RULES]: R extends `${infer Kind}:get_all-global` ? Kind : never;
}[keyof typeof API_RULES];

/**
 * What of a list the caller may see: everything, or one project.
 * @throws OctaviaError FORBIDDEN for a caller without a project, and for the list of a project the caller may not read
 */
export function visibleProjects(request: FastifyRequest, kind: ListedKind): { projectId?: string } {
  const { server, caller } = request;
  const query = new URLSearchParams(queryOf(request.raw.url ?? ''));
  const asked = query.get('project_id') || query.get('tenant_id') || null;
  const everywhere = server.policy.allows(caller, `${kind}:get_all-global`, asked);
  const projectId = asked ?? (everywhere ? null : caller.projectId);
  if (projectId === null && !everywhere) throw new OctaviaError('FORBIDDEN');
  authorise(request, `${kind}:get_all`, projectId);
  return projectId === null ? {} : { projectId };
}
