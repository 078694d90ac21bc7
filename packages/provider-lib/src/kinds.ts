/** Which error of this package something is, also where another copy of the package made it. */
import type { Faults } from './errors.ts';

const NAMES = ['DriverError', 'NotImplementedError', 'UnsupportedOptionError', 'NotFound', 'Conflict'] as const;
export type FaultKind = (typeof NAMES)[number];

/** null: not what drivers raise on purpose */
export function faultKind(error: unknown): (Required<Faults> & { kind: FaultKind }) | null {
  if (!(error instanceof Error)) return null;
  const { user_fault_string: user, operator_fault_string: operator } = error as Partial<Faults>;
  const kind = NAMES.find((name) => name === error.name);
  if (!kind || typeof user !== 'string') return null;
  return { kind, user_fault_string: user, operator_fault_string: typeof operator === 'string' ? operator : user };
}
