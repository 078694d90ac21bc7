import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { API_RULES } from '../../src/api/policy/rules.ts';

const folder = join(import.meta.dirname, '../../src/api/v2');
const sources = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

/** Text of a route: from its registration to the next one. Those of changes cannot be declared without a rule. */
const routes = sources.flatMap(({ name, text }) =>
  text
    .split(/^(?=[ \t]*server\.(?:get|post|put|delete|patch)\()/m)
    .slice(1)
    .map((route) => ({ route, title: `${name}: ${route.trim().split('\n')[0]}` })),
);

/** Routes that say with which rule they change something: `changer` asks it. */
const DECLARED = /^\s*server\.\w+\([^,]+, \{ config \}/;

/** Handlers that answer the same to everybody. */
const ANSWERS_NOTHING = /^\s*server\.\w+\([^,]+, async \([^)]*\) => \{\s*throw /;

describe('routes', () => {
  it('are found', () => expect(routes.length).toBeGreaterThan(40));

  it.each(routes)('$title asks the policy', ({ route }) => {
    if (!ANSWERS_NOTHING.test(route) && !DECLARED.test(route))
      expect(route).toMatch(/\b(authorise|visibleProjects)\(request, (?:'|rules\.)/);
  });
});

describe('rules', () => {
  const text = sources.map((source) => source.text).join('\n');

  it.each(Object.keys(API_RULES))('%s is asked for', (rule) => {
    const [kind = '', action = ''] = rule.split(':');
    const listed = action.startsWith('get_all') && text.includes(`visibleProjects(request, '${kind}')`);
    if (!listed) expect(text).toContain(`'${rule}'`);
  });
});
