/**
 * `npm run bench:cli`: the command line beside python-octaviaclient of Debian, asking the same server. `--json` for machines.
 * Programs take turns, and medians are compared: what else the machine does meets both alike. Wall times of one side alone mean
 * something on an idle machine only.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildCli } from '../packages/cli/build.ts';
import { SYSTEM_PATH } from '../test/integration/clients/openstack.ts';
import { installClients } from '../test/integration/clients/packages.ts';
import { benchServer } from './api-server.ts';
import { simple } from './api-shapes.ts';
import { measure, request } from './load.ts';
import { inOwnNetwork } from './own-network.ts';
import { percentile } from './statistics.ts';

interface Figure {
  figure: string;
  value: number;
  unit: 'ms' | '×' | 'MB' | 'KB';
  bar: number | null;
  /** Of `bar`. */
  wanted: '≤' | '≥';
  ok: boolean;
}

const RUNS = 9;
const CLIENTS = 8;
const LIST = '/v2/lbaas/loadbalancers';
const json = process.argv.includes('--json');
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const median = (values: readonly number[]): number => percentile(values, 0.5);

const figures: Figure[] = [];
function note(figure: string, value: number, unit: Figure['unit'], bar: number | null, wanted: '≤' | '≥' = '≤'): void {
  const ok = bar === null || (wanted === '≤' ? value <= bar : value >= bar);
  figures.push({ figure, value: Number(value.toPrecision(4)), unit, bar, wanted, ok });
  say(line(figures.at(-1) as Figure));
}

function line({ figure, value, unit, bar, wanted, ok }: Figure): string {
  const limit = bar === null ? '' : `   (bar: ${wanted} ${bar} ${unit})`;
  return `${ok ? 'ok  ' : 'MISS'}  ${figure.padEnd(62)} ${`${value} ${unit}`.padStart(10)}${limit}`;
}

/** Milliseconds of processor time, user and system, of a program that ends well. */
function cpu(command: readonly string[]): number {
  const text = execFileSync('bash', ['-c', '"$@" >/dev/null || exit 1; times', 'bash', ...command], {
    encoding: 'utf8',
  });
  const [, children = ''] = text.split('\n');
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1000,
    0,
  );
}

function wall(command: readonly string[], env: Record<string, string>): number {
  const [program = '', ...words] = command;
  const started = performance.now();
  const { status, stderr } = spawnSync(program, words, { env, encoding: 'utf8', maxBuffer: 1e8 });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  return performance.now() - started;
}

/** By turns. @returns a list of samples for each */
function inTurns(runs: number, ...measured: readonly (() => number)[]): number[][] {
  const samples: number[][] = measured.map(() => []);
  for (let run = 0; run < runs; run += 1) for (const [index, each] of measured.entries()) samples[index]?.push(each());
  return samples;
}

/** Bytes of the library as a program bundles it, without js-yaml, which only clouds.yaml needs. */
async function librarySize(...entries: string[]): Promise<number> {
  const root = join(import.meta.dirname, '../packages/client/src');
  const { outputFiles } = await build({
    entryPoints: entries.map((entry) => join(root, entry)),
    ...{ bundle: true, minify: true, splitting: true, write: false, format: 'esm', platform: 'node', target: 'node20' },
    ...{ outdir: 'out', external: ['js-yaml'] },
  });
  return outputFiles.reduce((sum, { contents }) => sum + contents.length, 0) / 1024;
}

async function inside(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'octavia-bench-cli-'));
  const server = await benchServer();
  try {
    const file = await buildCli(folder);
    const empty = join(folder, 'empty.cjs');
    writeFileSync(empty, '');
    const node = process.execPath;
    const ours = [node, file];

    const [bare = [], help = []] = inTurns(
      RUNS,
      () => cpu([node, empty]),
      () => cpu([...ours, 'loadbalancer', '--help']),
    );
    note('an empty Node program, processor time', median(bare), 'ms', null);
    note('loadbalancer --help, processor time', median(help), 'ms', null);
    note('loadbalancer --help against the empty program', median(help) / median(bare), '×', 1.6);

    await server.start();
    let created = 0;
    const fill = async (count: number): Promise<void> => {
      const next = (): Buffer | null => {
        if (created >= count) return null;
        created += 1;
        return request('POST', LIST, simple(created, false, 'noop_driver'));
      };
      const { errors } = await measure({ host: server.host, port: server.port, clients: CLIENTS, next });
      if (errors.length > 0) throw new Error(`refused: ${errors[0]}`);
    };
    const env = {
      ...{ PATH: SYSTEM_PATH, HOME: folder, LC_ALL: 'C.UTF-8', no_proxy: '127.0.0.1' },
      ...{ OS_AUTH_TYPE: 'none', OS_ENDPOINT: `http://${server.host}:${server.port}` },
    };
    await fill(100);
    const list = ['loadbalancer', 'list'];
    const [own = [], python = []] = inTurns(
      RUNS,
      () => wall([...ours, ...list], env),
      () => wall(['/usr/bin/openstack', ...list], env),
    );
    note('list of 100, wall', median(own), 'ms', 250);
    note('list of 100 of python-octaviaclient, wall', median(python), 'ms', null);
    note('list of 100, how much sooner than python-octaviaclient', median(python) / median(own), '×', 5, '≥');

    say('creating 10,000 load balancers ...');
    await fill(10_000);
    const atExit = join(folder, 'at-exit.cjs');
    writeFileSync(
      atExit,
      "process.on('exit', () => require('fs').writeSync(2, String(process.resourceUsage().maxRSS)));",
    );
    const { stdout, stderr, status } = spawnSync(node, ['--require', atExit, file, ...list, '-f', 'value'], {
      ...{ env, encoding: 'utf8', maxBuffer: 1e8 },
    });
    const lines = stdout.trim().split('\n').length;
    if (status !== 0 || lines !== 10_000) throw new Error(`${lines} load balancers are listed: ${stderr}`);
    note('list of 10,000, memory (largest RSS)', Number(stderr) / 1024, 'MB', 120);

    note('client library, minified', await librarySize('index.ts'), 'KB', 40);
    note(
      'client library with client/keystone, minified',
      await librarySize('index.ts', 'keystone/index.ts'),
      'KB',
      null,
    );
    note('the command line, one file', statSync(file).size / 1024, 'KB', null);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
  if (json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  else for (const figure of figures) process.stdout.write(`${line(figure)}\n`);
  if (figures.some(({ ok }) => !ok)) process.exitCode = 1;
}

installClients();
await inOwnNetwork(import.meta.filename, inside);
