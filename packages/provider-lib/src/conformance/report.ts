/** Results for people and for programs: pure. */
import { FAULTS } from './faults.ts';
import type { Outcome, Result } from './kit.ts';

const WORDS: Readonly<Record<Outcome, string>> = {
  passed: 'passed',
  unsupported: 'unsupported',
  skipped: 'skipped',
  failed: 'FAILED',
};
/** Of the longest name. */
const NAME_WIDTH = 56;
const OUTCOME_WIDTH = 12;

/** A line of the table, and one for each fault. */
export function lineOf({ name, outcome, notes, faults, milliseconds }: Result): string {
  const note = notes.length > 0 ? `  ${notes.join('; ')}` : '';
  const line = `${name.padEnd(NAME_WIDTH)} ${WORDS[outcome].padEnd(OUTCOME_WIDTH)}${String(milliseconds).padStart(6)} ms${note}`;
  return [line.trimEnd(), ...faults.map((fault) => `    ${fault.name}: ${fault.text}`)].join('\n');
}

/** What follows the table: how many, and what the faults mean. */
export function summaryOf(results: readonly Result[]): string {
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length;
  const names = [...new Set(results.flatMap(({ faults }) => faults.map(({ name }) => name)))].sort();
  const counts = (Object.keys(WORDS) as Outcome[]).map((outcome) => `${count(outcome)} ${outcome}`).join(', ');
  return [`${results.length} cases: ${counts}.`, ...names.map((name) => `${name}: ${FAULTS[name]}`)].join('\n');
}
