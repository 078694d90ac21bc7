import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { describeConfig, loadConfig, registeredOptions, sampleConfig } from '../../src/config/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'octavia-sample-'));
afterAll(() => rmSync(folder, { recursive: true }));

function loadText(text: string): ReturnType<typeof loadConfig> {
  const path = join(folder, 'octavia.conf');
  writeFileSync(path, text);
  return loadConfig({ files: [path] });
}

/** All lines of the sample that set something, without those whose default depends on the machine. */
const machineDependent = new Set(registeredOptions().flatMap(({ name, option }) => (option.sample ? [name] : [])));
const lines = sampleConfig().split('\n');
const settable = lines.flatMap((line, index) => {
  const name = /^#(\w+) =/.exec(line)?.[1];
  return name !== undefined && !machineDependent.has(name) ? [index] : [];
});
const uncomment = (chosen: ReadonlySet<number>): string =>
  lines.map((line, index) => (chosen.has(index) ? line.slice(1) : line)).join('\n');

it('sets nothing as shipped', () => {
  expect(describeConfig(loadText(sampleConfig()))).toEqual(describeConfig(loadConfig()));
});

it('shows every option', () => {
  expect(settable.length + machineDependent.size).toBeGreaterThanOrEqual(registeredOptions().length);
  for (const { name } of registeredOptions()) expect(lines.some((line) => line.startsWith(`#${name} =`))).toBe(true);
});

/** Multi-valued defaults have a line each, and only all of them together make the default. */
const multiLines = settable.filter((index) => lines[index]?.startsWith('#pre_settled ='));
const free = settable.filter((index) => !multiLines.includes(index));

it('sets every option to its default when any lines are uncommented', () => {
  const { warnings: _, files: _none, ...defaults } = loadConfig();
  fc.assert(
    fc.property(fc.subarray(free), (chosen) => {
      const { warnings, ...values } = loadText(uncomment(new Set([...chosen, ...multiLines])));
      expect(values).toMatchObject(defaults);
      expect(warnings.filter((text) => text.includes('unknown'))).toEqual([]);
    }),
    { numRuns: 15, examples: [[free]] },
  );
});
