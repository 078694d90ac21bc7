/** docs/feature-matrix.md as text: pure. */
import { HEADINGS, type Row } from './feature-matrix-rows.ts';

/** One test that shows rows, and how it ended. */
export interface Proof {
  title: string;
  /** What the title goes on from; may be empty. */
  group: string;
  /** From the root of the checkout. */
  file: string;
  /** `traffic`: in what clients and members notice. `api`: in answers of the API. `vm`: traffic, in a virtual machine. */
  kind: 'traffic' | 'api' | 'vm';
  /** Null: not run here. */
  passed: boolean | null;
}

const ID = /\bFM-[A-Z]{2}-\d\d\b/g;

export const idsIn = (text: string): string[] => text.match(ID) ?? [];
export const idsOf = ({ group, title }: Pick<Proof, 'group' | 'title'>): string[] => idsIn(`${group} ${title}`);

/** More tests of a row than these are only counted. */
const NAMED = 3;
const ORDER: readonly Proof['kind'][] = ['traffic', 'vm', 'api'];
const WORDS: Record<Proof['kind'], string> = { traffic: 'in traffic', vm: 'in a VM', api: 'in the API' };

/** Through the whole product before parts of it. */
const parts = ({ file }: Proof): number => (file.startsWith('test/e2e/') ? 0 : 1);
const byKind = (a: Proof, b: Proof): number =>
  ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) ||
  parts(a) - parts(b) ||
  compare(a.file, b.file) ||
  compare(a.title, b.title);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const escaped = (text: string): string => text.replaceAll(/[\\`*_|<>[\]]/g, '\\$&');

/** Without the ids: they are in the first column. */
const words = ({ group, title }: Proof): string => {
  const [context, own] = [group, title].map((text) =>
    text.replaceAll(/\b(?:FM-[A-Z]{2}|BC|LC|LG)-\d\d\b ?/g, '').trim(),
  );
  return escaped([context, own].filter((text) => text !== '').join(': '));
};

function shownBy(proofs: Proof[]): string {
  if (proofs.length === 0) return 'no test';
  const named = proofs
    .slice(0, NAMED)
    .map((proof) => `${words(proof)} ([${proof.file.split('/').at(-1)?.split('.')[0]}](../${proof.file}))`);
  const more = proofs.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join('<br>');
}

function result(proofs: Proof[]): string {
  if (proofs.length === 0) return '**not shown**';
  if (proofs.some(({ passed }) => passed === false)) return '**FAILED**';
  const kind = proofs[0]!.kind;
  return `${proofs.some(({ passed }) => passed) ? 'passed' : 'not run here'}, ${WORDS[kind]}`;
}

function line({ id, feature, mandatory, remark }: Row, proofs: Proof[]): string {
  const name = `${feature}${mandatory ? ' (mandatory)' : ''}${remark === undefined ? '' : ` — ${remark}`}`;
  return `| ${id} | ${name} | ${shownBy(proofs)} | ${result(proofs)} |`;
}

/** @throws Error when a title names a row that does not exist */
export function featureMatrix(proofs: readonly Proof[]): string {
  const known = new Set(HEADINGS.flatMap(({ rows }) => rows.map(({ id }) => id)));
  const unknown = proofs.flatMap(idsOf).filter((id) => !known.has(id));
  if (unknown.length > 0) throw new Error(`No rows of the feature matrix: ${unknown.join(', ')}`);
  const of = (id: string): Proof[] => proofs.filter((proof) => idsOf(proof).includes(id)).toSorted(byKind);
  const all = HEADINGS.flatMap(({ rows }) => rows.map(({ id }) => of(id)));
  const shown = all.filter((found) => found.length > 0).length;
  const sections = HEADINGS.flatMap(({ heading, rows }) => [
    `## ${heading}`,
    '',
    '| row | feature | shown by | result |',
    '|---|---|---|---|',
    ...rows.map((row) => line(row, of(row.id))),
    '',
  ]);
  return [
    '# Feature matrix of the amphora provider',
    '',
    `Written by \`scripts/feature-matrix.ts\` from the results of the tests; \`npm test\` fails when it differs from them. A row is shown`,
    `by the tests that carry its id in their titles. ${shown} of ${all.length} rows are shown. "In a VM" is \`npm run test:vm\`: UDP and SCTP need`,
    'IPVS in the kernel, which hosts of the other tests may lack.',
    '',
    ...sections,
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}
