/** Answers of a server and what the openstack client prints of them, as `npm run test:cli -- --record` wrote them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from './played.ts';

export const PAIRS_FOLDER = join(import.meta.dirname, 'testdata/pairs');

interface Shown {
  /** Exit code; 0 where it is not there. */
  code?: number;
  /** Lines of standard output. */
  out: string[];
  err?: string;
}

export interface RecordedPair {
  line: string;
  /** `METHOD path?query` → answer. */
  answers: Record<string, Answer>;
  /** Options of the output → what is shown. */
  shown: Record<string, Shown>;
}

export const recordedPairs = (): RecordedPair[] =>
  readdirSync(PAIRS_FOLDER)
    .sort()
    .flatMap((file) => JSON.parse(readFileSync(join(PAIRS_FOLDER, file), 'utf8')) as RecordedPair[]);
