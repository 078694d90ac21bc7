/**
 * `npm run test:mutations`: whether tests fail when the code is wrong. A seeded sample of lines of validators, planners and status
 * rules is changed one at a time in a copy of the tree, and the tests near each line are run: the unit tests that reach the file,
 * then the room's tests of the API and of the data plane until one fails. Prints what killed each mutation, and those that
 * survived. `-- --seed=2 --count=10 --room=status --only=runtime-plan.ts:60` chooses others.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutation, mutationsOf } from './mutation-sites.ts';

const ROOT = join(import.meta.dirname, '..');
const CONTROLLER = 'packages/controller';
const AMPHORA = 'packages/amphora';
/** Of one group of tests; whoever makes a loop of a mutation ends there, and it counts as killed. */
const LIMIT_MS = 15 * 60_000;

const UNIT_TEST = /(?<!\.(api|dataplane|vm))\.test\.ts$/;
const NEAREST = 12;

interface Room {
  /** Of the whole sample. */
  share: number;
  sources: RegExp;
  /** Tests that start servers, the likeliest first; each is run only while the mutation lives. */
  system: readonly string[];
}

const ROOMS: Readonly<Record<string, Room>> = {
  validators: {
    share: 0.4,
    sources: /^packages\/controller\/src\/domain\/(validation\/|addresses|embedded-ipv4|ingress)/,
    system: ['api/messages', 'api/values', 'api/l7', 'api/tree', 'api/secrets', 'api/reserved-addresses'].map(
      (name) => `${CONTROLLER}/test/${name}.api.test.ts`,
    ),
  },
  planners: {
    share: 0.25,
    sources:
      /^packages\/amphora\/src\/(haproxy\/(runtime-plan|certificate-plan|certificate-slots)|network\/interface-plan|lvs\/(table|configuration))/,
    system: ['runtime-change', 'certificate-change', 'agent-networks', 'agent-reloads'].map(
      (name) => `${AMPHORA}/test/${name}.dataplane.test.ts`,
    ),
  },
  status: {
    share: 0.35,
    sources: /^packages\/controller\/src\/(status\/|domain\/(status-transitions|operating-status|statuses))/,
    system: [
      'status/outcome',
      'status/waiting',
      'status/measured',
      'store/outcome-order',
      'flows/retries',
      'api/states',
      'flows/end-states',
      'health/heartbeats',
    ].map((name) => `${CONTROLLER}/test/${name}.api.test.ts`),
  },
};

interface Sampled extends Mutation {
  room: string;
  file: string;
}

/** Numbers from 0 to 1 that only the seed decides (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const filesBelow = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => join(folder, name))
    .sort();

/** Every line that can be changed is as likely as another; of a line, every change. */
function sample(count: number, seed: number, rooms: readonly string[]): Sampled[] {
  const random = randomOf(seed);
  const pick = <T>(list: T[]): T => list.splice(Math.floor(random() * list.length), 1)[0] as T;
  const sources = [`${CONTROLLER}/src`, `${AMPHORA}/src`].flatMap(filesBelow);
  return rooms.flatMap((room) => {
    const { share, sources: pattern } = ROOMS[room] as Room;
    const lines = new Map<string, Sampled[]>();
    for (const file of sources.filter((name) => pattern.test(name))) {
      for (const mutation of mutationsOf(readFileSync(join(ROOT, file), 'utf8'), file)) {
        const line = `${file}:${mutation.line}`;
        lines.set(line, [...(lines.get(line) ?? []), { ...mutation, room, file }]);
      }
    }
    const all = [...lines.values()];
    const wanted = Math.min(all.length, Math.round(rooms.length === 1 ? count : count * share));
    return Array.from({ length: wanted }, () => pick(pick(all)));
  });
}

/** The packages of the copy, and beside them what is installed. */
function copyTree(): string {
  const copy = mkdtempSync(join(existsSync('/var/tmp') ? '/var/tmp' : tmpdir(), 'om-'));
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  for (const file of stdout.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file));
  }
  mkdirSync(join(copy, 'node_modules/@octavia'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (name !== '@octavia' && name !== '.cache' && name !== '.vite')
      symlinkSync(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name));
  for (const name of readdirSync(join(ROOT, 'packages'))) {
    symlinkSync(join('../../packages', name), join(copy, 'node_modules/@octavia', name));
    const own = join(ROOT, 'packages', name, 'node_modules');
    if (existsSync(own)) symlinkSync(own, join(copy, 'packages', name, 'node_modules'));
  }
  return copy;
}

