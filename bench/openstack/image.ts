/** The amphora image: its size, how fast it boots, the memory it needs. Without KVM, both machines on the same emulation. */
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { agentPaths } from '@octavia/protocol/agent-api';
import { buildImage } from '../../packages/image/src/build.ts';
import { type BuildPlan, DEFAULTS, planBuild } from '../../packages/image/src/build-plan.ts';
import { runner } from '../../packages/image/src/tools.ts';
import { freePort } from '../../test/kit/free-port.ts';
import { until } from '../../test/kit/until.ts';
import { agentAnswers, BOOT_PATIENCE_MS, makeIdentity } from '../../test/vm/amphora/amphora.ts';
import { type DriveContent, makeConfigDrive } from '../../test/vm/amphora/config-drive.ts';
import { Machine, type MachineOptions, overlay } from '../../test/vm/amphora/machine.ts';
import { installHostPackages } from '../../test/vm/packages.ts';
import type { Figure, FigureModule } from '../controller-figure.ts';
import { makeStockDebian } from './stock-debian.ts';

const CACHE = process.env.OCTAVIA_VM_CACHE ?? '/var/cache/octavia-vm';
const FOLDER = join(CACHE, 'bench-image');
const IMAGE = join(FOLDER, 'amphora.qcow2');
const STOCK = join(FOLDER, 'stock.raw');
const SIZE_BAR_MB = 220;
const RATIO_BAR = 0.6;
const MEMORY_BAR_MB = 130;
const MEMORY_MB = 1024;
/** One after the other, each by turns: what else the host does falls on both. */
const ROUNDS = 2;
/** Behind the answer of the agent, what was started with it comes to rest. */
const REST_MS = 60_000;

function planOf(folder: string): BuildPlan {
  const none = { release: null, branch: null, rootPassword: null, mirror: null, epoch: null };
  const off = { mandatoryAccess: false, noTmpfs: false, noSshd: false, fromPackages: false, trace: false, fips: false };
  const where = {
    cache: CACHE,
    workFolder: folder,
    output: join(folder, 'amphora'),
    logFile: join(folder, 'build.log'),
  };
  return planBuild({ ...DEFAULTS, ...none, ...off, packages: [], ...where });
}

interface Boots {
  amphora: number[];
  stock: number[];
  /** MB. */
  memory: number;
}

async function withMachine<T>(options: MachineOptions, work: (machine: Machine) => Promise<T>): Promise<T> {
  const machine = new Machine(options);
  try {
    await machine.start();
    return await work(machine);
  } finally {
    await machine.stop();
  }
}

/** The same first boot for both: a config drive with name, key, and files. */
async function measureBoots(folder: string, image: string, stock: string, say: (line: string) => void): Promise<Boots> {
  const identity = makeIdentity(folder);
  const metaData = { uuid: 'c0ffee00-0000-4000-8000-000000000002', name: 'bench', hostname: 'bench' };
  const content: DriveContent = { metaData, files: identity.files, userData: '#cloud-config\ntimezone: UTC\n' };
  const configDrive = { file: makeConfigDrive(folder, 'iso9660', content), kind: 'iso9660' } as const;
  const boots: Boots = { amphora: [], stock: [], memory: 0 };
  const disk = join(folder, 'disk.qcow2');
  const common = { disk, format: 'qcow2', configDrive, folder, memory: MEMORY_MB } as const;
  for (let round = 1; round <= ROUNDS; round += 1) {
    overlay(image, 'qcow2', disk);
    const agentPort = await freePort();
    await withMachine({ ...common, agentPort }, async (machine) => {
      const client = identity.connect(agentPort);
      boots.amphora.push(await agentAnswers(machine, client));
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      const details = (await client.send('GET', agentPaths.details())).json();
      const { total, available } = details.memory as { total: number; available: number };
      boots.memory = Math.max(boots.memory, (total - available) / 1000);
      client.close();
    });
    overlay(stock, 'raw', disk);
    await withMachine({ ...common, agentPort: null }, async (machine) => {
      await until('the login of Debian', () => / login: /.test(machine.serial), BOOT_PATIENCE_MS);
      boots.stock.push((performance.now() - machine.startedAt) / 1000);
    });
    say(`boot ${round}: amphora ${boots.amphora.at(-1)?.toFixed(1)} s, Debian ${boots.stock.at(-1)?.toFixed(1)} s`);
  }
  return boots;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Images need Debian's archive; what is measured has no network. */
async function prepare(say: (line: string) => void): Promise<void> {
  installHostPackages();
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const plan = planOf(FOLDER);
  await buildImage(plan, say);
  say('Making Debian with cloud-init, to compare with ...');
  renameSync(await makeStockDebian(runner(plan), plan, FOLDER), STOCK);
}

async function measure(say: (line: string) => void): Promise<Figure[]> {
  if (!existsSync(STOCK)) throw new Error('the images were not made');
  try {
    const boots = await measureBoots(FOLDER, IMAGE, STOCK, say);
    const common = { unit: 'MB', reference: null, wanted: 'at most' } as const;
    return [
      { ...common, figure: 'amphora image, qcow2 compressed', value: statSync(IMAGE).size / 1e6, bar: SIZE_BAR_MB },
      {
        ...common,
        figure: 'power-on to agent answers, against Debian to its login',
        value: mean(boots.amphora) / mean(boots.stock),
        unit: '',
        bar: RATIO_BAR,
      },
      { ...common, figure: 'power-on to agent answers, without KVM', value: mean(boots.amphora), unit: 's', bar: null },
      { ...common, figure: 'memory in the amphora at rest', value: boots.memory, bar: MEMORY_BAR_MB },
    ];
  } finally {
    rmSync(FOLDER, { recursive: true, force: true });
  }
}

export const image: FigureModule = { name: 'image', prepare, measure };
