import type { Identity } from '../clouds/identity/interface.ts';
import { OctaviaError } from '../errors.ts';

/** Who asks. */
export interface Caller extends Identity {
  /** What the rule `context_is_admin` says of them; everybody without authentication. */
  readonly isAdmin: boolean;
}

/** May the caller work with an object of this project? @throws OctaviaError FORBIDDEN */
export function authorise(caller: Caller, projectId: string): void {
  if (!caller.isAdmin && caller.projectId !== projectId) throw new OctaviaError('FORBIDDEN');
}

/** What of a list the caller may see. @throws OctaviaError FORBIDDEN for a caller without a project */
export function visibleProjects({ isAdmin, projectId }: Caller): { projectId?: string } {
  if (isAdmin) return {};
  if (projectId === null) throw new OctaviaError('FORBIDDEN');
  return { projectId };
}
