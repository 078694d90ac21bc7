import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { until } from '../../../test/kit/until.ts';
import { keyValues, type ReportOptions, report, reportWhenAsked, writeReport } from '../src/guru-meditation.ts';

const folder = mkdtempSync(join(tmpdir(), 'octavia-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

const toStandardError = { directory: null, watched: null, watchSeconds: 1 };
const options = (more: Partial<ReportOptions> = {}): ReportOptions & { written: string[] } => {
  const written: string[] = [];
  return {
    ...{ service: 'octavia-test', version: '1.2.3', settings: toStandardError, sections: [], written },
    write: (text) => void written.push(text),
    now: () => new Date('2026-03-04T05:06:07.890Z'),
    ...more,
  };
};

it('has the common sections in their order, and then those of the service', () => {
  const text = report(options({ sections: [{ title: 'Lanes', body: () => 'two of five' }] }));
  const titles = [...text.matchAll(/^={72}\n====(.{64})====\n={72}$/gm)].map(([, title]) => title?.trim());
  expect(titles).toEqual(['Guru Meditation', 'Package', 'Threads', 'Green Threads', 'Processes', 'Lanes']);
  expect(text).toContain('product = octavia-test\nvendor = Octavia in TypeScript\nversion = 1.2.3\n');
  expect(text).toMatch(/two of five\n$/);
});

it('shows where the process is, every thread, and the process itself', () => {
  const text = report(options());
  expect(text).toMatch(/^------ +Thread #\d+ \(.+\) +------\n.+guru-meditation.ts:\d+ in /m);
  expect(text).toContain('No Traceback!');
  expect(text).toMatch(
    new RegExp(`^Process ${process.pid} \\(under ${process.ppid}\\) \\[ run by: \\S+ \\(\\d+\\), state: \\w`, 'm'),
  );
});

it('has keys in their order', () => {
  expect(keyValues({ b: '2', a: '1' })).toBe('a = 1\nb = 2');
});

it('a section that fails says so, and nothing else happens', () => {
  const one = options({
    sections: [
      {
        title: 'Broken',
        body() {
          throw new Error('no lanes');
        },
      },
    ],
  });
  writeReport(one);
  expect(one.written[0]).toMatch(/^Error: no lanes/);
  expect(one.written.slice(1)).toEqual(['Unable to run Guru Meditation Report!\n']);
});

it('goes to a file in the folder, for the owner and the group', () => {
  const one = options({ settings: { ...toStandardError, directory: folder } });
  writeReport(one);
  const [file = ''] = readdirSync(folder);
  expect([file, one.written]).toEqual(['octavia-test_gurumeditation_20260304050607', []]);
  expect(readFileSync(join(folder, file), 'utf8')).toContain('Guru Meditation');
  expect(statSync(join(folder, file)).mode & 0o777 & 0o137).toBe(0);
});

it('says that a file cannot be written', () => {
  const one = options({ settings: { ...toStandardError, directory: join(folder, 'absent') } });
  writeReport(one);
  expect(one.written[0]).toMatch(/^Unable to write to .+_gurumeditation_20260304050607: ENOENT/);
});

it('is made when the file that is watched changes', async () => {
  const watched = join(folder, 'touched');
  writeFileSync(watched, '');
  const one = options({ settings: { ...toStandardError, watched, watchSeconds: 0.02 } });
  const stop = reportWhenAsked(one);
  // The first look only finds out how it is.
  await until('a report', () => {
    writeFileSync(watched, String(Math.random()));
    return one.written.length > 0;
  });
  stop();
  expect(one.written[0]).toContain('Guru Meditation');
  expect(process.listenerCount('SIGUSR2')).toBe(0);
});
