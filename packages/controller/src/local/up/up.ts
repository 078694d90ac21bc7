/** `octavia up`: checks, then everything a working cloud needs, then all services in this process. */
import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hostSpeaksIpv6 } from '../../clouds/local-host/ipv6.ts';
import { type Config, loadConfig } from '../../config/index.ts';
import { deterministicUuid } from '../../domain/deterministic-uuid.ts';
import { isPresent } from '../../files/optional.ts';
import { atTerminal, firstSignal, HangUp, runInForeground, type Stoppable } from '../../processes/foreground.ts';
import { emptyState, removeEmptyFolder, removeState } from '../down/state.ts';
import { folderPaths } from '../postgres/folders.ts';
import { stopPostgres } from '../postgres/stop.ts';
import { supervisePostgres } from '../postgres/supervise.ts';
import { requireFreePort, requireLocalCloud, requireSameNamespace } from './checks.ts';
import { explainFullDisk, requireRoom } from './disk.ts';
import { continueInside, ensureNamespace, isInside, namespaceExists, removeMadeNamespace } from './namespace.ts';
import { prepare } from './prepare.ts';
import {
  alreadyRuns,
  claimStateDirectory,
  completeRecord,
  findControlPlane,
  type RecordedSubnets,
  releaseStateDirectory,
} from './record.ts';
import { type CloudKind, cloudDefaults, type Prepared, preparedDefaults } from './settings.ts';
import { dismissGuard, guardTheWayInside } from './start-guard.ts';
import { makeStateFolder, requireStateFolder } from './state-folder.ts';
import { UndoStack } from './undo.ts';
import { welcome } from './welcome.ts';

/* What the first start on a state directory does, counted on from what the program before this one did. */

/** Set by scripts/run.cjs. */
const STEPS_DONE = 'OCTAVIA_STEPS_DONE';
const STEPS = 2;

/** Whether the database is still to be made. */
export const isFirstRun = (stateDir: string): boolean => !isPresent(folderPaths(stateDir).data);

/** @returns what tells that the next step begins; it says nothing where this is no first run */
function countSteps(first: boolean, log: (line: string) => void, env = process.env): (name: string) => void {
  let done = Number(env[STEPS_DONE] ?? 0);
  const total = done + STEPS;
  return (name) => {
    done += 1;
    if (first || total > STEPS) log(`Step ${done} of ${total}: ${name} ...`);
  };
}

export interface UpOptions {
  /** Null: `[api_settings] bind_port`. */
  port: number | null;
  stateDir: string;
  configFiles: string[];
  cloud: CloudKind;
  netns: string | null;
}

/** What the program outside a namespace made before it went inside: it must be undone inside. */
const MADE = 'OCTAVIA_UP_MADE';
/** A stop that hangs is cut off; the next `up` mends what it left. */
const STOP_TIMEOUT_SECONDS = 15;

/** Returns when the control plane was told to stop and did. @throws OctaviaError; nothing half-made is left then */
export async function up(given: UpOptions): Promise<void> {
  const options = { ...given, stateDir: resolve(given.stateDir) };
  // A terminal that is closed ends what runs there; without one SIGHUP asks for a reload, as everywhere.
  const hangUp = atTerminal() ? null : new HangUp().listen();
  const signal = firstSignal(hangUp === null);
  dismissGuard();
  const undo = new UndoStack();
  try {
    const starting = start(options, undo);
    void signal.then((name) => undo.interrupt(name));
    const started = await Promise.race([starting, signal]);
    if (typeof started === 'string') {
      // The step under way ends first: nothing may still be made while it is taken back.
      const finished = await starting;
      await finished.stop();
      undo.check();
    } else {
      const stopTimeoutSeconds = () => STOP_TIMEOUT_SECONDS;
      await runInForeground(async () => started, { stopTimeoutSeconds, signal, hangUp });
    }
  } catch (caught) {
    const error = explainFullDisk(options.stateDir, caught);
    await undo.run();
    // A step that the same signal cut off failed because of it: that is what the user did, and reads.
    undo.check();
    throw error;
  }
}

