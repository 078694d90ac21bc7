import { expect, test } from 'vitest';
import { LOADBALANCER_COMMANDS } from '../src/table/index.ts';
import { run } from './played.ts';
import { recordedPairs } from './recorded-pairs.ts';

const PAIRS = recordedPairs();
const LIST_FORMATS = ['csv', 'json', 'table', 'value', 'yaml'];
const RECORD_FORMATS = ['json', 'shell', 'table', 'value', 'yaml'];

const CASES = PAIRS.flatMap(({ line, answers, shown }) =>
  Object.entries(shown).map(([way, theirs]) => ({ all: `${line} ${way}`.trim(), answers, theirs })),
);

test.each(CASES)('$all prints what the openstack client prints', async ({ all, answers, theirs }) => {
  const { code, out, err } = await run(all, answers, { name: 'openstack' });
  expect({ code, out, err }).toEqual({ code: theirs.code ?? 0, out: theirs.out.join('\n'), err: theirs.err ?? '' });
});

const SHOWING = LOADBALANCER_COMMANDS.map(({ words }) => words).filter((words) =>
  /(?<!status) (list|show)$/.test(words),
);

test.each(SHOWING)('%s is recorded in every format', (words) => {
  const formats = words.endsWith('list') ? LIST_FORMATS : RECORD_FORMATS;
  const ways = PAIRS.filter(({ line }) => line === words || line.startsWith(`${words} `)).flatMap(({ shown }) =>
    Object.keys(shown),
  );
  expect(ways).toEqual(expect.arrayContaining(formats.map((format) => `-f ${format}`)));
});
