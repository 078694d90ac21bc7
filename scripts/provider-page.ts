/**
 * What of docs/providers.md is written from elsewhere: code of the example, so that the tutorial is the program, and the feature matrix,
 * which is data in docs/provider-matrix/. Everything else of the page is written by hand.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseOsloIni } from '../packages/protocol/src/oslo-ini.ts';

const SUPPORT = ['complete', 'partial', 'missing'] as const;
export type Support = (typeof SUPPORT)[number];
const STATUSES = ['mandatory', 'optional'];

/** One file of docs/provider-matrix. */
export interface Matrix {
  drivers: { name: string; title: string; link: string }[];
  features: {
    title: string;
    status: string;
    /** By the name of the driver. */
    support: Record<string, { value: Support; notes?: string }>;
  }[];
}

const isSupport = (value: string): value is Support => (SUPPORT as readonly string[]).includes(value);

/**
 * Reads the format of OpenStack's feature classification: `[driver.NAME]` with title and link, and `[operation.FEATURE]` with a
 * line `driver.NAME` for every driver, and `driver-notes.NAME`.
 * @throws Error that names the place of what does not fit
 */
export function readMatrix(text: string, file: string): Matrix {
  const sections = new Map<string, Map<string, string>>();
  for (const { section, name, value, line } of parseOsloIni(text)) {
    const options = sections.get(section) ?? new Map<string, string>();
    if (options.has(name)) throw new Error(`${file}:${line}: ${name} of [${section}] stands there twice.`);
    sections.set(section, options.set(name, value));
  }
  const need = (section: string, options: Map<string, string>, name: string): string => {
    const value = options.get(name);
    if (value === undefined) throw new Error(`${file}: [${section}] has no ${name}.`);
    return value;
  };
  const matrix: Matrix = { drivers: [], features: [] };
  for (const [section, options] of sections) {
    const name = /^driver\.(.+)$/.exec(section)?.[1];
    if (name === undefined) continue;
    matrix.drivers.push({ name, title: need(section, options, 'title'), link: need(section, options, 'link') });
  }
  const names = new Set(matrix.drivers.map(({ name }) => name));
  for (const [section, options] of sections) {
    if (section.startsWith('driver.')) continue;
    if (!section.startsWith('operation.'))
      throw new Error(`${file}: [${section}] is neither a driver nor an operation.`);
    const support: Matrix['features'][number]['support'] = {};
    for (const name of names) {
      const value = need(section, options, `driver.${name}`);
      if (!isSupport(value)) {
        throw new Error(`${file}: driver.${name} of [${section}] is ${value}; it is one of ${SUPPORT.join(', ')}.`);
      }
      const notes = options.get(`driver-notes.${name}`);
      support[name] = { value, ...(notes === undefined ? {} : { notes }) };
    }
    for (const option of options.keys()) {
      const named = /^driver(?:-notes)?\.(.+)$/.exec(option)?.[1];
      const isKnown = named === undefined ? ['title', 'status'].includes(option) : names.has(named);
      if (!isKnown) throw new Error(`${file}: nobody knows ${option} of [${section}].`);
    }
    const status = need(section, options, 'status');
    if (!STATUSES.includes(status))
      throw new Error(`${file}: the status of [${section}] is ${status}; it is one of ${STATUSES.join(', ')}.`);
    matrix.features.push({ title: need(section, options, 'title'), status, support });
  }
  return matrix;
}

const WORDS: Readonly<Record<Support, string>> = { complete: 'yes', partial: 'partly', missing: '—' };
const cell = (text: string): string => text.replaceAll('|', '\\|');

function table({ drivers, features }: Matrix): string {
  const notes: string[] = [];
  const rows = features.map(({ title, status, support }) => {
    const cells = drivers.map(({ name, title: driver }) => {
      const found = support[name];
      if (found?.notes !== undefined) notes.push(`- ${title}, ${driver}: ${found.notes}`);
      return `${WORDS[found?.value ?? 'missing']}${found?.notes === undefined ? '' : ' *'}`;
    });
    return `| ${[cell(title) + (status === 'mandatory' ? ' (mandatory)' : ''), ...cells].join(' | ')} |`;
  });
  const heads = drivers.map(({ title, link }) => `[${title}](${link})`);
  const lines = [`| ${['feature', ...heads].join(' | ')} |`, `|---|${heads.map(() => '---|').join('')}`, ...rows];
  return [...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

const FILES: readonly [heading: string, file: string][] = [
  ['Load balancers', 'load-balancer.ini'],
  ['Listeners', 'listener.ini'],
  ['Pools', 'pool.ini'],
  ['Members', 'member.ini'],
  ['Health monitors', 'health-monitor.ini'],
  ['L7 policies', 'l7-policy.ini'],
  ['L7 rules', 'l7-rule.ini'],
];

const REGION = /^[ \t]*\/\/ #(region|endregion)[^\n]*\n/gm;

/** The lines between `// #region NAME` and the next `// #endregion`, or the whole file, without such marks and moved to the left. */
export function excerpt(source: string, region: string | undefined, where: string): string {
  let text = source;
  if (region !== undefined) {
    const [, found] =
      new RegExp(`^[ \\t]*// #region ${region}\\n([\\s\\S]*?)^[ \\t]*// #endregion`, 'm').exec(source) ?? [];
    if (found === undefined) throw new Error(`${where} has no region ${region}.`);
    text = found;
  }
  const lines = text.replaceAll(REGION, '').trimEnd().split('\n');
  const indent = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(indent)).join('\n');
}

const CODE = /(<!-- code: (\S+?)(?:#(\S+))? -->\n```\w+\n)[\s\S]*?(^```$)/gm;
const MATRIX = /(<!-- matrix -->\n)[\s\S]*?(<!-- end of the matrix -->)/;

/** @param root of the checkout @param page the page as it is */
export function providerPage(root: string, page: string): string {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const matrices = FILES.map(([heading, file]) => {
    const path = `docs/provider-matrix/${file}`;
    return `### ${heading}\n\n${table(readMatrix(read(path), path))}\n`;
  });
  return page
    .replaceAll(CODE, (_all, before: string, file: string, region: string | undefined, after: string) => {
      return `${before}${excerpt(read(file), region, file)}\n${after}`;
    })
    .replace(MATRIX, (_all, before: string, after: string) => `${before}\n${matrices.join('\n')}\n${after}`);
}
