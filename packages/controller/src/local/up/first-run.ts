/** What the first start on a state directory does, counted on from what the program before this one did. */
import { isPresent } from '../../files/optional.ts';
import { folderPaths } from '../postgres/folders.ts';

/** Set by scripts/run.cjs. */
const STEPS_DONE = 'OCTAVIA_STEPS_DONE';
const STEPS = 2;

/** Whether the database is still to be made. */
export const isFirstRun = (stateDir: string): boolean => !isPresent(folderPaths(stateDir).data);

/** @returns what tells that the next step begins; it says nothing where this is no first run */
export function countSteps(first: boolean, log: (line: string) => void, env = process.env): (name: string) => void {
  let done = Number(env[STEPS_DONE] ?? 0);
  const total = done + STEPS;
  return (name) => {
    done += 1;
    if (first || total > STEPS) log(`Step ${done} of ${total}: ${name} ...`);
  };
}
