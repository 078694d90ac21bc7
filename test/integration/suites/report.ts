/** What a run of a suite says: every test that failed while it runs, the figures at its end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from './python-tests.ts';

export interface Figure {
  figure: string;
  value: number;
  unit: string;
  bar: number;
  ok: boolean;
}

export const atMost = (figure: string, value: number, unit: string, bar: number): Figure => ({
  ...{ figure, value, unit, bar },
  ok: value <= bar,
});
export const atLeast = (figure: string, value: number, unit: string, bar: number): Figure => ({
  ...{ figure, value, unit, bar },
  ok: value >= bar,
});

/** Lines of a traceback that say enough. */
const REASON_LINES = 12;

/** Beside the figures, which alone are for machines. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function tellFailure({ id, outcome, reason }: Outcome): void {
  if (outcome !== 'fail') return;
  say(`FAIL ${id}`);
  for (const line of reason.trimEnd().split('\n').slice(-REASON_LINES)) say(`     ${line}`);
}

export function sayCounts(what: string, outcomes: readonly Outcome[], seconds: number): void {
  const count = (wanted: Outcome['outcome']): number => outcomes.filter(({ outcome }) => outcome === wanted).length;
  say(`${what}: ${count('pass')} passed, ${count('fail')} failed, ${count('skip')} skipped in ${seconds.toFixed(0)} s`);
}

/** @returns the exit code */
export function conclude(figures: readonly Figure[], json: boolean): number {
  if (json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  else {
    for (const { figure, value, unit, bar, ok } of figures) {
      process.stdout.write(`${ok ? 'ok  ' : 'MISS'}  ${figure.padEnd(64)} ${value} ${unit}   (bar: ${bar} ${unit})\n`);
    }
  }
  return figures.every(({ ok }) => ok) ? 0 : 1;
}

/** The ends of what the servers said. */
export function sayLogs(folder: string, names: readonly string[]): void {
  for (const name of names) {
    try {
      say(`${name}: …${readFileSync(join(folder, `${name}.log`), 'utf8').slice(-2000)}`);
    } catch {
      // It had not started.
    }
  }
}
