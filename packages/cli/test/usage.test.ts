import { describe, expect, test } from 'vitest';
import { commandHelp, programHelp } from '../src/parser/help.ts';
import { usageOf } from '../src/parser/usage.ts';
import { COMMANDS, LOADBALANCER_COMMANDS } from '../src/table/index.ts';
import { allArguments } from '../src/table/output.ts';
import recorded from './testdata/usages.json' with { type: 'json' };

const usages: Record<string, string> = recorded;

/** The API refuses TERMINATED_HTTPS for pools. */
const withoutRefused = (text: string): string => text.replace('HTTPS,TERMINATED_HTTPS,PROXY', 'HTTPS,PROXY');

describe('usage', () => {
  test('there are 82 commands', () => {
    expect(LOADBALANCER_COMMANDS.length).toBe(82);
    expect(Object.keys(usages).sort()).toEqual(LOADBALANCER_COMMANDS.map(({ words }) => words).sort());
  });

  test.each(LOADBALANCER_COMMANDS.map((command) => [command.words, command] as const))(
    '%s is that of the openstack client',
    (words, command) => {
      const known = allArguments(command).filter(({ newer }) => newer !== true);
      const ours = usageOf(`openstack ${words}`, known, command.oneOf ?? [], 80);
      expect(ours).toBe(withoutRefused(usages[words] ?? ''));
    },
  );
});

describe('help', () => {
  test.each(COMMANDS.map((command) => [command.words, command] as const))(
    '%s names every argument',
    (words, command) => {
      const text = commandHelp(command, `octavia ${words}`, 80);
      expect(text).toContain(command.summary);
      for (const { flags, metavar, hidden, help } of command.arguments) {
        expect(help).toMatch(/^[A-Z].*(\.|\. \([A-Z_]+\))$/);
        if (hidden !== true) expect(text).toContain(flags[0] ?? metavar);
      }
      const [, ...page] = text.split(`\n\n${command.summary}\n`);
      expect(
        page
          .join()
          .split('\n')
          .filter((line) => line.length > 80 && !line.includes('{')),
      ).toEqual([]);
    },
  );

  test('the program’s page names every command', () => {
    const text = programHelp(COMMANDS, 'octavia', 80);
    expect(COMMANDS.filter(({ words }) => !text.includes(`\n  ${words} `))).toEqual([]);
  });
});
