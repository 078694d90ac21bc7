/** Command lines by both parsers: the same meaning, the same exit code, the same sentence. */
import { EXCEPTIONS } from '../../../packages/cli/test/exceptions.ts';
import { LINES, wordsOf } from '../../../packages/cli/test/lines.ts';
import { comparable, type Meaning, meaningOf, messageOf } from '../../../packages/cli/test/understand.ts';
import type { Python } from './python.ts';
import type { Report } from './report.ts';

export interface Line extends Meaning {
  line: string;
}

const CONNECTION = ['--os-auth-type', 'none', '--os-endpoint', 'http://127.0.0.1:1'];

/** What the openstack client makes of each line. */
export async function theirLines(python: Python): Promise<Line[]> {
  const lines: Line[] = [];
  for (const line of LINES) {
    const { code, stdout, stderr, values } = await python.ask({
      words: [...CONNECTION, ...wordsOf(line)],
      parse: true,
    });
    const isParsed = values !== null && values !== undefined && code === 0 && !('cmd' in values);
    lines.push({
      line,
      code,
      message: isParsed ? '' : messageOf(stdout, stderr),
      values: isParsed ? comparable(values) : null,
    });
  }
  return lines;
}

export async function compareLines(lines: readonly Line[], report: Report): Promise<void> {
  report.section(`${lines.length} command lines`);
  for (const { line, ...theirs } of lines) {
    if (EXCEPTIONS[line] !== undefined) continue;
    report.equal(line, await meaningOf([...CONNECTION, ...wordsOf(line)]), theirs);
  }
}
