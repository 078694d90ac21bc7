/** `npm run bench:dataplane`: what tenants' traffic sees of changes, and what HAProxy costs here. `--json` for machines. */
import { randomBytes } from 'node:crypto';
import { Cleanup } from '../demo/cleanup.ts';
import { type Figure, figureLine, reached } from './controller-figure.ts';
import { type DataplaneMeasured, measureDataplane } from './dataplane-inside.ts';
import { answerInside, isInside, measureOwnCloud } from './own-cloud.ts';

const json = process.argv.includes('--json');
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const cleanup = new Cleanup();

const figure = (name: string, value: number, unit: string, bar: number | null, wanted: Figure['wanted']): Figure => ({
  figure: name,
  value: Number(value.toFixed(3)),
  unit,
  reference: null,
  bar,
  wanted,
});

const figuresOf = (measured: DataplaneMeasured): Figure[] => [
  figure('failed requests during 600 member changes', measured.failedRequests, '', 0, 'at most'),
  figure('requests during these changes', measured.requestsDuringChanges, '', null, 'at least'),
  figure('member changes a second', measured.changes / measured.changeSeconds, '/s', null, 'at least'),
  figure('reloads of HAProxy for these changes', measured.reloads, '', null, 'at most'),
  figure('member change to in effect, p95 of 20', measured.memberSeconds, 's', 0.3, 'at most'),
  figure('1,000 members in one call, accepted to in effect', measured.batchSeconds, 's', 3, 'at most'),
  figure(
    'sessions moved by 20 reloads and 3 planned failovers, 200 clients',
    measured.sessions.moved,
    '',
    0,
    'at most',
  ),
  figure('requests during these, SINGLE and ACTIVE_STANDBY', measured.sessions.requests, '', null, 'at least'),
  figure('throughput against a HAProxy started by hand', 100 * measured.throughput.rateShare, '%', 95, 'at least'),
  figure(
    'processor time of a request against that one',
    100 * measured.throughput.processorShare,
    '%',
    null,
    'at most',
  ),
  figure(
    `agent memory (PSS), mean of ${measured.memory.agents} on the host`,
    measured.memory.mean,
    'MB',
    15,
    'at most',
  ),
  figure('of the agent that handled all this, beside the others', measured.memory.loaded, 'MB', null, 'at most'),
  figure('of the same, were no other Node on the host (RSS)', measured.memory.alone, 'MB', null, 'at most'),
  figure(
    'member change on 200 listeners with 2,000 members, p95 of 15',
    measured.large.memberSeconds,
    's',
    1,
    'at most',
  ),
  figure('listener change on these, p95 of 15', measured.large.listenerSeconds, 's', 3, 'at most'),
];

async function cleanUp(): Promise<void> {
  for (const failure of await cleanup.run()) say(`Not cleaned up: ${failure}`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void cleanUp().then(() => process.exit(130)));
}
try {
  if (isInside()) {
    await answerInside((controlPlane, stateDir) => measureDataplane(controlPlane, stateDir, cleanup, say));
  } else {
    if (process.getuid?.() !== 0) throw new Error('The figures are of real load balancers: run as root.');
    const netns = `octavia-bench-${randomBytes(3).toString('hex')}`;
    const figures = figuresOf(await measureOwnCloud<DataplaneMeasured>(import.meta.filename, netns, cleanup));
    const judged = figures.map((one) => ({ ...one, ok: reached(one) }));
    if (json) process.stdout.write(`${JSON.stringify(judged, null, 2)}\n`);
    else for (const one of figures) process.stdout.write(`${figureLine(one)}\n`);
    if (!figures.every(reached)) process.exitCode = 1;
  }
} catch (error) {
  say(`Bench failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
