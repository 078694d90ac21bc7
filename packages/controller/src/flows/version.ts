import type { OperationKind } from '../domain/operations.ts';
import type { Flow } from './flow.ts';

/** Of the flows that this release accepts operations for. */
export const FLOW_VERSION = 1;

/** A flow of this release. */
export const flow = (kind: OperationKind, summary: string, steps: Flow['steps']): Flow => ({
  kind,
  version: FLOW_VERSION,
  summary,
  steps,
});
