/** What the server answers and the openstack client prints of it, written down for `npm test`, which has neither. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HttpAnswer, Send } from '@octavia/client';
import { PAIRS_FOLDER, type RecordedPair, recordedPairs } from '../../../packages/cli/test/recorded-pairs.ts';
import type { PythonAnswer } from './python.ts';
import type { Report } from './report.ts';

const REQUEST_ID = /req-[0-9a-f-]{36}/g;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g;

/** The kind of a line names its file: `loadbalancer listener stats show x` → `listener`. */
function fileOf(line: string): string {
  const [, second = '', third = ''] = line.split(' ');
  const isVerb = /^(list|show|create|delete|set|unset|stats|status)$/.test(second) || third.startsWith('-');
  return `${isVerb ? 'loadbalancer' : second}.json`;
}

/** One answer a line, and printed tables as they look. */
function textOf(pairs: readonly RecordedPair[]): string {
  const texts = pairs.map(({ line, answers, shown }) => {
    const lines = Object.entries(answers).map(([key, answer]) => `  ${JSON.stringify(key)}: ${JSON.stringify(answer)}`);
    return `{"line": ${JSON.stringify(line)},\n "answers": {\n${lines.join(',\n')}\n },\n "shown": ${JSON.stringify(shown, null, 1)}}`;
  });
  return `[\n${texts.join(',\n')}\n]\n`;
}

export class PairRecorder {
  readonly #endpoint: string;
  readonly #pairs = new Map<string, RecordedPair>();
  /** Ids differ with every run: they are counted as they are seen, and stay as long as they were. */
  readonly #ids = new Map<string, string>();

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  #plain(text: string): string {
    return text
      .replaceAll(this.#endpoint, 'http://api')
      .replaceAll(REQUEST_ID, 'req-1')
      .replaceAll(TIME, '2026-01-02T03:04:05')
      .replaceAll(UUID, (id) => {
        const known = this.#ids.get(id) ?? `00000000-0000-4000-8000-${String(this.#ids.size + 1).padStart(12, '0')}`;
        this.#ids.set(id, known);
        return known;
      });
  }

  /** @returns what notes the answers to a line's requests */
  around(answers: Map<string, HttpAnswer>): (send: Send) => Send {
    return (send) => async (request) => {
      const answer = await send(request);
      const { pathname, search } = new URL(request.url);
      answers.set(`${request.method} ${pathname}${decodeURIComponent(search)}`, answer);
      return answer;
    };
  }

  /** @param line as it was typed, ids in it */
  add(line: string, way: readonly string[], answers: ReadonlyMap<string, HttpAnswer>, theirs: PythonAnswer): void {
    const name = this.#plain(line);
    const pair: RecordedPair = this.#pairs.get(name) ?? {
      line: name,
      answers: Object.fromEntries(
        [...answers].map(([key, { status, body }]) => [
          this.#plain(key),
          { ...(status === 200 ? {} : { status }), ...bodyOf(this.#plain(body)) },
        ]),
      ),
      shown: {},
    };
    const { code, stdout, stderr } = theirs;
    pair.shown[way.join(' ')] = {
      ...(code === 0 ? {} : { code }),
      out: this.#plain(stdout).split('\n'),
      ...(stderr === '' ? {} : { err: this.#plain(stderr) }),
    };
    this.#pairs.set(name, pair);
  }

  /** @param record whether the files are written anew */
  finish(report: Report, record: boolean): void {
    const files = Map.groupBy(this.#pairs.values(), ({ line }) => fileOf(line));
    if (record) {
      rmSync(PAIRS_FOLDER, { recursive: true, force: true });
      mkdirSync(PAIRS_FOLDER, { recursive: true });
      for (const [file, pairs] of files) writeFileSync(join(PAIRS_FOLDER, file), textOf(pairs));
    }
    for (const [file, pairs] of files) {
      const same = readdirSync(PAIRS_FOLDER).includes(file) && comparable(read(file)) === comparable(textOf(pairs));
      report.compared(`pairs/${file}`, same ? null : 'differs: npm run test:cli -- --record writes it anew');
    }
    report.equal('recorded lines', recordedPairs().length, this.#pairs.size);
  }
}

/** The no-op cloud draws addresses of amphorae, whose lengths decide how wide a table is. */
const comparable = (text: string): string =>
  text.replaceAll(/10\.253\.\d+\.\d+/g, '10.253.0.1').replaceAll(/ {2,}|-{3,}/g, ' ');

const read = (file: string): string => readFileSync(join(PAIRS_FOLDER, file), 'utf8');

function bodyOf(text: string): { body?: unknown; text?: string } {
  if (text === '') return {};
  try {
    return { body: JSON.parse(text) as unknown };
  } catch {
    return { text };
  }
}
