/** Bodies of `/healthcheck`: text, JSON and HTML, each short or detailed. */
import type { CheckResult } from './plugins.ts';
import type { ProcessDetails } from './process-details.ts';

export type Format = 'text/plain' | 'application/json' | 'text/html';

const FORMATS: readonly Format[] = ['text/plain', 'text/html', 'application/json'];
const CHARSET = '; charset=UTF-8';

export const CONTENT_TYPES: Record<Format, string> = {
  'text/plain': `text/plain${CHARSET}`,
  'text/html': `text/html${CHARSET}`,
  'application/json': 'application/json',
};

/** The format with the highest quality of an Accept header; plain text when it asks for none of ours. */
export function chooseFormat(accept: string | undefined): Format {
  const ranges = (accept ?? '').split(',').map((entry) => {
    const [range = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    return { range, quality: quality === undefined ? 1 : Number(quality) || 0 };
  });
  const wanted = ranges.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
  for (const { range } of wanted) {
    const format = FORMATS.find((candidate) => range === candidate || range === `${candidate.split('/')[0]}/*`);
    if (format) return format;
  }
  return 'text/plain';
}

export function renderResults(format: Format, results: readonly CheckResult[], details: ProcessDetails | null): string {
  switch (format) {
    case 'text/plain':
      return results.map(({ reason }) => reason).join('\n');
    case 'application/json':
      return JSON.stringify(details ? detailedObject(results, details) : shortObject(results), null, 4);
    case 'text/html':
      return details ? detailedPage(results, details) : shortPage(results);
  }
}

/** Keys in alphabetical order, as readers of OpenStack Octavia's answers see them. */
const shortObject = (results: readonly CheckResult[]) => ({
  detailed: false,
  reasons: results.map(({ reason }) => reason),
});

const detailedObject = (results: readonly CheckResult[], details: ProcessDetails) => ({
  detailed: true,
  gc: details.gc,
  greenthreads: details.greenthreads,
  now: details.now,
  platform: details.platform,
  python_version: details.runtime,
  reasons: results.map(({ kind, details: text, reason }) => ({ class: kind, details: text, reason })),
  threads: details.threads,
});

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

const row = (cell: 'TD' | 'TH', texts: readonly string[]): string =>
  `<TR>\n${texts.map((text) => `<${cell}>${escaped(text)}</${cell}>`).join('\n')}\n</TR>`;

const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<TABLE border="1">\n${[row('TH', columns), ...rows.map((cells) => row('TD', cells))].join('\n')}\n</TABLE>`;

const page = (body: readonly string[]): string =>
  `<HTML>\n<HEAD><TITLE>Healthcheck Status</TITLE></HEAD>\n<BODY>\n${body.join('\n')}\n<HR></HR>\n</BODY>\n</HTML>\n`;

const heading = (results: readonly CheckResult[]): string => `<H2>Result of ${results.length} checks:</H2>`;

function shortPage(results: readonly CheckResult[]): string {
  const rows = results.map(({ reason }) => [reason]);
  return page([heading(results), table(['Reason'], rows)]);
}

const listing = (title: string, entries: readonly string[]): string[] => [
  `<H2>${entries.length} ${title}:</H2>`,
  ...(entries.length > 0
    ? [
        table(
          ['Name'],
          entries.map((entry) => [entry]),
        ),
      ]
    : []),
];

function detailedPage(results: readonly CheckResult[], details: ProcessDetails): string {
  const rows = results.map(({ kind, reason, details: text }) => [kind, reason, text]);
  return page([
    '<H1>Server status</H1>',
    ...[
      ['Server hostname', details.hostname],
      ['Current time', details.now],
      ['Version', details.runtime],
      ['Platform', details.platform],
    ].map(([name = '', value = '']) => `<B>${name}:</B> <PRE>${escaped(value)}</PRE>`),
    '<HR></HR>',
    '<H2>Garbage collector:</H2>',
    `<B>Counts:</B> <PRE>${details.gc.counts.join(', ')}</PRE>`,
    `<B>Thresholds:</B> <PRE>${details.gc.threshold.join(', ')}</PRE>`,
    '<HR></HR>',
    heading(results),
    table(['Kind', 'Reason', 'Details'], rows),
    '<HR></HR>',
    ...listing('greenthread(s) active', details.greenthreads),
    '<HR></HR>',
    ...listing('thread(s) active', details.threads),
  ]);
}
