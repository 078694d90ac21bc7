import { OctaviaError } from '../errors.ts';

/** Who asks. */
export interface Caller {
  projectId: string | null;
  isAdmin: boolean;
}

/** May the caller work with an object of this project? @throws OctaviaError FORBIDDEN */
export function authorise(caller: Caller, projectId: string): void {
  if (!caller.isAdmin && caller.projectId !== projectId) throw new OctaviaError('FORBIDDEN');
}