async function start(options: UpOptions, undo: UndoStack): Promise<Stoppable> {
  const { cloud, netns } = options;
  const config = loadOptions(options, cloudDefaults(cloud, options.stateDir));
  const { bind_host: host, bind_port: port } = config.api_settings;
  const inside = netns !== null && isInside(netns);
  requireStateFolder(options.stateDir);
  if (!inside) {
    if (config.database.connection === null && isFirstRun(options.stateDir)) requireRoom(options.stateDir);
    if (cloud === 'local') await requireLocalCloud();
    const holder = findControlPlane(options.stateDir);
    if (holder) throw alreadyRuns(options.stateDir, holder);
    await requireSameNamespace(options.stateDir, netns);
    if (netns === null) await requireFreePort(host, port);
  }
  const stateDir = await claim(options, undo);
  if (netns !== null && !inside) await enterNamespace(netns, stateDir, undo);
  if (inside) await requireFreePort(host, port);

  const step = countSteps(isFirstRun(stateDir), log);
  step(cloud === 'local' ? 'database, certificates, agent and bridges' : 'database');
  const prepared = await prepare({ stateDir, cloud, netns, config, log, undo });
  const final = loadOptions(options, preparedDefaults(cloud, stateDir, prepared));
  const stopWatching =
    prepared.databaseUrl === null ? () => {} : supervisePostgres({ stateDir, log: (line) => log(line) });
  undo.push(stopWatching);
  step('services');
  const { runAllInOne } = await import('../../processes/all-in-one.ts');
  const services = await runAllInOne({ config: final, cloud });
  const { reportOnSignal } = await import('../../processes/report.ts');
  const stopReports = reportOnSignal('octavia', () => services.config);
  const record = { netns, endpoint: services.endpoint, host, port, subnets: subnetsOf(prepared) };
  completeRecord(stateDir, record);
  const open = final.api_settings.auth_strategy === 'noauth';
  process.stdout.write(`${welcome({ ...record, stateDir, open }, cloud === 'local')}\n`);
  return {
    reload: () => services.reload(() => loadOptions(options, preparedDefaults(cloud, stateDir, prepared))),
    async stop() {
      log('Stopping the control plane ...');
      stopReports();
      await services.stop();
      stopWatching();
      if (prepared.databaseUrl !== null) await stopPostgres(stateDir);
      releaseStateDirectory(stateDir);
      log(cloud === 'local' ? 'Stopped; load balancers keep serving.' : 'Stopped.');
    },
  };
}

function loadOptions(options: UpOptions, defaults: ReturnType<typeof cloudDefaults>): Config {
  const overrides = options.port === null ? {} : { api_settings: { bind_port: options.port } };
  return loadConfig({ files: options.configFiles, env: process.env, defaults, overrides });
}

/**
 * Makes the state directory and takes it. Undone by whoever fails, outside or inside a namespace; who does not get it leaves it
 * to the one that has it, however new it is.
 */
async function claim(options: UpOptions, undo: UndoStack): Promise<string> {
  const madeOutside = (process.env[MADE] ?? '').split(',');
  const { path: stateDir, made, empty } = makeStateFolder(options.stateDir);
  try {
    claimStateDirectory(stateDir, options.netns);
  } catch (error) {
    if (made) removeEmptyFolder(stateDir);
    throw error;
  }
  if (made || madeOutside.includes('state')) undo.push(() => removeState(stateDir));
  else if (empty || madeOutside.includes('content')) undo.push(() => emptyState(stateDir));
  undo.push(() => releaseStateDirectory(stateDir));
  if (madeOutside.includes('netns')) undo.push(() => removeMadeNamespace(stateDir));
  if (made || empty) process.env[MADE] = made ? 'state' : 'content';
  return stateDir;
}

async function enterNamespace(netns: string, stateDir: string, undo: UndoStack): Promise<never> {
  const madeNamespace = namespaceExists(netns) ? null : netns;
  guardTheWayInside({ stateDir, madeStateDir: process.env[MADE] === 'state', madeNamespace });
  undo.push(dismissGuard);
  if (await ensureNamespace(netns, stateDir)) {
    undo.push(() => removeMadeNamespace(stateDir));
    process.env[MADE] = `${process.env[MADE] ?? ''},netns`;
  }
  // A signal that arrived meanwhile may wait unread: the first turn ends this round of the event loop, the next one reads it.
  await nextTurn();
  await nextTurn();
  undo.check();
  return continueInside(netns);
}

function subnetsOf({ instance }: Prepared): RecordedSubnets {
  if (instance) {
    const { public: outer, private: inner } = instance.networks;
    const ipv6 = hostSpeaksIpv6();
    return {
      public: outer.subnet,
      private: inner.subnet,
      publicIpv6: ipv6 ? outer.ipv6Subnet : null,
      privateIpv6: ipv6 ? inner.ipv6Subnet : null,
    };
  }
  // The noop network service has the same subnets everywhere.
  return {
    public: { id: deterministicUuid('noop', 'public-subnet'), cidr: '10.254.0.0/16', gatewayIp: '10.254.0.1' },
    private: { id: deterministicUuid('noop', 'private-subnet'), cidr: '10.255.0.0/16', gatewayIp: '10.255.0.1' },
    publicIpv6: null,
    privateIpv6: null,
  };
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} INFO  up: ${line}\n`);
}
