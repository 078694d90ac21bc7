import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const INPUT = '.in.json';

/**
 * Golden pairs: `testdata/<case>.in.json` → `testdata/<case>.out.<ending>`. A new case is two files;
 * `OCTAVIA_UPDATE_GOLDEN=1` writes the second.
 * @param folder of the pairs
 * @param render what becomes of a parsed input; inputs say in `about` what they are there for
 */
export function describeGolden<T>(
  what: string,
  folder: URL,
  ending: 'cfg' | 'conf',
  render: (input: T & { about: string }) => string,
): void {
  const namesOf = (suffix: string): string[] =>
    readdirSync(folder)
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length));
  const names = namesOf(INPUT);

  describe(`${what} renders to its golden file`, () => {
    it.each(names)('%s', (name) => {
      const file = new URL(`${name}.out.${ending}`, folder);
      const text = render(JSON.parse(readFileSync(new URL(`${name}${INPUT}`, folder), 'utf8')));
      if (process.env.OCTAVIA_UPDATE_GOLDEN === '1') writeFileSync(file, text);
      expect(text).toBe(readFileSync(file, 'utf8'));
    });

    it('has an input for every output', () => {
      expect(namesOf(`.out.${ending}`)).toEqual(names);
    });
  });
}
