/** `npm run bench:first`: the figures of the first release with their bars. `--json` for machines. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleanup } from '../demo/cleanup.ts';
import { findControlPlane, startControlPlane, stopControlPlane } from '../demo/control-plane.ts';
import { type Measured, measureCloud } from './figures.ts';
import { measureFreshClone } from './fresh-clone.ts';

interface Figure {
  figure: string;
  value: number;
  unit: 's' | 'MB';
  /** The largest value that is good enough. */
  bar: number;
  ok: boolean;
}

/** The part that needs the namespace runs in a process inside it and prints its result as one line. */
const INSIDE = 'OCTAVIA_BENCH_INSIDE';
const json = process.argv.includes('--json');
/** Progress is not part of the result. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const cleanup = new Cleanup();

const figure = (name: string, value: number, unit: Figure['unit'], bar: number): Figure => ({
  figure: name,
  value: Number(value.toFixed(2)),
  unit,
  bar,
  ok: value <= bar,
});

async function measure(): Promise<Figure[]> {
  if (process.getuid?.() !== 0) throw new Error('The figures are of real load balancers: run as root.');
  const id = randomBytes(3).toString('hex');
  const cloud = await measureOwnCloud(`octavia-bench-${id}`);
  const clone = await measureFreshClone(`octavia-bench-${id}-clone`, say);
  return [
    figure('fresh clone to first balanced request', clone, 's', 30),
    figure('load balancer created to listener answering, p95 of 20', cloud.createSeconds, 's', 2),
    figure('member added to receiving traffic, p95 of 20', cloud.memberSeconds, 's', 1),
    figure('agent memory (PSS), largest of 20', cloud.agentMegabytes, 'MB', 15),
    figure('control plane memory (RSS), idle', cloud.controlPlaneMegabytes, 'MB', 200),
  ];
}

async function measureOwnCloud(netns: string): Promise<Measured> {
  const stateDir = mkdtempSync(join(tmpdir(), 'octavia-bench-'));
  cleanup.add('state directory', () => rmSync(stateDir, { recursive: true, force: true }));
  await startControlPlane({ stateDir, netns });
  cleanup.add('control plane', () => stopControlPlane(stateDir, true));
  try {
    return await measureInside(netns, stateDir);
  } finally {
    await cleanUp();
  }
}

function measureInside(netns: string, stateDir: string): Promise<Measured> {
  const self = [process.execPath, ...process.execArgv, import.meta.filename, stateDir];
  const child = spawn('ip', ['netns', 'exec', netns, ...self], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, [INSIDE]: netns },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as Measured);
      else reject(new Error('The measurement inside the network namespace failed.'));
    });
  });
}

async function inside(stateDir: string): Promise<void> {
  const controlPlane = findControlPlane(stateDir);
  if (controlPlane === null) throw new Error(`No control plane runs on ${stateDir}.`);
  process.stdout.write(JSON.stringify(await measureCloud(controlPlane, stateDir, cleanup, say)));
}

async function cleanUp(): Promise<void> {
  for (const failure of await cleanup.run()) say(`Not cleaned up: ${failure}`);
}

function print(figures: Figure[]): void {
  if (json) return void process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  for (const { figure: name, value, unit, bar, ok } of figures) {
    const amount = `${value.toFixed(2)} ${unit}`.padStart(10);
    process.stdout.write(`${ok ? 'ok  ' : 'MISS'}  ${name.padEnd(56)} ${amount}   (bar: ${bar} ${unit})\n`);
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void cleanUp().then(() => process.exit(130)));
}
try {
  if (process.env[INSIDE] !== undefined) {
    await inside(process.argv[2] ?? '');
  } else {
    const figures = await measure();
    print(figures);
    if (figures.some(({ ok }) => !ok)) process.exitCode = 1;
  }
} catch (error) {
  say(`Bench failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
