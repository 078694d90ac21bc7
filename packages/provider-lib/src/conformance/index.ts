/** Whether a driver keeps the contract of the interface. */
export { FAULTS, type Fault, type FaultName } from './faults.ts';
export type { Outcome, Result } from './kit.ts';
export { lineOf, summaryOf } from './report.ts';
export { type ConformanceOptions, runConformance } from './run.ts';