/** Unit tests that import the file, over however many others; those with the shortest way, the shortest first. */
function nearestUnitTests(file: string): string[] {
  const found: string[] = [];
  const reached = new Set([file]);
  for (let ring = [file]; ring.length > 0 && found.length < NEAREST; ) {
    ring = ring.flatMap((one) => importers().get(one) ?? []).filter((one) => !reached.has(one) && reached.add(one));
    found.push(...ring.filter((one) => UNIT_TEST.test(one)).sort());
  }
  return found.slice(0, NEAREST);
}

let known: Map<string, string[]> | undefined;
function importers(): Map<string, string[]> {
  if (known !== undefined) return known;
  known = new Map();
  for (const file of [...filesBelow('packages'), ...filesBelow('test')]) {
    const source = readFileSync(join(ROOT, file), 'utf8');
    for (const [, path = ''] of source.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+\.ts)'/g)) {
      const imported = join(dirname(file), path);
      known.set(imported, [...(known.get(imported) ?? []), file]);
    }
  }
  return known;
}

interface Report {
  testResults: { name: string; message: string; assertionResults: { status: string; fullName: string }[] }[];
}

/** @returns the test that failed; null when all passed */
function failingTest(copy: string, tests: readonly string[]): string | null {
  const file = join(copy, 'report.json');
  rmSync(file, { force: true });
  const options = ['--bail=1', '--reporter=json', `--outputFile=${file}`];
  const { status, error } = spawnSync(process.execPath, [join(copy, 'scripts/test.ts'), ...options, ...tests], {
    cwd: copy,
    stdio: 'ignore',
    timeout: LIMIT_MS,
  });
  if (status === 0) return null;
  if (error !== undefined) return `time limit of ${LIMIT_MS / 60_000} minutes`;
  // Nothing was tested: that is the fault of the surroundings, not the merit of a test.
  if (!existsSync(file)) throw new Error(`The tests could not be run: ${tests.join(' ')}`);
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Report;
  for (const { name, message, assertionResults } of testResults) {
    const failed = assertionResults.find((one) => one.status === 'failed');
    if (failed !== undefined) return `${relative(copy, name)}: ${failed.fullName}`;
    if (message !== '') return `${relative(copy, name)}: ${message.split('\n')[0]}`;
  }
  return 'the run as a whole';
}

/** @returns what killed it; null when it survived */
function trial(copy: string, mutation: Sampled): string | null {
  const path = join(copy, mutation.file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, source.slice(0, mutation.start) + mutation.text + source.slice(mutation.end));
  try {
    const groups = [nearestUnitTests(mutation.file), ...(ROOMS[mutation.room] as Room).system.map((file) => [file])];
    for (const tests of groups.filter((group) => group.length > 0)) {
      const killer = failingTest(copy, tests);
      if (killer !== null) return killer;
    }
    return null;
  } finally {
    writeFileSync(path, source);
  }
}

function main(): number {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: '40' },
      room: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const rooms = Object.keys(ROOMS).filter((room) => values.room === undefined || room === values.room);
  const all = sample(Number(values.count), Number(values.seed), rooms);
  const chosen = all.filter(({ file, line }) => `${file}:${line}`.includes(values.only ?? ''));
  process.stdout.write(`Seed ${values.seed}: ${chosen.length} mutations.\n`);
  const copy = copyTree();
  let survivors = 0;
  try {
    for (const [index, mutation] of chosen.entries()) {
      const killer = trial(copy, mutation);
      if (killer === null) survivors += 1;
      const end = killer === null ? 'SURVIVED' : `killed by ${killer.slice(0, 140)}`;
      process.stdout.write(`${index + 1}  ${mutation.file}:${mutation.line}  ${mutation.what}  ${end}\n`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  process.stdout.write(`${chosen.length - survivors} of ${chosen.length} were killed, ${survivors} survived.\n`);
  return survivors === 0 ? 0 : 1;
}

process.exitCode = main();
