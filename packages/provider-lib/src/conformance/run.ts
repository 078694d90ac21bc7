/** Runs all cases against one driver. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findDriver } from '../load-driver.ts';
import { KitAgent } from './agent.ts';
import { CHILDREN, REMOVALS } from './cases/children.ts';
import { ERRORS } from './cases/errors.ts';
import { type Case, Fixture, type Given } from './cases/fixture.ts';
import { LOAD_BALANCERS } from './cases/load-balancers.ts';
import { THE_END, TREES } from './cases/trees.ts';
import { Channel, type TlsFiles } from './channel.ts';
import { DriverProcess } from './driver-process.ts';
import { Kit, type Limits, Over, type Result, Skipped, Unsupported } from './kit.ts';
import { World } from './world.ts';

export interface ConformanceOptions extends Partial<Limits> {
  /** Name or folder of a package, file of a module, `unix:/path`, or `https://host:port`. */
  target: string;
  /** Which driver of the package. */
  name?: string | undefined;
  /** Of the driver agent that the kit is: for a driver that others start. Its own by default. */
  sockets?: string | undefined;
  /** Starts a driver that is reached by socket or URL. */
  command?: readonly string[] | undefined;
  tls?: TlsFiles | undefined;
  /** The driver leaves it to whoever calls it to end its changes, as the no-op driver does. */
  isSilent?: boolean | undefined;
  given?: Given | undefined;
  /** Cases, or methods of which all cases run; left out: all. What a case builds on has to be among them. */
  only?: readonly string[] | undefined;
}

const LIMITS: Limits = { deadlineMs: 10_000, settleMs: 30_000 };
/** For reports that come after everything else. */
const LAST_WORDS_MS = 200;
const CASES: readonly Case[] = [...LOAD_BALANCERS, ...CHILDREN, ...TREES, ...ERRORS, ...REMOVALS, ...THE_END];

const isAddress = (target: string): boolean => target.startsWith('unix:') || target.startsWith('https:');

/** The command of this package, beside this folder: as TypeScript in the workspace, as JavaScript where it is installed. */
const COMMAND =
  ['command.ts', 'command.js'].map((name) => join(import.meta.dirname, '..', name)).find(existsSync) ?? '';

/**
 * @param told hears of each result as it comes; reports that come later may still add to its faults
 * @throws Error in words for whoever named the driver, where it cannot be found
 */
export async function runConformance(
  options: ConformanceOptions,
  told: (result: Result) => void = () => undefined,
): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'octavia-conformance-'));
  const world = new World();
  const sockets = options.sockets ?? join(folder, 'agent');
  const agent = new KitAgent(sockets, world);
  const { channel, process } = reach(options, folder, sockets);
  const limits = { deadlineMs: options.deadlineMs ?? LIMITS.deadlineMs, settleMs: options.settleMs ?? LIMITS.settleMs };
  const kit = new Kit({ channel, agent, world, limits, process, isSilent: options.isSilent === true });
  try {
    await agent.start();
    process?.start();
    const { only } = options;
    const cases = CASES.filter(({ name }) => !only || only.some((one) => name === one || name.startsWith(`${one}:`)));
    return await runCases(kit, cases, new Fixture(kit, options.given ?? {}), told);
  } finally {
    await process?.stop(true);
    await agent.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function reach(options: ConformanceOptions, folder: string, sockets: string) {
  const { target, name, command, tls = {} } = options;
  if (isAddress(target)) {
    const own = target.startsWith('unix:') ? target.slice('unix:'.length) : null;
    return { channel: new Channel(target, tls), process: command ? new DriverProcess(command, own) : null };
  }
  const driver = findDriver(target, name);
  const socket = join(folder, 'driver.sock');
  // A process of its own: whatever the driver does to it, the kit is there to tell.
  const serve = [
    COMMAND,
    'serve',
    driver.module,
    '--name',
    driver.name,
    '--socket',
    socket,
    '--sockets',
    sockets,
    '--child',
  ];
  const words = [globalThis.process.execPath, ...globalThis.process.execArgv, ...serve];
  return { channel: new Channel(`unix:${socket}`), process: new DriverProcess(words, socket) };
}

const GREETING: Case = { name: 'the driver is made, and says who it is', run: (kit) => kit.greet() };

async function runCases(
  kit: Kit,
  cases: readonly Case[],
  fixture: Fixture,
  told: (result: Result) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const one of [GREETING, ...cases]) {
    const result: Result = { name: one.name, outcome: 'passed', faults: [], notes: [], milliseconds: 0 };
    results.push(result);
    await runCase(kit, fixture, one, result);
    told(result);
    // Who cannot be made cannot be asked.
    if (one === GREETING && result.faults.length > 0) break;
  }
  await pause(LAST_WORDS_MS);
  for (const result of results) if (result.faults.length > 0) result.outcome = 'failed';
  return results;
}

async function runCase(kit: Kit, fixture: Fixture, { run }: Case, result: Result): Promise<void> {
  const since = performance.now();
  kit.begin(result);
  try {
    await run(kit, fixture);
  } catch (error) {
    if (error instanceof Unsupported) result.outcome = 'unsupported';
    else if (error instanceof Skipped) result.outcome = 'skipped';
    else if (!(error instanceof Over)) throw error;
    if (!(error instanceof Over)) result.notes.push(error.message);
  }
  if (result.faults.length > 0) result.outcome = 'failed';
  result.milliseconds = Math.round(performance.now() - since);
}
