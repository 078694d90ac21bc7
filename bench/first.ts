/** `npm run bench:first`: the figures of the first release with their bars. `--json` for machines. */
import { randomBytes } from 'node:crypto';
import { Cleanup } from '../demo/cleanup.ts';
import { type Measured, measureCloud } from './figures.ts';
import { measureFreshClone } from './fresh-clone.ts';
import { answerInside, isInside, measureOwnCloud } from './own-cloud.ts';

interface Figure {
  figure: string;
  value: number;
  unit: 's' | 'MB';
  /** The largest value that is good enough. */
  bar: number;
  ok: boolean;
}

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
  const cloud = await measureOwnCloud<Measured>(import.meta.filename, `octavia-bench-${id}`, cleanup).finally(cleanUp);
  const clone = await measureFreshClone(`octavia-bench-${id}-clone`, say);
  return [
    figure('fresh clone to first balanced request', clone, 's', 30),
    figure('load balancer created to listener answering, p95 of 20', cloud.createSeconds, 's', 2),
    figure('member added to receiving traffic, p95 of 20', cloud.memberSeconds, 's', 1),
    figure('agent memory (PSS), largest of 20', cloud.agentMegabytes, 'MB', 15),
    figure('control plane memory (RSS), idle', cloud.controlPlaneMegabytes, 'MB', 200),
  ];
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
  if (isInside()) {
    await answerInside((controlPlane, stateDir) => measureCloud(controlPlane, stateDir, cleanup, say));
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
