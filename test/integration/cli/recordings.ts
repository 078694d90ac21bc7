/** What Python says, written down for `npm test`, which has none. `npm run test:cli` holds the files equal to it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { LOADBALANCER_COMMANDS } from '../../../packages/cli/src/table/index.ts';
import { FORMAT_CASES } from '../../../packages/cli/test/format-cases.ts';
import { theirLines } from './lines.ts';
import type { Python } from './python.ts';
import type { Report } from './report.ts';

const FOLDER = join(import.meta.dirname, '../../../packages/cli/test/testdata');

/** Command → its usage. */
async function usages(python: Python): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { words } of LOADBALANCER_COMMANDS) {
    const { stdout } = await python.ask({ words: ['help', ...words.split(' ')] });
    found[words] = stdout.split('\n\n')[0] ?? '';
  }
  return found;
}

/** Case → options → what is shown; null when it cannot be. */
async function formats(python: Python): Promise<Record<string, Record<string, string | null>>> {
  const found: Record<string, Record<string, string | null>> = {};
  for (const { name, columns, data, isList, words: ways } of FORMAT_CASES) {
    const shown: Record<string, string | null> = {};
    for (const words of ways) {
      const { code, stdout } = await python.ask({ render: isList ? 'list' : 'one', columns, data, words });
      shown[words.join(' ')] = code === 0 ? stdout : null;
    }
    found[name] = shown;
  }
  return found;
}

const RECORDINGS: Record<string, (python: Python) => Promise<unknown>> = {
  'lines.json': theirLines,
  'usages.json': usages,
  'formats.json': formats,
};

/** @param record whether the files are written anew */
export async function compareRecordings(python: Python, report: Report, record: boolean): Promise<void> {
  report.section('recordings');
  for (const [name, make] of Object.entries(RECORDINGS)) {
    const path = join(FOLDER, name);
    const value = await make(python);
    if (record) writeFileSync(path, `${JSON.stringify(value, null, 1)}\n`);
    const same = isDeepStrictEqual(JSON.parse(readFileSync(path, 'utf8')), value);
    report.compared(name, same ? null : 'differs: npm run test:cli -- --record writes it anew');
  }
}
